// Few regime: up to three rows of C, or a vector, times a row-major B that comes from beyond L1 (kernels/few.h). Accumulators wait in
// C where it starts on lines of the cache and beta is 0, else in scratch memory: a store across two lines takes several cycles.
#pragma once

#include <cstdint>

#include "gemm/collide.h"
#include "gemm/job.h"
#include "gemm/panels.h"
#include "gemm/scratch.h"

namespace downhill {

// Vectors of one row from which on such blocks are faster than a register tile where rows of B collide: the tile walks down them and
// waits for each (1 x 300 x 300 with rows of 4 KiB 60 -> 77 GFLOP/s, 1 x 400 x 150 60 -> 73).
constexpr size_t kOneRow = 16;

// Whether C is wider than a register tile of its rows, and B larger than L1 but, from two rows on, not than L2: panels of register
// tiles take longer runs of B's rows, which counts beyond it (3 x 1000 x 600: 130 GFLOP/s, 115 here).
template <class T>
bool is_few(const GemmCall<T>& g, const KernelSet<T>& set) {
  constexpr size_t kLeast = 48 * 1024, kMost[kMaxFewRows + 1] = {0, SIZE_MAX, 1024 * 1024, 800 * 1024};
  if (g.trans_b || g.m > kMaxFewRows || set.few[g.m] == nullptr) return false;
  const size_t widest = widest_tile(set, g.m), bytes = g.n * g.k * sizeof(T);
  if (g.n <= widest * set.lanes) {
    if (g.m != 1 || g.n <= (kOneRow - 1) * set.lanes) return false;
    if (!decided(Decision::reads_blocks, collides<T>(g.ldb) && bytes <= kMost[kMaxFewRows])) return false;
  }
  return bytes > kLeast && bytes <= kMost[g.m];
}

// Whether one row is computed that way in parts of `columns`, although all of it would not be: cut, B's rows are no longer one run of
// lines, which a register tile follows as well (half of 1 x 256 x 784: 118 GB/s in a tile, 182 here). While L2 holds a part.
template <class T>
bool is_few_in_parts(const GemmCall<T>& g, const KernelSet<T>& set, size_t columns) {
  constexpr size_t kHeld = 800 * 1024;
  return g.m == 1 && !g.trans_b && columns < g.n && set.few[1] != nullptr && columns >= 3 * set.lanes &&
         columns * g.k * sizeof(T) <= kHeld;
}

// Computes C in rows x columns. False (nothing written) where scratch memory is short.
template <class T>
bool few_block(const Job<T>& job, Range rows, Range columns) {
  const GemmCall<T>& g = job.call;
  const size_t height = rows.size(), width = columns.size(), line = 64 / sizeof(T);
  const Epilogue<T> epilogue = job.epilogue(rows.begin, columns.begin);
  T* const c = job.c(rows.begin, columns.begin);
  const bool whole_lines = reinterpret_cast<uintptr_t>(c) % 64 == 0 && (height == 1 || g.ldc % line == 0) && width % line == 0;
  const bool in_place = whole_lines && g.beta == 0;
  const size_t ld = in_place ? g.ldc : ceil_div(width, line) * line;
  T* const y = in_place ? c : static_cast<T*>(scratch(height * ld * sizeof(T)));
  if (y == nullptr) return false;
  Tile<T> tile{};
  tile.k = g.k;
  tile.a_row = g.trans_a ? 1 : g.lda;
  tile.a_col = g.trans_a ? g.lda : 1;
  tile.a = g.a + rows.begin * tile.a_row;
  tile.b = g.b + columns.begin;
  tile.b_row = g.ldb;
  tile.c = y;
  tile.ldc = ld;
  job.set.few[height](tile, width);
  if (!in_place || !is_identity(epilogue)) job.set.finish({y, ld, c, g.ldc, height, width, epilogue});
  return true;
}

}  // namespace downhill
