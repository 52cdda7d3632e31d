#include "engine/gate.h"

#include <chrono>

namespace downhill {
namespace {

// A visitor whose thread was ended inside never leaves; the loop looks this often whether it was cancelled.
constexpr auto kPatience = std::chrono::milliseconds(10);

}  // namespace

bool Gate::begin_update(const std::atomic<bool>& cancelled) {
  std::unique_lock<std::mutex> lock(lock_);
  while (busy_ || (visitors_ > 0 && !loops_turn_)) {
    if (cancelled.load(std::memory_order_relaxed)) {
      loop_waits_ = false;
      return false;
    }
    loop_waits_ = true;
    changed_.wait_for(lock, kPatience);
  }
  loop_waits_ = loops_turn_ = false;
  busy_ = true;
  return true;
}

void Gate::end_update() {
  std::lock_guard<std::mutex> lock(lock_);
  busy_ = false;
  if (visitors_ > 0) changed_.notify_all();
}

bool Gate::loop_waits() {
  std::lock_guard<std::mutex> lock(lock_);
  return loop_waits_;
}

void Gate::enter() {
  std::unique_lock<std::mutex> lock(lock_);
  ++visitors_;
  changed_.wait(lock, [this] { return !busy_ && !(loops_turn_ && loop_waits_); });
  --visitors_;
  busy_ = true;
}

void Gate::leave() {
  std::lock_guard<std::mutex> lock(lock_);
  busy_ = false;
  loops_turn_ = loop_waits_;
  changed_.notify_all();
}

}  // namespace downhill
