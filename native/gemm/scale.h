// Scale regime: nothing to sum, because k = 0 or alpha = 0. The accumulators are +0, neither A nor B is read, and only what follows
// the product is left.
#pragma once

#include "gemm/job.h"

namespace downhill {

// Computes C in rows x columns.
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
