#include "gemm/decide.h"

namespace downhill {

std::atomic<bool> decisions_are_watched{false};

namespace {

std::atomic<Decision> inverted{Decision::count};
std::atomic<uint32_t> asked{0}, answered_yes{0};

}  // namespace

void watch_decisions(Decision decision) {
  inverted.store(decision, std::memory_order_relaxed);
  asked.store(0, std::memory_order_relaxed);
  answered_yes.store(0, std::memory_order_relaxed);
  decisions_are_watched.store(true, std::memory_order_relaxed);
}

void stop_watching() { decisions_are_watched.store(false, std::memory_order_relaxed); }

Answers answers() { return {asked.load(std::memory_order_relaxed), answered_yes.load(std::memory_order_relaxed)}; }

bool watched(Decision decision, bool yes) {
  const uint32_t bit = uint32_t{1} << static_cast<int>(decision);
  asked.fetch_or(bit, std::memory_order_relaxed);
  if (yes) answered_yes.fetch_or(bit, std::memory_order_relaxed);
  return yes != (decision == inverted.load(std::memory_order_relaxed));
}

}  // namespace downhill
