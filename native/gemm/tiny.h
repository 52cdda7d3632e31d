// Tiny and small products: no packing, no blocking, no threads. Tiny: C is one register tile and B is row-major; on an
// 8 x 8 product the division that a plan would need costs as much as the product. Small: a few tiles, B in place; a full
// plan would take 50 ns, a sixth of 32 x 32 x 32 (0.93 of OpenBLAS with it, 1.04 without).
#pragma once

#include <cstdint>

#include "gemm/direct_sizes.h"
#include "gemm/edge.h"
#include "gemm/panels.h"
#include "gemm/regime.h"
#include "gemm/split.h"
#include "memory/fp_mode.h"

namespace downhill {

// The vectors of the one tile that holds C, or 0 where C is larger than a tile or B is transposed.
template <class T>
inline size_t tile_vectors(const GemmCall<T>& g, const KernelSet<T>& set) {
  if (g.trans_b || g.n > kMaxVectors * set.lanes || g.m > kMaxRows) return 0;
  size_t vectors = 1;
  for (size_t room = set.lanes; room < g.n; room += set.lanes) ++vectors;
  return g.m > set.max_rows[vectors] ? 0 : vectors;
}

// The same, or 0 where the work is worth two threads or the shape is another regime's.
template <class T>
inline size_t tiny_vectors(const GemmCall<T>& g, const KernelSet<T>& set) {
  const size_t vectors = tile_vectors(g, set);
  if (vectors == 0 || g.alpha == 0 || g.k == 0) return 0;
  if (g.k >= kWorthSplitting || g.m * g.n * g.k >= kWorthSplitting) return 0;
  if (g.trans_a && fills_more_by_rows(g.m, g.n, g.k, true, set.lanes)) return 0;
  return is_dot_order(g.m, g.n, g.k, g.trans_a, false) ? 0 : vectors;
}

// Computes all of C. `vectors` is tiny_vectors(), not 0.
template <class T>
inline void tiny(const GemmCall<T>& g, const KernelSet<T>& set, size_t vectors) {
  const Epilogue<T> epilogue{g.alpha, g.beta, g.bias, g.residual, g.ldr, g.activation};
  const Tile<T> tile{.k = g.k,
                     .a = g.a,
                     .a_row = g.trans_a ? 1 : g.lda,
                     .a_col = g.trans_a ? g.lda : 1,
                     .b = g.b,
                     .b_row = g.ldb,
                     .c = g.c,
                     .ldc = g.ldc,
                     .last = g.n - (vectors - 1) * set.lanes,
                     .resume = false,
                     .epilogue = is_identity(epilogue) ? nullptr : &epilogue};
  set.tile[vectors][g.m](tile);
}

// Whether a product of the direct regime takes no packing, no blocking of k and one thread only.
template <class T>
inline bool is_small(const GemmCall<T>& g, const KernelSet<T>& set) {
  constexpr size_t kMost = 4096, kLongest = 512;  // keep the products below within 32 bits
  if (g.trans_b || g.m > kMost || g.n > kMost || g.k > kLongest || g.ldb > kMost || g.m == 1) return false;
  if (edge_scratch(g, g.m, 1) != 0) return false;
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
