// Pairs regime: both operands lie along k (A as stored, B transposed) and C is small, so that neither is read often enough to pay
// for turning all of it. Lanes are eight rows by two columns (kernels/pairs.h).
#pragma once

#include "gemm/job.h"
#include "gemm/scratch.h"

namespace downhill {

// Whether the ISA has kernels for the product: both operands along k, four rows and a batch of k at least.
template <class T>
bool can_pair(const GemmCall<T>& g, const KernelSet<T>& set) {
  return g.trans_b && !g.trans_a && set.pairs[1][1] != nullptr && g.m >= 4 && g.k >= set.lanes;
}

// Computes C in rows x columns. Only the last block of rows may hold less than eight. False (nothing written) where scratch memory
// is short.
template <class T>
bool pairs_block(const Job<T>& job, Range rows, Range columns) {
  const GemmCall<T>& g = job.call;
  const KernelSet<T>& set = job.set;
  const size_t steps = ceil_div(g.k, set.lanes) * set.lanes, two = 2 * set.lanes;
  const size_t eights = ceil_div(rows.size(), kEight), pairs = ceil_div(columns.size(), 2);
  const bool keeps_a = pairs > kMaxPairs, keeps_b = eights > kMaxEights;
  const size_t size_a = kMaxEights * kEight * (keeps_a ? steps : two), size_b = (keeps_b ? pairs : kMaxPairs) * 2 * (keeps_b ? steps : two);
  T* const memory = static_cast<T*>(scratch((size_a + size_b) * sizeof(T)));
  if (memory == nullptr) return false;
  T* const turned_b = memory + size_a;
  const bool identity = is_identity(job.epilogue(0, 0));
  for (RowTiles e(eights, kMaxEights); e.next();) {
    const size_t i = rows.begin + kEight * e.at;
    for (RowTiles p(pairs, kMaxPairs); p.next();) {
      const size_t j = columns.begin + 2 * p.at;
      const Epilogue<T> epilogue = job.epilogue(i, j);
      set.pairs[e.height][p.height]({g.k,
                                     {g.a + i * g.lda, g.lda, memory, p.at == 0, keeps_a},
                                     {g.b + j * g.ldb, g.ldb, turned_b + (keeps_b ? 2 * p.at * steps : 0), e.at == 0, keeps_b},
                                     job.c(i, j),
                                     g.ldc,
                                     smaller(kEight * e.height, rows.end - i),
                                     smaller(2 * p.height, columns.end - j),
                                     identity ? nullptr : &epilogue});
    }
  }
  return true;
}

}  // namespace downhill
