// What one ISA offers for work on gradients: clipping, penalties, sums, and the norms that adaptive clipping needs.
// Filled by isa/*/gradients.cc. float32 runs in the flushing mode (FpScope), float64 in plain IEEE.
#pragma once

#include <cstddef>

namespace downhill {

template <class T> struct GradientKernels {
  // x ← x·factor.
  void (*scale)(T* x, size_t count, T factor);
  // x is clamped to [-bound, bound]; what is within, and NaN, keeps its bits.
  void (*clamp)(T* x, size_t count, T bound);
  // sum ← sum + x.
  void (*add)(T* sum, const T* x, size_t count);
  // g ← (g + l2·p) + l1·sign(p), without the terms whose factor is 0.
  void (*penalty)(T* g, const T* p, size_t count, T l1, T l2);
  // out[i] = x[i]·factors[(first + i) mod columns]; out may be x. first < columns.
  void (*scale_columns)(const T* x, T* out, size_t count, size_t columns, size_t first, const T* factors);
  // sums[j] = Σ x[r·columns + j]² for j < width over the rows r, ascending, in float64: one chain per column.
  void (*column_squares)(const T* x, size_t rows, size_t columns, size_t width, double* sums);
  // Σ |x| of each block of kReduceBlock elements, in the contract's order.
  void (*absolute_sums)(const T* x, size_t count, double* block_sums);
  // The largest magnitude, NaN where an element is NaN, 0 for none.
  double (*largest)(const T* x, size_t count);
  // True where no element is NaN or infinite.
  bool (*finite)(const T* x, size_t count);
};

struct GradientTable {
  GradientKernels<float> f32;
  GradientKernels<double> f64;
};

}  // namespace downhill
