// What one ISA offers for reductions. Filled by isa/*/reduce.cc.
#pragma once

#include <cstddef>

namespace downhill {

// Elements of one block of a reduction; block results are added in ascending order.
constexpr size_t kReduceBlock = 4096;
// Elements of one piece of work that threads share: 256 KiB of float32, some 8 µs.
constexpr size_t kReducePiece = 16 * kReduceBlock;

// Writes ⌈count / kReduceBlock⌉ block sums. float32 runs in the flushing mode (FpScope), float64 in plain IEEE.
struct ReduceTable {
  void (*sum_f32)(const float* x, size_t count, double* block_sums);
  void (*sum_f64)(const double* x, size_t count, double* block_sums);
  void (*sum_squares_f32)(const float* x, size_t count, double* block_sums);
  void (*sum_squares_f64)(const double* x, size_t count, double* block_sums);
};

}  // namespace downhill
