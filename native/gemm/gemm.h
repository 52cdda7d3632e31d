// C = activation(alpha * op(A) * op(B) + beta * C + bias + residual), row-major, for the binding, the engine and the
// BLAS library. Chooses regime, ISA and threads and sets the floating-point mode itself; never fails.
#pragma once

#include <cstddef>

#include "gemm/epilogue.h"

namespace downhill {

template <class T>
struct PackedB;  // gemm/packed.h

// op(A) is m by k, op(B) is k by n. A is stored m by k with rows lda apart, or k by m where trans_a; likewise B.
// C must not overlap A, B, bias or residual. alpha = 0 or k = 0: A and B are not read. beta = 0: C is not read.
template <class T>
struct GemmCall {
  size_t m, n, k;
  const T* a;
  size_t lda;
  bool trans_a;
  const T* b;
  size_t ldb;
  bool trans_b;
  T* c;
  size_t ldc;
  T alpha = 1, beta = 0;
  const T* bias = nullptr;  // n values, added to every row
  Activation activation = Activation::none;
  const T* residual = nullptr;  // m by n, rows ldr apart
  size_t ldr = 0;
  const PackedB<T>* packed = nullptr;  // stands for b, ldb and trans_b
};

void gemm(const GemmCall<float>& call);
void gemm(const GemmCall<double>& call);

// The same with one chain an element, whatever the shape says: for a copy of B that lies otherwise than the caller's. alpha, k,
// m and n are not 0, and no operand is packed.
void gemm_chains(const GemmCall<float>& call);
void gemm_chains(const GemmCall<double>& call);

// The name of the algorithm that gemm() would take on one thread: for tests and benchmarks.
const char* gemm_regime(const GemmCall<float>& call);
const char* gemm_regime(const GemmCall<double>& call);

}  // namespace downhill
