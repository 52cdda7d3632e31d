// What the four entry points share: the checks in the order of the reference BLAS, and the call itself. Everything here
// speaks of column-major problems, as Fortran does; row-major callers swap the operands first.
#pragma once

#include <cstddef>

#include "blas/startup.h"
#include "gemm/gemm.h"

namespace downhill::blas {

// A column-major product C = alpha op(A) op(B) + beta C, its numbers as the caller gave them.
template <class T>
struct Problem {
  bool trans_a, trans_b;
  int m, n, k;
  T alpha;
  const T* a;
  int lda;
  const T* b;
  int ldb;
  T beta;
  T* c;
  int ldc;
};

// The Fortran position of the first wrong number, or 0.
template <class T>
inline int wrong_argument(const Problem<T>& p) {
  const int rows_a = p.trans_a ? p.k : p.m;
  const int rows_b = p.trans_b ? p.n : p.k;
  if (p.m < 0) return 3;
  if (p.n < 0) return 4;
  if (p.k < 0) return 5;
  if (p.lda < 1 || p.lda < rows_a) return 8;
  if (p.ldb < 1 || p.ldb < rows_b) return 10;
  if (p.ldc < 1 || p.ldc < p.m) return 13;
  return 0;
}

// A column-major matrix is the transpose of a row-major one with the same leading dimension, so C' = op(B)' op(A)'.
template <class T>
inline void multiply(const Problem<T>& p) {
  if ((p.k == 0 || p.alpha == 0) && p.beta == 1) return;  // the reference leaves C alone, -0 and subnormals too
  ensure_started();
  // Every member by name: GCC clears an object that is filled piece by piece with a string instruction (6 ns).
  gemm(GemmCall<T>{.m = static_cast<size_t>(p.n),
                   .n = static_cast<size_t>(p.m),
                   .k = static_cast<size_t>(p.k),
                   .a = p.b,
                   .lda = static_cast<size_t>(p.ldb),
                   .trans_a = p.trans_b,
                   .b = p.a,
                   .ldb = static_cast<size_t>(p.lda),
                   .trans_b = p.trans_a,
                   .c = p.c,
                   .ldc = static_cast<size_t>(p.ldc),
                   .alpha = p.alpha,
                   .beta = p.beta,
                   .bias = nullptr,
                   .activation = Activation::none,
                   .residual = nullptr,
                   .ldr = 0,
                   .packed = nullptr});
}

}  // namespace downhill::blas
