// Narrow regime: one operand has six to twelve columns (or rows), the other is read along k from end to end, transposed in
// registers and multiplied at once (kernels/narrow.h).
//   - narrow C, A as stored: vectors over the rows of C; finished columns pass through a transpose into C;
//   - few rows of C, transposed B: the same with the operands' roles exchanged; vectors over the columns of C.
// The narrow operand is copied first, dense and with its k outside, unless it lies so.
#pragma once

#include "gemm/job.h"
#include "gemm/regime.h"
#include "gemm/scratch.h"

namespace downhill {

// Whether kernels exist for C's columns, or else for its rows, as the narrow side.
template <class T>
bool has_narrow_columns(const GemmCall<T>& g, const KernelSet<T>& set) {
  return !g.trans_a && g.n >= kMinNarrow && g.n <= set.widest_narrow;
}

template <class T>
bool has_narrow_rows(const GemmCall<T>& g, const KernelSet<T>& set) {
  return g.trans_b && g.m >= kMinNarrow && g.m <= set.widest_narrow;
}

// Computes C in rows x columns. False (nothing written) where scratch memory is short.
template <class T>
bool narrow_block(const Job<T>& job, Range rows, Range columns) {
  const GemmCall<T>& g = job.call;
  const KernelSet<T>& set = job.set;
  constexpr size_t kStrip = 256;
  const bool by_rows = has_narrow_columns(g, set);  // vectors over rows
  const size_t count = by_rows ? columns.size() : rows.size();
  T* const dense = static_cast<T*>(scratch((g.k + kStrip) * count * sizeof(T)));
  if (dense == nullptr) return false;
  T* const strip = dense + g.k * count;
  if (by_rows) {
    const T* b = g.b + columns.begin * (g.trans_b ? g.ldb : 1);
    if (g.trans_b || g.ldb != count) {
      (g.trans_b ? set.transpose : set.copy)(b, g.ldb, dense, count, g.k, count);
      b = dense;
    }
    for (size_t i = rows.begin; i < rows.end; i += kStrip) {
      const size_t height = smaller(kStrip, rows.end - i);
      set.narrow[count]({g.k, g.a + i * g.lda, g.lda, height, b, strip, kStrip});
      set.finish_transposed({strip, kStrip, job.c(i, columns.begin), g.ldc, height, count, job.epilogue(i, columns.begin)});
    }
    return true;
  }
  const T* a = g.a + rows.begin * (g.trans_a ? 1 : g.lda);
  (g.trans_a ? set.copy : set.transpose)(a, g.lda, dense, count, g.k, count);
  const bool identity = is_identity(job.epilogue(0, 0));
  if (identity) {
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
