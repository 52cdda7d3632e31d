// Narrow regime: six to twelve rows of C beside a transposed B, whose rows are read along k from end to end, transposed in
// registers and multiplied at once (kernels/narrow.h); vectors over the columns of C. op(A) is copied first, dense and with its
// k outside.
#pragma once

#include "gemm/job.h"
#include "gemm/scratch.h"

namespace downhill {

// Computes C in rows x columns. False (nothing written) where scratch memory is short.
template <class T>
bool narrow_block(const Job<T>& job, Range rows, Range columns) {
  const GemmCall<T>& g = job.call;
  const KernelSet<T>& set = job.set;
  constexpr size_t kStrip = 256;
  const size_t count = rows.size();
  T* const dense = static_cast<T*>(scratch((g.k + kStrip) * count * sizeof(T)));
  if (dense == nullptr) return false;
  T* const strip = dense + g.k * count;
  const T* a = g.a + rows.begin * (g.trans_a ? 1 : g.lda);
  (g.trans_a ? set.copy : set.transpose)(a, g.lda, dense, count, g.k, count);
  if (is_identity(job.epilogue(0, 0))) {
    set.narrow[count]({g.k, g.b + columns.begin * g.ldb, g.ldb, columns.size(), dense, job.c(rows.begin, columns.begin), g.ldc});
    return true;
  }
  for (size_t j = columns.begin; j < columns.end; j += kStrip) {
    const size_t width = smaller(kStrip, columns.end - j);
    set.narrow[count]({g.k, g.b + j * g.ldb, g.ldb, width, dense, strip, kStrip});
    set.finish({strip, kStrip, job.c(rows.begin, j), g.ldc, count, width, job.epilogue(rows.begin, j)});
  }
  return true;
}

}  // namespace downhill
