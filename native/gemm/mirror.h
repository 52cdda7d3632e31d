// One column of C from a transposed A, y = Aᵀ x, is one row of C transposed, yᵀ = xᵀ A with a row-major A: the same chains, with
// vectors over the rows of C, which A and y hold side by side. 400 x 1 x 256: 14 GFLOP/s as a column, 90 as a row. Not for a
// bias, which is one value per column of C, nor where y or the residual has gaps: there swapped.h does it.
#pragma once

#include "gemm/gemm.h"

namespace downhill {

template <class T>
inline bool is_mirrored(const GemmCall<T>& g) {
  const bool whole = g.ldc == 1 && (g.residual == nullptr || g.ldr == 1);
  return g.n == 1 && g.trans_a && g.m > 1 && whole && g.bias == nullptr;
}

template <class T>
inline GemmCall<T> mirror(const GemmCall<T>& g) {
  return {.m = 1,
          .n = g.m,
          .k = g.k,
          .a = g.b,
          .lda = g.ldb,
          .trans_a = !g.trans_b,
          .b = g.a,
          .ldb = g.lda,
          .trans_b = false,
          .c = g.c,
          .ldc = g.m,
          .alpha = g.alpha,
          .beta = g.beta,
          .bias = nullptr,
          .activation = g.activation,
          .residual = g.residual,
          .ldr = g.m,
          .packed = nullptr};
}

}  // namespace downhill
