// Shallow regime: k so short (up to 10 on AVX-512, 6 on AVX2, 27 and 11 where C is one vector wide) that panels of all of B's rows fit the registers, beside k to 2k
// rows of C or more (is_shallow). The kernel holds a panel and walks down the rows of C. The gradient of a layer's weights in a
// small batch is such a product. The stores of C bound it, but in register tiles the beginnings and ends of the tiles do: 1024 x
// 64 x 4 with transposed A took 1.6 times as long. Transposed B is turned first, once. A is read in place.
#pragma once

#include "gemm/decide.h"
#include "gemm/job.h"
#include "gemm/panels.h"
#include "gemm/scratch.h"

namespace downhill {

// Rows of C at a time. Lines a multiple of 2 KiB apart share few sets of the caches, whose other ways are written back for each:
// 1024 x 1024 x 8 with all rows at a time 57 GFLOP/s, with eight 230. What a polynomial reads again waits in L1.
template <class T>
size_t shallow_rows(const GemmCall<T>& g, size_t rows) {
  if (decided(Decision::cuts_strips, g.ldc * sizeof(T) % 2048 == 0)) return smaller(rows, 8);
  return g.activation > Activation::relu ? smaller(rows, 32) : rows;
}

// Computes C in rows x columns. False (nothing written) where scratch memory is short.
template <class T>
bool shallow_block(const Job<T>& job, Range rows, Range columns) {
  const GemmCall<T>& g = job.call;
  const KernelSet<T>& set = job.set;
  const size_t vectors = ceil_div(columns.size(), set.lanes);
  const T* b = g.b + columns.begin;
  size_t b_row = g.ldb;
  if (g.trans_b) {
    b_row = vectors * set.lanes;
    T* const turned = static_cast<T*>(scratch(g.k * b_row * sizeof(T)));
    if (turned == nullptr) return false;
    set.transpose(g.b + columns.begin * g.ldb, g.ldb, turned, b_row, g.k, columns.size());
    b = turned;
  }
  const size_t widest = set.shallow_vectors[g.k];
  const bool identity = is_identity(job.epilogue(0, 0));
  const Panels<T> panels(vectors, identity ? widest : smaller(widest, kMaxShallowAfter));
  const size_t step = shallow_rows(g, rows.size());
  // Sums wait here for a residual, which the kernels do not add.
  constexpr size_t kStrip = 8192 / sizeof(T);
  alignas(64) T strip[kStrip];
  const bool waits = g.residual != nullptr;
  Tile<T> tile{};
  tile.k = g.k;
  tile.a_row = g.trans_a ? 1 : g.lda;
  tile.a_col = g.trans_a ? g.lda : 1;
  tile.b_row = b_row;
  tile.ldc = g.ldc;
  Epilogue<T> epilogue;
  tile.epilogue = identity || waits ? nullptr : &epilogue;
  for (size_t i = rows.begin; i < rows.end; i += step) {
    const size_t count = smaller(step, rows.end - i);
    tile.a = g.a + i * tile.a_row;
    Panels<T> panel = panels;
    for (size_t j = 0, nv; (nv = panel.next()) != 0; j += nv * set.lanes) {
      tile.b = b + j;
      const size_t room = nv * set.lanes, width = smaller(room, columns.size() - j);
      tile.last = width - (nv - 1) * set.lanes;
      auto* const kernel = set.shallow[g.k][nv];
      if (!waits) {
        if (!identity) epilogue = job.epilogue(i, columns.begin + j);
        tile.c = job.c(i, columns.begin + j);
        kernel(tile, count);
        continue;
      }
      Tile<T> part = tile;
      part.c = strip;
      part.ldc = room;
      for (RowTiles t(count, kStrip / room); t.next();) {
        const size_t row = i + t.at;
        part.a = tile.a + t.at * tile.a_row;
        kernel(part, t.height);
        set.finish({strip, room, job.c(row, columns.begin + j), g.ldc, t.height, width, job.epilogue(row, columns.begin + j)});
      }
    }
  }
  return true;
}

}  // namespace downhill
