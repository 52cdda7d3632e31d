// How a product is cut into chunks for the pool. Chunks are blocks of C, never of k: bits do not depend on the cut.
#pragma once

#include <cstddef>

#include "gemm/job.h"

namespace downhill {

struct Grid {
  size_t row_step, column_step;
  size_t row_chunks, column_chunks;
  size_t chunks() const { return row_chunks * column_chunks; }
};

// Fused multiply-adds below which a second thread does not pay: about 1 µs of work for each.
constexpr size_t kWorthSplitting = 200'000;

// `row_unit` and `column_unit` are the steps that keep tiles full; `columns_first` where B must be packed, because a
// cut over rows would pack it twice.
inline Grid split(size_t m, size_t n, size_t k, size_t threads, size_t row_unit, size_t column_unit, bool columns_first) {
  Grid grid{m, n, 1, 1};
  const double work = static_cast<double>(m) * static_cast<double>(n) * static_cast<double>(k);
  if (threads < 2 || work < kWorthSplitting) return grid;
  // Long jobs get spare chunks, so that a thread that loses its core is not waited for.
  const size_t wanted = threads * (work > 1e8 ? 4 : work > 1e7 ? 2 : 1);
  const size_t row_units = ceil_div(m, row_unit), column_units = ceil_div(n, column_unit);
  const size_t column_parts = smaller(columns_first ? column_units : 1, wanted);
  const size_t row_parts = smaller(row_units, ceil_div(wanted, column_parts));
  const size_t more_columns = smaller(column_units, ceil_div(wanted, row_parts));
  grid.row_step = ceil_div(row_units, row_parts) * row_unit;
  grid.column_step = ceil_div(column_units, more_columns) * column_unit;
  grid.row_chunks = ceil_div(m, grid.row_step);
  grid.column_chunks = ceil_div(n, grid.column_step);
  return grid;
}

}  // namespace downhill
