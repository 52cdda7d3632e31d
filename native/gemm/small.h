// Small products: a few register tiles, B row-major and in place. No packing, no blocking, no threads, no plan: that would take
// 50 ns, a sixth of 32 x 32 x 32 (0.93 of OpenBLAS with it, 1.04 without).
#pragma once

#include "gemm/direct_sizes.h"
#include "gemm/edge.h"
#include "gemm/panels.h"
#include "gemm/split.h"
#include "memory/fp_mode.h"

namespace downhill {

// Whether a product of the direct regime takes no packing, no blocking of k and one thread only.
template <class T>
inline bool is_small(const GemmCall<T>& g, const KernelSet<T>& set) {
  constexpr size_t kMost = 4096, kLongest = 512;  // keep the products below within 32 bits
  if (g.trans_b || g.m > kMost || g.n > kMost || g.k > kLongest || g.ldb > kMost || g.m == 1) return false;
  if (edge_scratch(g, g.m, 1) != 0) return false;
  if (g.n <= set.lanes && g.m > kCollidingRows && !g.trans_a && collides<T>(g.lda)) return false;  // tiles are too tall
  // Rows of C that collide, more than eight of several panels: each panel would wait for its part of B again, which they push out of L1
  // (16 x 1024 x 12: 116 GFLOP/s, tile by tile 142).
  if (collides<T>(g.ldc) && g.m > kCollidingRows && g.n >= 4 * set.widest * set.lanes) return false;
  if (is_one_line(set) && columns_collide(Job<T>{g, set}, g.m)) return false;  // B is copied
  return g.m * g.n < kWorthSplitting && g.m * g.n * g.k < kWorthSplitting && g.k * g.ldb * sizeof(T) <= kFarApart;
}

// Computes all of C. `g` is of the direct regime and is_small().
template <class T>
[[gnu::noinline]] void small(const GemmCall<T>& g, const KernelSet<T>& set) {
  const FpScope mode(flushes_subnormals<T>());
  const Job<T> job{g, set};
  const size_t lanes = set.lanes;
  Tile<T> tile;
  tile.k = g.k;
  tile.a_row = g.trans_a ? 1 : g.lda;
  tile.a_col = g.trans_a ? g.lda : 1;
  tile.b_row = g.ldb;
  tile.ldc = g.ldc;
  tile.resume = false;
  Epilogue<T> epilogue = job.epilogue(0, 0);
  const bool identity = is_identity(epilogue);
  tile.epilogue = identity ? nullptr : &epilogue;
  const size_t edge = edge_columns(set, g, g.m, g.n), n = g.n - edge;
  if (edge != 0) edge_block(job, {0, g.m}, {n, g.n}, static_cast<T*>(nullptr));
  Panels<T> panel(set, g.m, ceil_div(n, lanes), are_few(set, g.m, g.k * n));
  for (size_t j = 0, nv; (nv = panel.next()) != 0; j += nv * lanes) {
    tile.a = g.a;
    tile.b = g.b + j;
    tile.c = g.c + j;
    tile.last = smaller(nv * lanes, n - j) + lanes - nv * lanes;
    for (RowTiles t(g.m, set.max_rows[nv]); t.next();) {
      if (!identity) epilogue = job.epilogue(t.at, j);
      set.tile[nv][t.height](tile);
      tile.a += t.height * tile.a_row;
      tile.c += t.height * tile.ldc;
    }
  }
}

}  // namespace downhill
