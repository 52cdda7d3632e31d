// Direct regime: vectors run over the columns of C. B is read in place where it is row-major and its rows are not too
// far apart; else a block of it is packed into panels of nv vectors. A is read in place, element by element, or from a dense
// copy where its steps of k collide (collide.h).
//
//   for blocks of columns (nc)          the block of B stays in L2
//     for blocks of k (kc)              one block for k up to 1.5 kc: accumulators never leave the registers then
//       for strips of rows              one tile (mr): its mr x kc of A stays in L1; or many: panels stay there
//         for panels                    packed first, if needed: k x nv·lanes, contiguous
//           for tiles of the strip      one register tile each
#pragma once

#include "gemm/direct_sizes.h"
#include "gemm/edge.h"
#include "gemm/job.h"
#include "gemm/panels.h"
#include "gemm/scratch.h"

namespace downhill {

// Bytes of packed B that stay in L1. Of larger blocks the panels take turns in one place where all rows of C pass while a panel is
// there: AVX2 24 x 100 x 300 with transposed B 103 -> 108 GFLOP/s, AVX-512 24 x 400 x 50 185 -> 199, 50 x 784 x 100 213 -> 223.
constexpr size_t kHeldBlock = 32 * 1024;

// Rows of the tallest tile in panels of `vectors`. Of rows of A that collide eight, of one vector (collide.h), and of several while L1
// holds B (`bytes` of it), another pass over which is nothing (529 x 26 x 40 with rows of 8 KiB 150 -> 185 GFLOP/s). Of a larger B it
// would cost more: 13 x 395 x 559 with rows of 4 KiB 140 -> 210 in one pass, 33 x 149 x 555 207 -> 223.
template <class T>
size_t most_rows(const GemmCall<T>& g, size_t vectors, size_t bytes) {
  if (g.trans_a) return kMaxRows;
  const bool limited = decided(Decision::limits_rows, collides<T>(g.lda) && (vectors == 1 || bytes <= kHeldBlock));
  return limited ? kCollidingRows : kMaxRows;
}

// Copies a panel of op(B), k by columns, into rows of `room`.
template <class T>
void pack_panel(const GemmCall<T>& g, const KernelSet<T>& set, Range k, Range columns, T* to, size_t room) {
  if (g.trans_b) {
    set.transpose(g.b + columns.begin * g.ldb + k.begin, g.ldb, to, room, k.size(), columns.size());
  } else {
    set.copy(g.b + k.begin * g.ldb + columns.begin, g.ldb, to, room, k.size(), columns.size());
  }
}

// Computes C in rows x columns. False (nothing written) where scratch memory is short.
template <class T>
bool direct_block(const Job<T>& job, Range rows, Range columns) {
  const GemmCall<T>& g = job.call;
  const KernelSet<T>& set = job.set;
  const size_t edge = edge_columns(set, g, rows.size(), columns.size());
  const Range edges{columns.end - edge, columns.end};
  columns.end -= edge;
  if (columns.size() == 0) {
    const size_t dense = edge_scratch(g, rows.size(), edge);
    T* const memory = dense != 0 ? static_cast<T*>(scratch(dense * sizeof(T))) : nullptr;
    if (dense != 0 && memory == nullptr) return false;
    edge_block(job, rows, edges, memory);
    return true;
  }
  const DirectSizes s = direct_sizes(job, rows, columns);
  const size_t packed = s.pack ? s.kc * ceil_div(s.nc, set.lanes) * set.lanes : 0;
  const size_t staged = s.stage ? s.mc * s.nc : 0;
  const bool copy_a = copies_a(job, s.mc, s.kc, s.nc);
  const size_t lda = copy_a ? dense_ld<T>(s.mc) : g.lda;
  const size_t copied = copy_a ? lda * s.kc : 0;
  const size_t edge_dense = edge_scratch(g, rows.size(), edge);
  const size_t wanted = packed + staged + (copied > edge_dense ? copied : edge_dense);
  T* memory = wanted != 0 ? static_cast<T*>(scratch(wanted * sizeof(T))) : nullptr;
  if (wanted != 0 && memory == nullptr) return false;
  T* const stage = memory + packed;
  T* const dense = stage + staged;  // for the edge, then for A
  if (edge != 0) edge_block(job, rows, edges, edge_dense != 0 ? dense : nullptr);
  const bool identity = is_identity(job.epilogue(0, 0));
  const bool by_panels = goes_by_panels(job, s);

  Tile<T> tile{};
  tile.a_row = g.trans_a ? 1 : lda;
  tile.a_col = g.trans_a ? lda : 1;
  for (size_t j0 = columns.begin; j0 < columns.end; j0 += s.nc) {
    const size_t width = smaller(s.nc, columns.end - j0);
    for (size_t i0 = rows.begin; i0 < rows.end; i0 += s.mc) {
      const size_t height = smaller(s.mc, rows.end - i0);
      for (size_t p0 = 0; p0 < g.k; p0 += s.kc) {
        tile.k = smaller(s.kc, g.k - p0);
        tile.resume = p0 != 0;
        const bool final = p0 + tile.k == g.k;
        const size_t vectors = ceil_div(width, set.lanes), widest = turning_vectors(job, height);
        const Panels<T> panels = widest != 0 ? Panels<T>(vectors, widest) : Panels<T>(set, height, vectors, s.few);
        const size_t* const heights = widest != 0 ? set.turning_rows : set.max_rows;
        Panels<T> first = panels;
        const size_t first_vectors = first.next(), limit = most_rows(g, first_vectors, tile.k * width * sizeof(T));
        const size_t tallest = smaller(limit, heights[first_vectors]);
        const T* a = g.a + (g.trans_a ? p0 * g.lda + i0 : i0 * g.lda + p0);
        if (copy_a) {
          set.copy(a, g.lda, dense, lda, tile.k, height);
          a = dense;
        }
        const bool applies = final && !s.stage && !identity;
        Epilogue<T> epilogue;
        tile.epilogue = applies ? &epilogue : nullptr;
        tile.b_row = g.ldb;
        tile.ldc = s.stage ? s.nc : g.ldc;
        RowTiles strip(height, by_panels || widest != 0 ? strip_rows(job, s) : tallest);
        const bool in_turns = strip.rest() == 1 && packed * sizeof(T) > kHeldBlock;
        while (strip.next()) {
          const size_t i = i0 + strip.at;
          T* to = memory;
          tile.b = s.pack ? to : g.b + p0 * g.ldb + j0;
          T* c = s.stage ? stage + strip.at * s.nc : job.c(i, j0);
          Panels<T> panel = panels;
          for (size_t j = 0, nv; (nv = panel.next()) != 0; j += nv * set.lanes) {
            const size_t room = nv * set.lanes;
            tile.last = smaller(room, width - j) + set.lanes - room;
            if (s.pack) tile.b_row = room;
            const Range panel_k{p0, p0 + tile.k}, panel_columns{j0 + j, j0 + smaller(j + room, width)};
            RowTiles t(strip.height, smaller(limit, heights[nv]));
            t.next();
            const auto turning = strip.at == 0 && widest != 0 ? set.turning[nv][t.height] : nullptr;
            if (s.pack && strip.at == 0 && turning == nullptr) pack_panel(g, set, panel_k, panel_columns, to, room);
            do {
              tile.a = a + (strip.at + t.at) * tile.a_row;
              tile.c = c + t.at * tile.ldc;
              if (applies) epilogue = job.epilogue(i + t.at, j0 + j);
              if (turning != nullptr && t.at == 0) {
                turning(tile, g.b + panel_columns.begin * g.ldb + p0, g.ldb, to, t.height < height);
              } else {
                set.tile[nv][t.height](tile);
              }
            } while (t.next());
            if (!in_turns) to += room * tile.k;
            tile.b = s.pack ? to : tile.b + room;
            c += room;
          }
        }
      }
      if (s.stage) set.finish({stage, s.nc, job.c(i0, j0), g.ldc, height, width, job.epilogue(i0, j0)});
    }
  }
  return true;
}

}  // namespace downhill
