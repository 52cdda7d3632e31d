#include "dispatch/cpu.h"

#include "dispatch/isas.h"

#if DOWNHILL_X86_64
#if defined(_MSC_VER)
#include <intrin.h>
#else
#include <cpuid.h>
#endif
#endif

namespace downhill {
namespace {

#if DOWNHILL_X86_64

struct Registers {
  unsigned eax, ebx, ecx, edx;
};

Registers cpuid(unsigned leaf, unsigned subleaf) {
  Registers r{};
#if defined(_MSC_VER)
  int out[4];
  __cpuidex(out, static_cast<int>(leaf), static_cast<int>(subleaf));
  r = {unsigned(out[0]), unsigned(out[1]), unsigned(out[2]), unsigned(out[3])};
#else
  __cpuid_count(leaf, subleaf, r.eax, r.ebx, r.ecx, r.edx);
#endif
  return r;
}

// XCR0: which register states the operating system saves on a context switch.
unsigned long long xcr0() {
#if defined(_MSC_VER)
  return _xgetbv(0);
#else
  unsigned low, high;
  __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return (static_cast<unsigned long long>(high) << 32) | low;
#endif
}

constexpr bool bit(unsigned word, int index) { return (word >> index) & 1u; }

CpuFeatures detect() {
  CpuFeatures features{};
  if (cpuid(0, 0).eax < 7) return features;
  const Registers leaf1 = cpuid(1, 0);
  const Registers leaf7 = cpuid(7, 0);
  const bool osxsave = bit(leaf1.ecx, 27);
  if (!osxsave) return features;
  const unsigned long long state = xcr0();
  const bool ymm_saved = (state & 0x06) == 0x06;  // XMM, YMM
  const bool zmm_saved = (state & 0xe6) == 0xe6;  // and opmask, ZMM_Hi256, Hi16_ZMM
  const bool fma = bit(leaf1.ecx, 12);
  // The target regions also name BMI, BMI2, LZCNT, POPCNT and F16C: a compiler may use them anywhere inside, and LZCNT
  // on a processor without it is a different instruction, not a fault.
  const bool lzcnt = cpuid(0x80000000, 0).eax >= 0x80000001 && bit(cpuid(0x80000001, 0).ecx, 5);
  const bool scalar = lzcnt && bit(leaf7.ebx, 3) && bit(leaf7.ebx, 8) && bit(leaf1.ecx, 23) && bit(leaf1.ecx, 29);
  features.avx2 = ymm_saved && fma && scalar && bit(leaf1.ecx, 28) && bit(leaf7.ebx, 5);
  const bool avx512 = bit(leaf7.ebx, 16) && bit(leaf7.ebx, 17) && bit(leaf7.ebx, 30) && bit(leaf7.ebx, 31);
  features.avx512 = features.avx2 && zmm_saved && avx512;  // F, DQ, BW, VL
  return features;
}

#else

CpuFeatures detect() {
  CpuFeatures features{};
  features.neon = DOWNHILL_ARM64 == 1;
  return features;
}

#endif

}  // namespace

const CpuFeatures& cpu_features() {
  static const CpuFeatures features = detect();
  return features;
}

}  // namespace downhill
