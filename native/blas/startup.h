// The environment of the BLAS library, read once, at the first call.
#pragma once

#include <atomic>

namespace downhill::blas {

extern std::atomic<bool> started;
void start();

// One load on the hot path.
inline void ensure_started() {
  if (!started.load(std::memory_order_acquire)) start();
}

}  // namespace downhill::blas
