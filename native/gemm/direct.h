// Direct regime: vectors run over the columns of C. B is read in place where it is row-major and its rows are not too
// far apart; else a block of it is packed into panels of nv vectors. A is read in place, element by element.
//
//   for blocks of columns (nc)          the block of B stays in L2
//     for blocks of k (kc)              one block for k up to kc: accumulators never leave the registers then
//       pack B's panels, if needed      k x nv·lanes each, contiguous
//       for tiles of rows (mr)          the tile's mr x kc of A stays in L1
//         for panels                    one register tile each
#pragma once

#include "gemm/job.h"
#include "gemm/scratch.h"

namespace downhill {

// Vectors of the next panel when `left` vectors of columns remain. Many rows: as wide as the registers allow, without
// leaving a last panel of one vector. Few rows: as wide as there is a tile for, so that enough chains are in flight.
template <class T>
size_t panel_vectors(const KernelSet<T>& set, size_t rows, size_t left) {
  if (rows < set.max_rows[set.widest]) {
    size_t best = 1;
    for (size_t nv = 1; nv <= smaller(left, kMaxVectors); ++nv) {
      if (set.max_rows[nv] >= rows) best = nv;
    }
    return best;
  }
  const size_t widest = set.widest;
  if (left <= widest) return left;
  if (left == widest + 1) return ceil_div(left, 2);
  if (widest > 3 && (left == widest + 2 || left == 2 * widest + 1)) return widest - 1;
  return widest;
}

struct DirectSizes {
  size_t kc, nc, mc;
  bool pack;
  bool stage;  // k is blocked and C holds the beta operand: accumulators wait in scratch memory
};

// 600 KB of a 1 MiB L2 for the block of B; see docs/gemm.md for the sweep.
constexpr size_t kBlockBytes = 600 * 1024;

template <class T>
DirectSizes direct_sizes(const Job<T>& job, Range rows, Range columns) {
  const GemmCall<T>& g = job.call;
  const size_t panel = job.set.widest * job.set.lanes;
  DirectSizes s{};
  const size_t row_bytes = g.ldb * sizeof(T);
  // In place costs page and cache conflicts once rows of B are a page apart and the block is read many times.
  const bool far_apart = row_bytes >= 4096 && g.k * row_bytes > kBlockBytes;
  s.pack = g.trans_b || (far_apart && rows.size() >= 8 * job.set.max_rows[job.set.widest]);
  s.kc = s.pack ? smaller(g.k, 2048 / (sizeof(T) / 4)) : g.k;
  if (s.pack && g.k > s.kc) s.kc = ceil_div(g.k, ceil_div(g.k, 512));
  const size_t fitting = kBlockBytes / (s.kc * sizeof(T)) / panel * panel;
  s.nc = smaller(columns.size(), fitting < panel ? panel : fitting);
  s.stage = g.k > s.kc && g.beta != 0;
  s.mc = s.stage ? smaller(rows.size(), 128) : rows.size();
  return s;
}

// Computes C in rows x columns. False (nothing written) where scratch memory is short.
template <class T>
bool direct_block(const Job<T>& job, Range rows, Range columns) {
  const GemmCall<T>& g = job.call;
  const KernelSet<T>& set = job.set;
  const DirectSizes s = direct_sizes(job, rows, columns);
  const size_t packed = s.pack ? s.kc * ceil_div(s.nc, set.lanes) * set.lanes : 0;
  const size_t staged = s.stage ? s.mc * s.nc : 0;
  T* memory = packed + staged ? static_cast<T*>(scratch((packed + staged) * sizeof(T))) : nullptr;
  if (packed + staged != 0 && memory == nullptr) return false;
  T* const stage = memory + packed;

  Tile<T> tile{};
  tile.a_row = g.trans_a ? 1 : g.lda;
  tile.a_col = g.trans_a ? g.lda : 1;
  for (size_t j0 = columns.begin; j0 < columns.end; j0 += s.nc) {
    const size_t width = smaller(s.nc, columns.end - j0);
    for (size_t i0 = rows.begin; i0 < rows.end; i0 += s.mc) {
      const size_t height = smaller(s.mc, rows.end - i0);
      for (size_t p0 = 0; p0 < g.k; p0 += s.kc) {
        tile.k = smaller(s.kc, g.k - p0);
        tile.resume = p0 != 0;
        const bool final = p0 + tile.k == g.k;
        size_t tallest = kMaxRows;
        for (size_t j = 0, nv; j < width; j += nv * set.lanes) {
          nv = panel_vectors(set, height, ceil_div(width - j, set.lanes));
          tallest = smaller(tallest, set.max_rows[nv]);
          if (!s.pack) continue;
          const size_t used = smaller(nv * set.lanes, width - j);
          T* panel = memory + j * tile.k;
          if (g.trans_b) {
            set.transpose(g.b + (j0 + j) * g.ldb + p0, g.ldb, panel, nv * set.lanes, tile.k, used);
          } else {
            set.copy(g.b + p0 * g.ldb + j0 + j, g.ldb, panel, nv * set.lanes, tile.k, used);
          }
        }
        for (RowTiles t(height, tallest); t.next();) {
          const size_t i = i0 + t.at;
          tile.a = g.a + i * tile.a_row + p0 * tile.a_col;
          for (size_t j = 0, nv; j < width; j += nv * set.lanes) {
            nv = panel_vectors(set, height, ceil_div(width - j, set.lanes));
            const size_t used = smaller(nv * set.lanes, width - j);
            tile.last = used - (nv - 1) * set.lanes;
            tile.b = s.pack ? memory + j * tile.k : g.b + p0 * g.ldb + j0 + j;
            tile.b_row = s.pack ? nv * set.lanes : g.ldb;
            tile.c = s.stage ? stage + t.at * s.nc + j : job.c(i, j0 + j);
            tile.ldc = s.stage ? s.nc : g.ldc;
            const Epilogue<T> epilogue = job.epilogue(i, j0 + j);
            tile.epilogue = final && !s.stage ? &epilogue : nullptr;
            set.tile[nv][t.height](tile);
          }
        }
      }
      if (s.stage) set.finish({stage, s.nc, job.c(i0, j0), g.ldc, height, width, job.epilogue(i0, j0)});
    }
  }
  return true;
}

}  // namespace downhill
