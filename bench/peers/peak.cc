#include "peak.h"

#include <chrono>
#include <cstring>

namespace {

constexpr long kRounds = 2'000'000;
constexpr int kChains = 16;

#if defined(__x86_64__)
// 16 chains hide four cycles of latency at two multiply-adds a cycle; the asm keeps each one in its own register.
#define DOWNHILL_PEAK(name, target_isa, instruction, registers)                                                       \
  __attribute__((target(target_isa), noinline)) void name() {                                                        \
    for (long i = 0; i < kRounds; ++i) {                                                                              \
      __asm__ volatile(                                                                                               \
          instruction(registers, 0) instruction(registers, 1) instruction(registers, 2) instruction(registers, 3)    \
          instruction(registers, 4) instruction(registers, 5) instruction(registers, 6) instruction(registers, 7)    \
          instruction(registers, 8) instruction(registers, 9) instruction(registers, 10) instruction(registers, 11)  \
          instruction(registers, 12) instruction(registers, 13) instruction(registers, 14) instruction(registers, 15) \
          ::: "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11",      \
          "xmm12", "xmm13", "xmm14", "xmm15");                                                                        \
    }                                                                                                                 \
  }
#define DOWNHILL_FMA(registers, i) "vfmadd231ps %%" registers #i ", %%" registers #i ", %%" registers #i "\n"
#define DOWNHILL_FMA_D(registers, i) "vfmadd231pd %%" registers #i ", %%" registers #i ", %%" registers #i "\n"
DOWNHILL_PEAK(avx512_single, "avx512f", DOWNHILL_FMA, "zmm")
DOWNHILL_PEAK(avx512_double, "avx512f", DOWNHILL_FMA_D, "zmm")
DOWNHILL_PEAK(avx2_single, "fma", DOWNHILL_FMA, "ymm")
DOWNHILL_PEAK(avx2_double, "fma", DOWNHILL_FMA_D, "ymm")
#endif

double seconds_of(void (*work)()) {
  double best = 1e9;
  for (int i = 0; i < 5; ++i) {
    const auto start = std::chrono::steady_clock::now();
    work();
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    if (seconds < best) best = seconds;
  }
  return best;
}

}  // namespace

double peak_gflops(const char* isa, bool is_double) {
#if defined(__x86_64__)
  const bool wide = std::strcmp(isa, "avx512") == 0;
  if (!wide && std::strcmp(isa, "avx2") != 0) return 0;
  void (*const work)() = wide ? (is_double ? avx512_double : avx512_single) : (is_double ? avx2_double : avx2_single);
  const double lanes = (wide ? 16 : 8) / (is_double ? 2 : 1);
  return 2 * lanes * kChains * kRounds / seconds_of(work) / 1e9;
#else
  (void)isa;
  (void)is_double;
  (void)seconds_of;
  return 0;
#endif
}
