#include "peak.h"

#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

namespace peers {
namespace {

double now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

// Twelve chains: a latency of four cycles at two instructions a cycle needs eight. Written in assembly, so that no
// compiler flag decides what is measured. All values are zero.
#if defined(__x86_64__)
#define PEAK_ZERO(r, i) "vxorps %%xmm" #i ", %%xmm" #i ", %%xmm" #i "\n"
#define PEAK_FMA(r, suffix, i) "vfmadd231" suffix " %%" r "15, %%" r "14, %%" r #i "\n"
#define PEAK_LOOP(r, suffix)                                                                                       \
  __asm__ volatile(PEAK_ZERO(r, 0) PEAK_ZERO(r, 1) PEAK_ZERO(r, 2) PEAK_ZERO(r, 3) PEAK_ZERO(r, 4) PEAK_ZERO(r, 5)    \
                   PEAK_ZERO(r, 6) PEAK_ZERO(r, 7) PEAK_ZERO(r, 8) PEAK_ZERO(r, 9) PEAK_ZERO(r, 10) PEAK_ZERO(r, 11)  \
                   PEAK_ZERO(r, 14) PEAK_ZERO(r, 15) "1:\n"                                                           \
                   PEAK_FMA(r, suffix, 0) PEAK_FMA(r, suffix, 1) PEAK_FMA(r, suffix, 2) PEAK_FMA(r, suffix, 3)        \
                   PEAK_FMA(r, suffix, 4) PEAK_FMA(r, suffix, 5) PEAK_FMA(r, suffix, 6) PEAK_FMA(r, suffix, 7)        \
                   PEAK_FMA(r, suffix, 8) PEAK_FMA(r, suffix, 9) PEAK_FMA(r, suffix, 10) PEAK_FMA(r, suffix, 11)      \
                   "dec %0\njnz 1b\nvzeroupper"                                                                       \
                   : "+r"(n)                                                                                          \
                   :                                                                                                  \
                   : "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10",         \
                     "xmm11", "xmm14", "xmm15", "cc")
void avx512_f32(long n) { PEAK_LOOP("zmm", "ps"); }
void avx512_f64(long n) { PEAK_LOOP("zmm", "pd"); }
void avx2_f32(long n) { PEAK_LOOP("ymm", "ps"); }
void avx2_f64(long n) { PEAK_LOOP("ymm", "pd"); }
#elif defined(__aarch64__)
#define PEAK_FMA(type, i) "fmla v" #i "." type ", v14." type ", v15." type "\n"
#define PEAK_LOOP(type)                                                                                              \
  __asm__ volatile("movi v14.4s, #0\nmovi v15.4s, #0\n1:\n" PEAK_FMA(type, 0) PEAK_FMA(type, 1) PEAK_FMA(type, 2)    \
                       PEAK_FMA(type, 3) PEAK_FMA(type, 4) PEAK_FMA(type, 5) PEAK_FMA(type, 6) PEAK_FMA(type, 7)      \
                       PEAK_FMA(type, 16) PEAK_FMA(type, 17) PEAK_FMA(type, 18) PEAK_FMA(type, 19)                    \
                   "subs %0, %0, #1\nb.ne 1b"                                                                         \
                   : "+r"(n)                                                                                          \
                   :                                                                                                  \
                   : "v0", "v1", "v2", "v3", "v4", "v5", "v6", "v7", "v14", "v15", "v16", "v17", "v18", "v19", "cc")
void neon_f32(long n) { PEAK_LOOP("4s"); }
void neon_f64(long n) { PEAK_LOOP("2d"); }
#endif

struct Chains {
  void (*run)(long);
  int vector_bytes;
};

Chains chains_of(const std::string& isa, int element_bytes) {
  const bool single = element_bytes == 4;
#if defined(__x86_64__)
  if (isa == "avx512") return {single ? avx512_f32 : avx512_f64, 64};
  if (isa == "avx2") return {single ? avx2_f32 : avx2_f64, 32};
#elif defined(__aarch64__)
  if (isa == "neon") return {single ? neon_f32 : neon_f64, 16};
#endif
  return {nullptr, 0};
}

}  // namespace

double measure_peak(const std::string& isa, int element_bytes, int threads) {
  const Chains chains = chains_of(isa, element_bytes);
  if (chains.run == nullptr) return 0;
  constexpr long kIterations = 1'500'000;  // 18 million instructions: about 3 ms
  std::atomic<int> waiting{threads};
  std::vector<double> rates(static_cast<size_t>(threads));
  const auto run = [&](size_t index) {
    chains.run(1000);
    waiting.fetch_sub(1);
    while (waiting.load() > 0) std::this_thread::yield();
    const double start = now();
    chains.run(kIterations);
    rates[index] = 12.0 * 2 * (chains.vector_bytes / element_bytes) * kIterations / (now() - start) * 1e-9;
  };
  std::vector<std::thread> others;
  for (int i = 1; i < threads; ++i) others.emplace_back(run, static_cast<size_t>(i));
  run(0);
  for (std::thread& other : others) other.join();
  double sum = 0;
  for (double rate : rates) sum += rate;
  return sum;
}

}  // namespace peers
