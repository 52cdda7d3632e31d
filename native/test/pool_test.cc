// The pool: every chunk exactly once, nested and concurrent callers, thread counts that change, fork, teardown.
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <thread>
#include <vector>

#include "parallel/limits.h"
#include "parallel/pool.h"
#include "parallel/seats.h"
#include "test/test.h"

namespace downhill::test {
namespace {

bool each_once(size_t chunks) {
  std::vector<std::atomic<int>> counts(chunks);
  auto body = [&](size_t chunk) { counts[chunk].fetch_add(1, std::memory_order_relaxed); };
  parallel_for(chunks, body);
  for (auto& count : counts) {
    if (count.load() != 1) return false;
  }
  return true;
}

TEST("each chunk runs exactly once, for any number of chunks and threads") {
  for (size_t threads : {1, 2, 3, 8}) {
    set_pool_threads(threads);
    CHECK(pool_threads() == threads);
    for (size_t chunks : {0, 1, 2, 3, 7, 64, 1000}) CHECK(each_once(chunks));
  }
}

TEST("chunks with a home run exactly once, also inside a chunk and beyond the most seats") {
  for (size_t threads : {1, 2, 3, 40}) {
    set_pool_threads(threads);
    for (size_t chunks : {0, 1, 2, 3, 41, 1000}) {
      std::vector<std::atomic<int>> counts(chunks);
      auto body = [&](size_t chunk) { counts[chunk].fetch_add(1, std::memory_order_relaxed); };
      parallel_for_seats(chunks, body);
      for (auto& count : counts) CHECK(count.load() == 1);
    }
    std::atomic<size_t> total{0};
    auto outer = [&](size_t) {
      auto inner = [&](size_t) { total.fetch_add(1); };
      parallel_for_seats(10, inner);
    };
    parallel_for(8, outer);
    CHECK(total.load() == 80);
  }
}

TEST("the thread that submits work has seat 0, workers have others") {
  set_pool_threads(4);
  CHECK(pool_seat() == 0);
  const std::thread::id caller = std::this_thread::get_id();
  std::atomic<bool> right{true};
  auto body = [&](size_t) {
    const size_t seat = pool_seat();
    if ((seat == 0) != (std::this_thread::get_id() == caller) || seat > 3) right = false;
  };
  for (int round = 0; round < 200; ++round) parallel_for(64, body);
  CHECK(right.load());
}

TEST("what chunks wrote is visible to the caller, over many short jobs") {
  set_pool_threads(4);
  std::vector<size_t> plain(16);
  for (size_t round = 1; round <= 20'000; ++round) {
    auto body = [&](size_t chunk) { plain[chunk] = round + chunk; };
    parallel_for(plain.size(), body);
    for (size_t i = 0; i < plain.size(); ++i) {
      if (plain[i] != round + i) CHECK(!"a chunk's write was missed");
    }
  }
}

TEST("workers that sleep wake for the next job") {
  set_pool_threads(3);
  for (int round = 0; round < 20; ++round) {
    usleep(2000);
    CHECK(each_once(50));
  }
}

TEST("a chunk may itself run chunks") {
  set_pool_threads(4);
  std::atomic<size_t> total{0};
  auto outer = [&](size_t) {
    auto inner = [&](size_t) { total.fetch_add(1); };
    parallel_for(10, inner);
  };
  parallel_for(20, outer);
  CHECK(total.load() == 200);
}

TEST("callers on several threads at once each get their work done") {
  set_pool_threads(3);
  std::atomic<int> wrong{0};
  std::vector<std::thread> callers;
  for (int t = 0; t < 6; ++t) {
    callers.emplace_back([&] {
      for (int round = 0; round < 500; ++round) wrong += !each_once(9);
    });
  }
  for (std::thread& caller : callers) caller.join();
  CHECK(wrong.load() == 0);
}

TEST("the number of threads may change while others compute") {
  std::atomic<bool> done{false};
  std::atomic<int> wrong{0};
  std::thread caller([&] {
    while (!done.load()) wrong += !each_once(17);
  });
  for (int round = 0; round < 200; ++round) set_pool_threads(static_cast<size_t>(round % 5) + 1);
  done = true;
  caller.join();
  CHECK(wrong.load() == 0);
}

TEST("environments come and go, and the pool starts again after the last one left") {
  set_pool_threads(3);
  for (int round = 0; round < 50; ++round) {
    pool_acquire();
    pool_acquire();
    CHECK(each_once(20));
    pool_release();
    CHECK(each_once(20));
    pool_release();
  }
}

TEST("a forked child computes, though it has none of the parent's workers") {
#if defined(__SANITIZE_THREAD__)
  SKIP("ThreadSanitizer does not follow fork in a program with threads");
#else
  if (emulated()) SKIP("qemu-user cannot start threads in a forked child");
  set_pool_threads(3);
  CHECK(each_once(100));
  const pid_t child = fork();
  if (child == 0) {
    alarm(20);
    _exit(each_once(100) && each_once(3) && pool_threads() == 3 ? 0 : 1);
  }
  int status = -1;
  waitpid(child, &status, 0);
  CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  CHECK(each_once(100));
#endif
}

TEST("DOWNHILL_THREADS decides where it is a positive integer") {
  setenv("DOWNHILL_THREADS", "7", 1);
  CHECK(default_threads() == 7);
  setenv("DOWNHILL_THREADS", "seven", 1);
  const size_t fallback = default_threads();
  unsetenv("DOWNHILL_THREADS");
  CHECK(fallback == default_threads());
  CHECK(fallback >= 1);
}

}  // namespace
}  // namespace downhill::test

TEST_MAIN()
