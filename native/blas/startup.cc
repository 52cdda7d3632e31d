#include "blas/startup.h"

#include <cstdio>
#include <cstdlib>
#include <mutex>

#include "blas/downhill_blas.h"
#include "dispatch/dispatch.h"
#include "parallel/limits.h"
#include "parallel/pool.h"

namespace downhill::blas {

std::atomic<bool> started{false};

namespace {

std::mutex starting;

// Both readers below fall back to their default by themselves; a library cannot throw at the program that loaded it, but
// it must not swallow the mistake either.
void check_isa() {
  const char* wanted = std::getenv("DOWNHILL_ISA");
  if (wanted == nullptr || table_of(wanted) != nullptr) return;
  std::fprintf(stderr, "downhill: DOWNHILL_ISA=%s is %s; using %s\n", wanted,
               is_known_isa(wanted) ? "not available on this machine" : "not one of avx512, avx2, neon, scalar",
               kernels().name);
}

void check_threads() {
  const char* wanted = std::getenv("DOWNHILL_THREADS");
  if (wanted == nullptr) return;
  char* end = nullptr;
  const long threads = std::strtol(wanted, &end, 10);
  if (end != wanted && *end == '\0' && threads >= 1 && threads <= 1024) return;
  std::fprintf(stderr, "downhill: DOWNHILL_THREADS=%s is not a number from 1 to 1024; using %zu\n", wanted,
               pool_threads());
}

}  // namespace

void start() {
  const std::lock_guard<std::mutex> lock(starting);
  if (started.load(std::memory_order_relaxed)) return;
  check_isa();
  check_threads();
  started.store(true, std::memory_order_release);
}

}  // namespace downhill::blas

extern "C" __attribute__((visibility("default"))) void downhill_set_threads(int threads) {
  downhill::blas::ensure_started();
  downhill::set_pool_threads(threads < 1 ? downhill::default_threads() : static_cast<size_t>(threads));
}

extern "C" __attribute__((visibility("default"))) const char* downhill_isa(void) {
  downhill::blas::ensure_started();
  return downhill::kernels().name;
}
