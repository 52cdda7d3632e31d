// Dot regime: dot order (is_dot_order). Few rows, or few columns, of C, at most kDotWidth of them, are dot products with each row
// of the other operand, which streams through with its k contiguous. Also the regime of matrix times vector.
//   - the few are taken at most four at a time, while a strip of the others stays in the first cache;
//   - an operand whose k lies apart, row-major B or transposed A, has at most kDotWidth rows along k: it is turned first.
#pragma once

#include "gemm/job.h"
#include "gemm/regime.h"
#include "gemm/scratch.h"

namespace downhill {

// Rows of the long operand between two groups of few: all that pass by anyway, else what half of a 48 KiB L1 holds.
template <class T>
size_t dot_strip(size_t few, size_t k, size_t most) {
  if (few <= kMaxDotRows) return most;
  const size_t fitting = 24 * 1024 / (k * sizeof(T)) / 8 * 8;
  return fitting < 8 ? 8 : smaller(fitting, most);
}

// set.dot for any number of few rows.
template <class T>
void dot_groups(const KernelSet<T>& set, DotBlock<T> d) {
  for (RowTiles group(d.few_count, kMaxDotRows); group.next();) {
    DotBlock<T> part = d;
    part.few = d.few + group.at * d.few_row;
    part.few_count = group.height;
    part.out = d.out + group.at * d.ld_out;
    set.dot(part);
  }
}

// Computes C in rows x columns. False (nothing written) where scratch memory is short.
template <class T>
bool dot_block(const Job<T>& job, Range rows, Range columns) {
  const GemmCall<T>& g = job.call;
  const KernelSet<T>& set = job.set;
  const T* a = g.a + rows.begin * (g.trans_a ? 1 : g.lda);
  const T* b = g.b + columns.begin * (g.trans_b ? g.ldb : 1);
  size_t lda = g.lda, ldb = g.ldb;
  const bool turn_a = g.trans_a && (g.m != 1 || lda != 1);  // one row of adjacent elements lies right already
  const bool turn_b = !g.trans_b && (g.n != 1 || ldb != 1);
  if (turn_a || turn_b) {
    const size_t turned_rows = (turn_a ? rows.size() : 0) + (turn_b ? columns.size() : 0);
    T* memory = static_cast<T*>(scratch(turned_rows * g.k * sizeof(T)));
    if (memory == nullptr) return false;
    if (turn_a) {
      set.transpose(a, lda, memory, g.k, rows.size(), g.k);
      a = memory;
      lda = g.k;
      memory += rows.size() * g.k;
    }
    if (turn_b) {
      set.transpose(b, ldb, memory, g.k, columns.size(), g.k);
      b = memory;
      ldb = g.k;
    }
  }
  const bool identity = is_identity(job.epilogue(0, 0));
  constexpr size_t kStrip = 256;
  T out[kDotWidth * kStrip];
  if (g.m <= g.n) {
    const size_t strip = dot_strip<T>(rows.size(), g.k, identity ? columns.size() : kStrip);
    for (size_t j = columns.begin; j < columns.end; j += strip) {
      const size_t count = smaller(strip, columns.end - j);
      const T* const many = b + (j - columns.begin) * ldb;
      DotBlock<T> d{g.k, a, lda, rows.size(), many, ldb, count, job.c(rows.begin, j), g.ldc};
      if (identity) {
        dot_groups(set, d);
        continue;
      }
      d.out = out;
      d.ld_out = kStrip;
      dot_groups(set, d);
      set.finish({out, kStrip, job.c(rows.begin, j), g.ldc, rows.size(), count, job.epilogue(rows.begin, j)});
    }
    return true;
  }
  const bool in_place = identity && columns.size() == 1 && g.ldc == 1;
  const size_t strip = dot_strip<T>(columns.size(), g.k, in_place ? rows.size() : kStrip);
  for (size_t i = rows.begin; i < rows.end; i += strip) {
    const size_t count = smaller(strip, rows.end - i);
    T* const to = in_place ? job.c(i, columns.begin) : out;
    dot_groups(set, {g.k, b, ldb, columns.size(), a + (i - rows.begin) * lda, lda, count, to, kStrip});
    if (in_place) continue;
    set.finish_transposed({out, kStrip, job.c(i, columns.begin), g.ldc, count, columns.size(), job.epilogue(i, columns.begin)});
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
