// Lets another thread in between two updates of a loop, so that parameters can be read while a run is going on. Both sides
// get on: a visitor waits for one update at most, and between two visitors a waiting loop makes an update.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <mutex>

namespace downhill {

class Gate {
 public:
  // The loop's side. False where `cancelled` was set while it waited for a visitor: then there is no update to end.
  bool begin_update(const std::atomic<bool>& cancelled);
  void end_update();
  // Whether the loop waits for a visitor to leave. For tests.
  bool loop_waits();

  // The visitor's side: between enter and leave no update runs. Not for the thread that runs the loop; not recursive.
  void enter();
  void leave();

 private:
  std::mutex lock_;
  std::condition_variable changed_;
  bool busy_ = false;         // an update or a visitor is inside
  size_t visitors_ = 0;       // that wait
  bool loop_waits_ = false;
  bool loops_turn_ = false;   // a visitor has just left and the loop waits
};

}  // namespace downhill
