// How a product is cut into chunks for the pool. Chunks are blocks of C, never of k: bits do not depend on the cut.
#pragma once

#include <cstddef>

#include "gemm/job.h"
#include "parallel/pool.h"

namespace downhill {

struct Grid {
  size_t row_step, column_step;
  size_t row_chunks, column_chunks;
  size_t chunks() const { return row_chunks * column_chunks; }
};

// Fused multiply-adds below which a second thread does not pay: about 1 µs of work for each.
constexpr size_t kWorthSplitting = 200'000;

// Whether a second thread pays. An element of C takes as long as five multiply-adds at least: its lines come and go. Swept over 90
// random shapes with k up to 48 (docs/gemm.md): from 784 x 784 x 1 (54 GFLOP/s on one thread, 113 on two) to 128 x 190 x 7 (232, 332).
// Where the cores are far apart, handing over takes a microsecond more, and a thread's prefetcher takes lines of C beyond its block from
// the core that writes them, which counts beside short k (207 x 267 x 16: 223 GFLOP/s on one thread, 155 on two; 128 x 784 x 2 119 and
// 65), so more work is needed. Not of one row or up to three columns: they take longer for as much work, because they wait for the long
// operand (there 1 x 448 x 784 58 -> 136 GFLOP/s, 300 x 2 x 500 107 -> 155, but 2 x 150 x 1000 200 -> 140).
inline bool is_worth_splitting(size_t m, size_t n, size_t k) {
  constexpr double kLeastDepth = 5, kFar = 2.5, kFarAndShort = 5;
  constexpr size_t kShort = 32;
  const double depth = static_cast<double>(k);
  const double work = static_cast<double>(m) * static_cast<double>(n) * (depth > kLeastDepth ? depth : kLeastDepth);
  const double far = m == 1 || n <= 3 ? 1 : k < kShort ? kFarAndShort : kFar;
  return work >= far * kWorthSplitting || (work >= kWorthSplitting && pool_is_near());
}

// Into how many parts to cut `units`, about `wanted`, so that no thread is left with one part more than the others:
// 36 units in 8 parts of 5 (and one of 1) keep two threads busy for 20 units' time, in 6 parts of 6 for 18.
inline size_t balanced_parts(size_t units, size_t wanted, size_t threads) {
  size_t best = smaller(units, wanted), best_time = units + 1;
  for (size_t turn = 0; turn <= wanted; ++turn) {  // wanted, wanted - 1 … wanted / 2, then wanted + 1 … 3/2 wanted
    const size_t parts = turn <= wanted / 2 ? wanted - turn : wanted + turn - wanted / 2;
    if (parts > units || parts < threads) continue;
    const size_t step = ceil_div(units, parts);
    const size_t time = ceil_div(ceil_div(units, step), threads) * step;
    if (time < best_time) {
      best = parts;
      best_time = time;
    }
  }
  return best;
}

// Whether C of few rows is cut by columns, so that tiles stay tall and each thread reads its part of B only: 64 x 256 x 256
// on two threads, 438 GFLOP/s by rows and 494 by columns. With more than four tiles of rows only where no thread gets more
// of C than by rows (70 x 80 x 100 by columns: 3 of 5 vectors, 373 instead of 436).
inline bool is_flat(size_t m, size_t n, size_t threads, size_t tallest, size_t lanes) {
  if (m <= 4 * tallest) return true;
  const size_t vectors = ceil_div(n, lanes);
  return m < 12 * tallest && m * ceil_div(vectors, threads) <= ceil_div(ceil_div(m, tallest), threads) * tallest * vectors;
}

// `row_unit` and `column_unit` are the steps that keep tiles full; `columns_first` where B must be packed, because a
// cut over rows would pack it twice.
inline Grid split(size_t m, size_t n, size_t k, size_t threads, size_t row_unit, size_t column_unit, bool columns_first) {
  Grid grid{m, n, 1, 1};
  const double work = static_cast<double>(m) * static_cast<double>(n) * static_cast<double>(k);
  if (threads < 2 || !is_worth_splitting(m, n, k)) return grid;
  // Long jobs get spare chunks, so that a thread that loses its core is not waited for.
  const size_t wanted = threads * (work > 1e8 ? 4 : work > 1e7 ? 2 : 1);
  const size_t row_units = ceil_div(m, row_unit), column_units = ceil_div(n, column_unit);
  const size_t first_units = columns_first ? column_units : row_units;
  const size_t first = balanced_parts(first_units, wanted, threads);
  // The other dimension is cut only where the first is too short to feed the threads.
  const size_t rest = smaller(columns_first ? row_units : column_units, ceil_div(wanted, first));
  const size_t second = first >= threads && 2 * first >= wanted ? 1 : rest;
  const size_t row_parts = columns_first ? second : first;
  const size_t column_parts = columns_first ? first : second;
  grid.row_step = ceil_div(row_units, row_parts) * row_unit;
  grid.column_step = ceil_div(column_units, column_parts) * column_unit;
  grid.row_chunks = ceil_div(m, grid.row_step);
  grid.column_chunks = ceil_div(n, grid.column_step);
  return grid;
}

}  // namespace downhill
