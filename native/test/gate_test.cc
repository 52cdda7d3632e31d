// The gate of a loop: visitors see whole updates, both sides get on, and a cancelled loop does not wait for ever.
#include <atomic>
#include <thread>
#include <vector>

#include "engine/gate.h"
#include "test/test.h"

namespace downhill::test {
namespace {

TEST("a visitor sees all of an update or nothing of it, and both sides get on") {
  Gate gate;
  std::atomic<bool> cancelled{false};
  std::vector<size_t> values(1000);  // plain memory: a race shows under ThreadSanitizer
  constexpr size_t kUpdates = 500'000;
  size_t updates = 0;
  std::thread loop([&] {
    while (updates < kUpdates && !cancelled) {
      if (!gate.begin_update(cancelled)) break;
      for (size_t& value : values) ++value;
      ++updates;
      gate.end_update();
    }
  });
  size_t visits = 0, last = 0;
  bool whole = true, grew = false;
  // The thread of the loop may start late.
  for (; visits < 2'000 || (!grew && last < kUpdates); ++visits) {
    gate.enter();
    for (const size_t value : values) whole = whole && value == values[0];
    grew = grew || (visits > 0 && values[0] > last);
    last = values[0];
    gate.leave();
  }
  cancelled = true;
  loop.join();
  CHECK(whole);
  CHECK(grew);
}

TEST("between two visitors in a row a waiting loop makes an update") {
  Gate gate;
  std::atomic<bool> cancelled{false};
  std::atomic<size_t> updates{0};
  gate.enter();
  std::thread loop([&] {
    while (!cancelled && gate.begin_update(cancelled)) {
      ++updates;
      gate.end_update();
    }
  });
  while (!gate.loop_waits()) std::this_thread::yield();
  for (size_t visit = 1; visit <= 20; ++visit) {
    const size_t before = updates;
    gate.leave();
    gate.enter();
    if (visit == 1) CHECK(before == 0 && updates > 0);
  }
  gate.leave();
  while (updates < 1000) std::this_thread::yield();
  cancelled = true;
  loop.join();
  CHECK(updates >= 1000);
}

TEST("a cancelled loop does not wait for a visitor that never leaves") {
  Gate gate;
  std::atomic<bool> cancelled{false}, ran{true};
  gate.enter();
  std::thread loop([&] { ran = gate.begin_update(cancelled); });
  while (!gate.loop_waits()) std::this_thread::yield();
  cancelled = true;
  loop.join();
  CHECK(!ran);
  gate.leave();
  cancelled = false;
  CHECK(gate.begin_update(cancelled));
  gate.end_update();
}

}  // namespace
}  // namespace downhill::test

TEST_MAIN()
