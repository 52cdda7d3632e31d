// Swapped regime: vectors run over the rows of C, that is, C transposed = op(B) transposed * op(A) transposed. For few
// columns of C, which would leave lanes of vectors over them empty, and for transposed B, which is then read in place.
// op(A) transposed has contiguous rows where A is transposed; else a panel of lanes·nv rows of A is transposed into
// scratch memory. Finished tiles wait in scratch memory and pass through a register transpose into C.
#pragma once

#include "gemm/collide.h"
#include "gemm/job.h"
#include "gemm/scratch.h"

namespace downhill {

// Vectors (of rows of C) per panel: the width whose tallest tile, of at most `tallest` columns, wastes least on `columns`.
template <class T>
size_t swapped_vectors(const KernelSet<T>& set, size_t columns, size_t row_vectors, size_t tallest) {
  size_t best = 1, best_accumulators = 0;
  for (size_t nv = 1; nv <= smaller(set.widest, row_vectors); ++nv) {
    const size_t height = ceil_div(columns, ceil_div(columns, smaller(set.max_rows[nv], tallest)));
    if (height * nv >= best_accumulators) {
      best = nv;
      best_accumulators = height * nv;
    }
  }
  return best;
}

// Whether a panel of `width` rows of a transposed A is copied too, because its steps of k collide: each is fetched again for the next
// few columns (16 x 256 x 128 AᵀBᵀ with rows of 4 KiB 108 -> 183 GFLOP/s, AVX2 78 -> 116; 256 x 128 x 1000 with rows of 16 KiB 190 ->
// 223). A panel of several lines, each of which serves as many multiplications, only where many columns read it (312 x 42 x 77 212 -> 176).
template <class T>
bool copies_panel(const GemmCall<T>& g, size_t width, size_t columns) {
  return decided(Decision::copies_panel, collides<T>(g.lda) && columns >= (width * sizeof(T) <= 64 ? 24 : 128));
}

// Computes C in rows x columns. False (nothing written) where scratch memory is short.
template <class T>
bool swapped_block(const Job<T>& job, Range rows, Range columns) {
  const GemmCall<T>& g = job.call;
  const KernelSet<T>& set = job.set;
  const size_t tallest = g.trans_b && collides<T>(g.ldb) ? kCollidingRows : kMaxRows;
  const size_t nv_most = swapped_vectors(set, columns.size(), ceil_div(rows.size(), set.lanes), tallest);
  const size_t width = nv_most * set.lanes;
  const size_t kc = smaller(g.k, 2048);
  const size_t nc = smaller(columns.size(), g.k > kc ? 512 : 64);
  const bool in_place = g.trans_a && !copies_panel<T>(g, width, columns.size());
  const size_t packed = in_place ? 0 : kc * width;
  T* const memory = static_cast<T*>(scratch((packed + nc * width) * sizeof(T)));
  if (memory == nullptr) return false;
  T* const staged = memory + packed;

  Tile<T> tile{};
  tile.a_row = g.trans_b ? g.ldb : 1;
  tile.a_col = g.trans_b ? 1 : g.ldb;
  tile.ldc = width;
  for (size_t i = rows.begin; i < rows.end; i += width) {
    const size_t height = smaller(width, rows.end - i);
    const size_t nv = ceil_div(height, set.lanes);
    tile.last = height - (nv - 1) * set.lanes;
    size_t packed_at = g.k;  // the block of k that the panel holds
    for (size_t j0 = columns.begin; j0 < columns.end; j0 += nc) {
      const size_t count = smaller(nc, columns.end - j0);
      for (size_t p0 = 0; p0 < g.k; p0 += kc) {
        tile.k = smaller(kc, g.k - p0);
        tile.resume = p0 != 0;
        if (in_place) {
          tile.b = g.a + p0 * g.lda + i;
          tile.b_row = g.lda;
        } else {
          if (packed_at != p0 && g.trans_a) set.copy(g.a + p0 * g.lda + i, g.lda, memory, width, tile.k, height);
          if (packed_at != p0 && !g.trans_a) set.transpose(g.a + i * g.lda + p0, g.lda, memory, width, tile.k, height);
          packed_at = p0;
          tile.b = memory;
          tile.b_row = width;
        }
        for (RowTiles t(count, smaller(set.max_rows[nv], tallest)); t.next();) {
          tile.a = g.b + (j0 + t.at) * tile.a_row + p0 * tile.a_col;
          tile.c = staged + t.at * width;
          set.tile[nv][t.height](tile);
        }
      }
      set.finish_transposed({staged, width, job.c(i, j0), g.ldc, height, count, job.epilogue(i, j0)});
    }
  }
  return true;
}

}  // namespace downhill
