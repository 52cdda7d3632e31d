// Dot regime: dot order (is_dot_order). Few rows, or few columns, of C, at most kDotWidth of them, are dot products with each
// row of the other operand, the many, which streams through with its k contiguous. Also the regime of matrix times vector.
//   - the few as well read along k: blocks of dot products (kernels/dot.h);
//   - few whose k lies apart (row-major B, transposed A) are turned, by the first of the many rows that meet them
//     (kernels/dot_turned.h), unless too few dot products with each would pay for that: then vectors run over the few
//     (kernels/dot_columns.h).
#pragma once

#include "gemm/collide.h"
#include "gemm/job.h"
#include "gemm/regime.h"
#include "gemm/scratch.h"

namespace downhill {

// The two operands of a product in dot order by their length: which of them are rows of C, and how they lie.
template <class T>
struct DotSides {
  bool few_are_columns;  // of C; else its rows
  const T* few;
  size_t few_row, few_step, few_count;  // few_step: elements between two k
  const T* many;
  size_t many_row, many_step, many_count;
};

template <class T>
DotSides<T> dot_sides(const GemmCall<T>& g, Range rows, Range columns) {
  // One transposed row of A whose elements are adjacent is a plain row; likewise one column of B.
  const bool a_along_k = !g.trans_a || (g.m == 1 && g.lda == 1);
  const bool b_along_k = g.trans_b || (g.n == 1 && g.ldb == 1);
  const T* const a = g.a + rows.begin * (g.trans_a ? 1 : g.lda);
  const T* const b = g.b + columns.begin * (g.trans_b ? g.ldb : 1);
  // Many rows whose k lies apart there are none, except for one row times one column: that is left to the plain kernel.
  if (a_along_k && (!b_along_k || g.n <= g.m)) {
    return {true, b, g.trans_b ? g.ldb : 1, b_along_k ? 1 : g.ldb, columns.size(), a, g.lda, 1, rows.size()};
  }
  return {false, a, g.trans_a ? 1 : g.lda, a_along_k ? 1 : g.lda, rows.size(), b, g.ldb, b_along_k ? 1 : g.ldb, columns.size()};
}

// Few rows 4 KiB apart share a set of the L1 cache (8 or 12 ways), those of many included.
template <class T>
bool few_collide(const DotSides<T>& d) {
  if (!collides<T>(d.few_row)) return false;
  return decided(Decision::copies_rows, d.few_count > 4 && d.many_count >= 4 * d.few_count);
}

// Whether columns that the first rows of the many turn are copied before, dense: where their rows collide and they are turned in two
// groups, which both would fetch all rows, one by one (8 x 10 x 512 with rows of 16 KiB 34 -> 47 GFLOP/s, 64 x 10 x 784 with rows of
// 4 KiB 90 -> 121; of one group 32 x 6 x 300 104 -> 93).
template <class T>
bool copies_columns(const KernelSet<T>& set, const DotSides<T>& d) {
  constexpr size_t kGroup = 8;
  if (d.few_step == 1 || d.few_row != 1 || !collides<T>(d.few_step) || d.few_count > set.most_turned) return false;
  return decided(Decision::copies_columns, d.few_count > kGroup);
}

// Rows of the many that a thread takes at least, and a multiple of: whole blocks of the widest kernels.
constexpr size_t kDotUnit = 4;

template <class T>
void use_gathered(DotSides<T>& d, const T* memory, size_t row) {
  d.few = memory;
  d.few_row = row;
  d.few_step = 1;
}

// The few side by side, each along k.
template <class T>
void gather_few(const KernelSet<T>& set, DotSides<T>& d, T* memory, size_t row, size_t k) {
  if (d.few_step == 1) {
    set.copy(d.few, d.few_row, memory, row, d.few_count, k);
  } else {
    set.transpose(d.few, d.few_step, memory, row, d.few_count, k);
  }
  use_gathered(d, memory, row);
}

// Computes C in rows x columns. False (nothing written) where scratch memory is short.
template <class T>
bool dot_block(const Job<T>& job, Range rows, Range columns) {
  const GemmCall<T>& g = job.call;
  const KernelSet<T>& set = job.set;
  DotSides<T> d = dot_sides(g, rows, columns);
  if (d.many_step != 1) return false;
  const bool few_lie_apart = d.few_step != 1 && d.few_row == 1;
  const bool in_place = few_lie_apart && (d.many_count == 1 || d.many_count * set.dot_columns_share <= d.few_count * d.few_count);
  T* memory = nullptr;
  const size_t memory_row = dense_ld<T>(g.k);
  if (!in_place && (d.few_step != 1 || few_collide(d))) {
    const size_t gathered = memory_row * d.few_count, copied = copies_columns(set, d) ? g.k * d.few_count : 0;
    memory = static_cast<T*>(scratch((gathered + copied) * sizeof(T)));
    if (memory == nullptr) return false;
    if (copied != 0) {
      set.copy(d.few, d.few_step, memory + gathered, d.few_count, g.k, d.few_count);
      d.few = memory + gathered;
      d.few_step = d.few_count;
    }
    if (d.few_step == 1 || d.few_count > set.most_turned) gather_few(set, d, memory, memory_row, g.k);
  }
  const bool identity = is_identity(job.epilogue(0, 0));
  const bool turned = in_place && !d.few_are_columns;  // sums run along the few, C along the many
  const bool direct = identity && !turned;
  constexpr size_t kStrip = 120;  // whole blocks of 4, 5, 6 or 8
  T strip[kDotWidth * kStrip];
  const size_t step = direct ? d.many_count : kStrip;
  for (size_t s = 0; s < d.many_count; s += step) {
    const size_t count = smaller(step, d.many_count - s);
    const size_t i = rows.begin + (d.few_are_columns ? s : 0), j = columns.begin + (d.few_are_columns ? 0 : s);
    T* const out = direct ? job.c(i, j) : strip;
    const size_t along_few = d.few_are_columns || turned;  // C's, or the strip's, rows
    const size_t ld = direct ? g.ldc : along_few ? d.few_count : kStrip;
    const T* const many = d.many + s * d.many_row;
    if (in_place) {
      set.dot_columns({g.k, many, d.many_row, count, d.few, d.few_step, d.few_count, out, ld});
    } else {
      const DotBlock<T> block{g.k,  d.few,      d.few_row, d.few_step, d.few_count,        memory, memory_row,
                              many, d.many_row, count,     out,        along_few ? 1 : ld, along_few ? ld : 1};
      (d.few_step == 1 ? set.dot : set.dot_turned)(block);
      if (d.few_step != 1) use_gathered(d, memory, memory_row);
    }
    if (direct) continue;
    const Finish<T> finish{strip,
                           ld,
                           job.c(i, j),
                           g.ldc,
                           d.few_are_columns ? count : d.few_count,
                           d.few_are_columns ? d.few_count : count,
                           job.epilogue(i, j)};
    (turned ? set.finish_transposed : set.finish)(finish);
  }
  return true;
}

}  // namespace downhill
