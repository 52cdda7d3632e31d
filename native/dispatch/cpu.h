// Which ISAs this machine runs: processor features and the operating system's saved state (XCR0).
#pragma once

namespace downhill {

struct CpuFeatures {
  bool avx2;    // AVX2, FMA, F16C, BMI, BMI2, LZCNT, POPCNT; YMM state enabled
  bool avx512;  // all of avx2 and AVX-512 F, BW, DQ, VL; ZMM and opmask state enabled
  bool neon;    // Advanced SIMD (always, on arm64)
};

// Detected once, then constant.
const CpuFeatures& cpu_features();

}  // namespace downhill
