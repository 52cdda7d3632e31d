// What one ISA offers for tensor operations other than matrix multiply and updates. Filled by isa/*/ops.cc.
// Kernels work on a range that the caller chose; engine/ cuts ranges so that cuts never change bits.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/ops/kinds.h"

namespace downhill {

template <class T>
struct OpsKernels {
  void (*unary)(int kind, size_t n, const T* x, T* y, double alpha);
  void (*unary_gradient)(int kind, size_t n, const T* saved, const T* dy, T* dx, double alpha);
  void (*binary)(int kind, size_t n, const T* a, bool a_scalar, const T* b, bool b_scalar, T* c);
  void (*mask_greater)(bool inverted, size_t n, const T* a, const T* b, const T* c, T* out);
  void (*blend)(size_t n, T* y, T decay, const T* x, T weight);
  double (*sum)(size_t n, const T* x);
  double (*sum_squares)(size_t n, const T* x);
  void (*row_sums)(size_t rows, size_t cols, const T* x, double scale, T* out);
  void (*column_sums)(size_t rows, size_t cols, size_t stride, const T* x, double scale, T* out);
  void (*softmax)(size_t rows, size_t cols, const T* x, T* y);
  void (*log_softmax)(size_t rows, size_t cols, const T* x, T* y);
  void (*softmax_gradient)(size_t rows, size_t cols, const T* y, const T* dy, T* dx);
  void (*log_softmax_gradient)(size_t rows, size_t cols, const T* y, const T* dy, T* dx);
  void (*cross_entropy_sparse)(size_t rows, size_t cols, const T* x, const int32_t* labels, const T* weights,
                               double scale, double smoothing, T* loss, T* hits, T* gradient);
  void (*cross_entropy_dense)(size_t rows, size_t cols, const T* x, const T* targets, const T* weights, double scale,
                              double smoothing, T* loss, T* hits, T* gradient);
  void (*layer_norm)(size_t rows, size_t cols, const T* x, const T* gamma, const T* beta, double epsilon, T* y);
  void (*layer_norm_gradient)(size_t rows, size_t cols, const T* x, const T* gamma, const T* dy, double epsilon, T* dx,
                              T* products);
  void (*batch_norm)(size_t rows, size_t cols, size_t stride, const T* x, const T* gamma, const T* beta, double epsilon,
                     T* y, T* mean, T* variance);
  void (*batch_norm_gradient)(size_t rows, size_t cols, size_t stride, const T* x, const T* gamma, const T* dy,
                              double epsilon, T* dx, T* dgamma, T* dbeta);
  void (*dropout)(size_t n, const uint32_t* address, uint64_t first, uint32_t threshold, T scale, const T* x, T* y);
  void (*outer)(size_t rows, size_t cols, const T* x, const T* y, T* out);
};

struct OpsTable {
  OpsKernels<float> f32;
  OpsKernels<double> f64;
};

}  // namespace downhill
