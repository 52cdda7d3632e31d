// Tiny products: C is one register tile and B is row-major. No packing, no blocking, no threads, no plan: on an 8 x 8 product the
// division that a plan would need costs as much as the product.
#pragma once

#include "gemm/few.h"
#include "gemm/gemm.h"
#include "gemm/regime.h"
#include "gemm/split.h"
#include "gemm/table.h"

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
  if (vectors >= kOneRow && collides<T>(g.ldb) && is_few(g, set)) return 0;
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

}  // namespace downhill
