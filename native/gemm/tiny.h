// Tiny regime: C is one register tile and B is row-major. No packing, no blocking, no threads: on an 8 x 8 product the
// division that a plan would need costs as much as the product.
#pragma once

#include "gemm/job.h"

namespace downhill {

// Computes all of C, or returns false (nothing written) where C is larger than a tile or the shape is another regime's.
template <class T>
inline bool tiny(const Job<T>& job) {
  const GemmCall<T>& g = job.call;
  const KernelSet<T>& set = job.set;
  if (g.trans_b || g.n > set.widest * set.lanes || g.m > kMaxRows || g.alpha == 0 || g.k == 0) return false;
  size_t nv = 1;
  while (nv * set.lanes < g.n) ++nv;
  if (g.m > set.max_rows[nv] || is_dot_order(g.m, g.n, g.trans_a, false)) return false;
  const Epilogue<T> epilogue = job.epilogue(0, 0);
  const Tile<T> tile{g.k, g.a,   g.trans_a ? 1 : g.lda,       g.trans_a ? g.lda : 1,
                     g.b, g.ldb, g.c, g.ldc, g.n - (nv - 1) * set.lanes, false, &epilogue};
  set.tile[nv][g.m](tile);
  return true;
}

}  // namespace downhill
