// Dot regime: at most four rows (or columns) of C and contiguous k in both operands. Each element is one dot product
// in dot order; the long operand streams through once. Also the regime of matrix times vector.
#pragma once

#include "gemm/job.h"
#include "gemm/scratch.h"

namespace downhill {

// Computes C in rows x columns. False (nothing written) where scratch memory is short.
template <class T>
bool dot_block(const Job<T>& job, Range rows, Range columns) {
  const GemmCall<T>& g = job.call;
  const KernelSet<T>& set = job.set;
  const T* a = g.a + (g.trans_a ? 0 : rows.begin * g.lda);
  const T* b = g.b + (g.trans_b ? columns.begin * g.ldb : 0);
  // A single transposed row of A, or a single plain column of B, has its k apart: copied together.
  const bool gather_a = g.trans_a && g.lda != 1;
  const bool gather_b = !g.trans_b && g.ldb != 1;
  if (gather_a || gather_b) {
    T* memory = static_cast<T*>(scratch((gather_a + gather_b) * g.k * sizeof(T)));
    if (memory == nullptr) return false;
    if (gather_a) {
      set.copy(a, g.lda, memory, 1, g.k, 1);
      a = memory;
      memory += g.k;
    }
    if (gather_b) {
      set.copy(b, g.ldb, memory, 1, g.k, 1);
      b = memory;
    }
  }
  const bool identity = is_identity(job.epilogue(0, 0));
  constexpr size_t kStrip = 256;
  T out[kMaxDotRows * kStrip];
  if (g.m <= g.n) {
    DotBlock<T> d{g.k, a, g.lda, rows.size(), b, g.ldb, columns.size(), job.c(rows.begin, columns.begin), g.ldc};
    if (identity) return set.dot(d), true;
    for (size_t j = columns.begin; j < columns.end; j += kStrip) {
      d.many = b + (j - columns.begin) * g.ldb;
      d.many_count = smaller(kStrip, columns.end - j);
      d.out = out;
      d.ld_out = kStrip;
      set.dot(d);
      set.finish({out, kStrip, job.c(rows.begin, j), g.ldc, rows.size(), d.many_count, job.epilogue(rows.begin, j)});
    }
  } else {
    DotBlock<T> d{g.k, b, g.ldb, columns.size(), a, g.lda, rows.size(), job.c(rows.begin, columns.begin), kStrip};
    if (identity && columns.size() == 1 && g.ldc == 1) return set.dot(d), true;
    d.out = out;
    for (size_t i = rows.begin; i < rows.end; i += kStrip) {
      d.many = a + (i - rows.begin) * g.lda;
      d.many_count = smaller(kStrip, rows.end - i);
      set.dot(d);
      set.finish_transposed(
          {out, kStrip, job.c(i, columns.begin), g.ldc, d.many_count, columns.size(), job.epilogue(i, columns.begin)});
    }
  }
  return true;
}

// k = 0 or alpha = 0: the accumulators are +0 and neither A nor B is read.
template <class T>
bool scale_block(const Job<T>& job, Range rows, Range columns) {
  constexpr size_t kStrip = 256;
  static const T zeros[kStrip] = {};
  for (size_t j = columns.begin; j < columns.end; j += kStrip) {
    const size_t count = smaller(kStrip, columns.end - j);
    job.set.finish({zeros, 0, job.c(rows.begin, j), job.call.ldc, rows.size(), count, job.epilogue(rows.begin, j)});
  }
  return true;
}

}  // namespace downhill
