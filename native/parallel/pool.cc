#include "parallel/pool.h"

#include <atomic>
#include <condition_variable>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <system_error>
#include <thread>
#include <vector>

#include "dispatch/isas.h"
#include "parallel/limits.h"

#if DOWNHILL_X86_64
#include <immintrin.h>
#endif

namespace downhill {
namespace {

// How long an idle worker polls before it sleeps. A sleeping worker takes 30–150 µs to wake, which is more than a whole
// training step on small layers; 50 µs of polling bridges the gaps between the calls of one step.
constexpr unsigned kSpins = 4000;

void pause_cpu() {
#if DOWNHILL_X86_64
  _mm_pause();
#elif DOWNHILL_ARM64
  __asm__ volatile("yield");
#endif
}

// One parallel_run. Workers join by counting themselves in; they take chunks from `next` until none is left.
struct Job {
  ChunkFunction function = nullptr;
  void* context = nullptr;
  size_t chunks = 0;
};

class Pool {
 public:
  ~Pool() { stop(); }

  size_t threads() { return wanted_.load(std::memory_order_relaxed); }

  void set_threads(size_t threads) {
    std::lock_guard<std::mutex> owner(owner_);
    wanted_.store(threads < 1 ? 1 : threads, std::memory_order_relaxed);
    if (workers_.size() + 1 > threads) stop_workers();
  }

  void stop() {
    std::lock_guard<std::mutex> owner(owner_);
    stop_workers();
  }

  void run(size_t chunks, ChunkFunction function, void* context) {
    if (chunks < 2 || threads() < 2 || !owner_.try_lock()) {
      for (size_t i = 0; i < chunks; ++i) function(context, i);
      return;
    }
    std::lock_guard<std::mutex> owner(owner_, std::adopt_lock);
    start_workers();
    job_ = {function, context, chunks};
    next_.store(0, std::memory_order_relaxed);
    // An odd ticket is an open job. Workers that see it enter; the ticket closes before the job's data may change.
    const size_t open = ticket_.load(std::memory_order_relaxed) + 1;
    ticket_.store(open, std::memory_order_seq_cst);
    if (sleepers_.load(std::memory_order_seq_cst) > 0) {
      { std::lock_guard<std::mutex> lock(sleep_); }
      wake_.notify_all();
    }
    drain();
    ticket_.store(open + 1, std::memory_order_seq_cst);
    // Whoever is inside still runs its last chunk; a worker that has not entered sees the closed ticket.
    while (inside_.load(std::memory_order_seq_cst) != 0) pause_cpu();
  }

 private:
  void drain() {
    const Job job = job_;
    for (;;) {
      const size_t chunk = next_.fetch_add(1, std::memory_order_relaxed);
      if (chunk >= job.chunks) return;
      job.function(job.context, chunk);
    }
  }

  void work() {
    size_t seen = 0;
    for (;;) {
      size_t ticket = ticket_.load(std::memory_order_acquire);
      for (unsigned spin = 0; (ticket == seen || ticket % 2 == 0) && spin < kSpins; ++spin) {
        if (stopping_.load(std::memory_order_relaxed)) return;
        pause_cpu();
        ticket = ticket_.load(std::memory_order_acquire);
      }
      if (ticket == seen || ticket % 2 == 0) {
        std::unique_lock<std::mutex> lock(sleep_);
        sleepers_.fetch_add(1, std::memory_order_seq_cst);
        wake_.wait(lock, [&] {
          ticket = ticket_.load(std::memory_order_seq_cst);
          return stopping_.load(std::memory_order_relaxed) || (ticket != seen && ticket % 2 == 1);
        });
        sleepers_.fetch_sub(1, std::memory_order_seq_cst);
        if (stopping_.load(std::memory_order_relaxed)) return;
      }
      inside_.fetch_add(1, std::memory_order_seq_cst);
      if (ticket_.load(std::memory_order_seq_cst) == ticket) drain();
      inside_.fetch_sub(1, std::memory_order_release);
      seen = ticket;
    }
  }

  // A thread that cannot be created is one helper less, not an error.
  void start_workers() {
    while (workers_.size() + 1 < threads()) {
      try {
        workers_.emplace_back([this] { work(); });
      } catch (const std::system_error&) {
        return;
      } catch (const std::bad_alloc&) {
        return;
      }
    }
  }

  void stop_workers() {
    {
      std::lock_guard<std::mutex> lock(sleep_);
      stopping_.store(true, std::memory_order_seq_cst);
    }
    wake_.notify_all();
    for (std::thread& worker : workers_) worker.join();
    workers_.clear();
    stopping_.store(false, std::memory_order_seq_cst);
  }

  std::mutex owner_;  // held by the one caller whose job is running
  std::atomic<size_t> wanted_{default_threads()};
  std::vector<std::thread> workers_;

  alignas(64) std::atomic<size_t> ticket_{0};
  std::atomic<bool> stopping_{false};
  Job job_;
  alignas(64) std::atomic<size_t> next_{0};
  alignas(64) std::atomic<size_t> inside_{0};
  alignas(64) std::atomic<size_t> sleepers_{0};
  std::mutex sleep_;
  std::condition_variable wake_;
};

// Never destroyed: process exit must not wait for, or race with, threads of the pool.
Pool& pool() {
  static Pool* instance = new Pool;
  return *instance;
}

std::mutex users_lock;
size_t users = 0;

}  // namespace

void parallel_run(size_t chunks, ChunkFunction function, void* context) { pool().run(chunks, function, context); }

size_t pool_threads() { return pool().threads(); }

void set_pool_threads(size_t threads) { pool().set_threads(threads); }

void pool_acquire() {
  std::lock_guard<std::mutex> lock(users_lock);
  ++users;
}

void pool_release() {
  std::lock_guard<std::mutex> lock(users_lock);
  if (--users == 0) pool().stop();
}

}  // namespace downhill
