// The machine's limit: independent chains of fused multiply-adds that touch no memory.
#pragma once

#include <string>

namespace peers {

// GFLOP/s of `threads` threads together over about 3 ms, for the vector width of an ISA ("avx512", "avx2", "neon",
// "scalar") and the size of an element in bytes (4, 8).
double measure_peak(const std::string& isa, int element_bytes, int threads);

}  // namespace peers
