// Pairs regime: both operands lie along k (A as stored, B transposed) and C is small, so that neither is read often enough to pay
// for turning all of it. Lanes are eight rows by two columns (kernels/pairs.h), or two rows by eight columns where fewer of them stay
// empty: then C transposed = B * A transposed is computed so, and written to C through a transpose.
#pragma once

#include "gemm/job.h"
#include "gemm/regime.h"
#include "gemm/scratch.h"

namespace downhill {

// Whether the ISA has kernels for the product: both operands along k, four rows and a batch of k at least.
template <class T>
bool can_pair(const GemmCall<T>& g, const KernelSet<T>& set) {
  return g.trans_b && !g.trans_a && set.pairs[1][1] != nullptr && g.m >= 4 && g.k >= set.lanes;
}

// Elements of scratch memory that operands are turned in.
template <class T>
struct TurnedPairs {
  size_t steps, a, b;
  bool keeps_a, keeps_b;

  TurnedPairs(const KernelSet<T>& set, size_t rows, size_t columns, size_t k) : steps(ceil_div(k, set.lanes) * set.lanes) {
    const size_t pairs = ceil_div(columns, 2), two = 2 * set.lanes;
    keeps_a = pairs > kMaxPairs;
    keeps_b = rows > kEight * kMaxEights;
    a = kMaxEights * kEight * (keeps_a ? steps : two);
    b = (keeps_b ? pairs : kMaxPairs) * 2 * (keeps_b ? steps : two);
  }
};

// Computes C in rows x columns with eights of rows and pairs of columns.
template <class T>
void pairs_tiles(const Job<T>& job, Range rows, Range columns, const TurnedPairs<T>& turned, T* memory) {
  const GemmCall<T>& g = job.call;
  T* const turned_b = memory + turned.a;
  const bool identity = is_identity(job.epilogue(0, 0));
  for (RowTiles e(ceil_div(rows.size(), kEight), kMaxEights); e.next();) {
    const size_t i = rows.begin + kEight * e.at;
    for (RowTiles p(ceil_div(columns.size(), 2), kMaxPairs); p.next();) {
      const size_t j = columns.begin + 2 * p.at;
      const Epilogue<T> epilogue = job.epilogue(i, j);
      job.set.pairs[e.height][p.height](
          {g.k,
           {g.a + i * g.lda, g.lda, memory, p.at == 0, turned.keeps_a},
           {g.b + j * g.ldb, g.ldb, turned_b + (turned.keeps_b ? 2 * p.at * turned.steps : 0), e.at == 0, turned.keeps_b},
           job.c(i, j),
           g.ldc,
           smaller(kEight * e.height, rows.end - i),
           smaller(2 * p.height, columns.end - j),
           identity ? nullptr : &epilogue});
    }
  }
}

// Computes C in rows x columns. Only the last block of rows may hold less than eight; of fewer than four rows in eights the kernel reads
// rows before them, which a narrow block of columns may not have. False (nothing written) where scratch memory is short.
template <class T>
bool pairs_block(const Job<T>& job, Range rows, Range columns) {
  const GemmCall<T>& g = job.call;
  const KernelSet<T>& set = job.set;
  const size_t m = rows.size(), n = columns.size();
  if (n < 4 || !fills_more_in_pairs_of_rows(m, n, g.k)) {
    const TurnedPairs<T> turned(set, m, n, g.k);
    T* const memory = static_cast<T*>(scratch((turned.a + turned.b) * sizeof(T)));
    if (memory == nullptr) return false;
    pairs_tiles(job, rows, columns, turned, memory);
    return true;
  }
  const TurnedPairs<T> turned(set, n, m, g.k);
  T* const memory = static_cast<T*>(scratch((turned.a + turned.b + m * n) * sizeof(T)));
  if (memory == nullptr) return false;
  T* const staged = memory + turned.a + turned.b;
  const GemmCall<T> other{.m = n,
                          .n = m,
                          .k = g.k,
                          .a = g.b + columns.begin * g.ldb,
                          .lda = g.ldb,
                          .trans_a = false,
                          .b = g.a + rows.begin * g.lda,
                          .ldb = g.lda,
                          .trans_b = true,
                          .c = staged,
                          .ldc = m};
  pairs_tiles(Job<T>{other, set}, {0, n}, {0, m}, turned, memory);
  const size_t i = rows.begin, j = columns.begin;
  set.finish_transposed({staged, m, job.c(i, j), g.ldc, m, n, job.epilogue(i, j)});
  return true;
}

}  // namespace downhill
