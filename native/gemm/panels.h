// How columns of C are cut into panels, each as wide as a register tile.
#pragma once

#include "gemm/job.h"

namespace downhill {

// Vectors of the widest tile that has `rows` rows.
template <class T>
size_t widest_tile(const KernelSet<T>& set, size_t rows) {
  size_t vectors = 1;
  while (vectors < kMaxVectors && set.max_rows[vectors + 1] >= rows) ++vectors;
  return vectors;
}

// Whether one tile holds all rows, so that B is read once: of at least three vectors, or of two where B is beyond 256 KiB. 12 x 784
// x 30 runs at 235 GFLOP/s in tiles of 12 x 32 and at 241 in twice 6 x 64, 13 x 300 x 784 at 238 and 221.
template <class T>
bool are_few(const KernelSet<T>& set, size_t rows, size_t b_size) {
  return rows <= set.max_rows[b_size * sizeof(T) <= 256 * 1024 ? 3 : 2];
}

// Vectors of a panel for many rows: of the widths whose tiles have equally many accumulators the one whose tiles the rows fill
// best, else the least. AVX2: 20 rows are five tiles of 4 x 3, all 12 accumulators busy, 127 GFLOP/s; in four tiles of 5 x 2, ten of
// them, 116. 9 rows 3 x 4 127, 5 x 2 and 4 x 2 113.
template <class T>
size_t panel_vectors(const KernelSet<T>& set, size_t rows) {
  size_t best = set.widest;
  if (best == set.widest_full) return best;
  size_t tiles = ceil_div(rows, set.max_rows[best]);
  for (size_t vectors = best + 1; vectors <= set.widest_full; ++vectors) {
    const size_t count = ceil_div(rows, set.max_rows[vectors]);
    // Tiles wider than tall load more of B, which its rows' ends off a line make slower (63 x 135 x 372 114 in 4 x 3, 110 in 3 x 4).
    const size_t margin = set.max_rows[vectors] < vectors ? best * count / 12 : 0;
    if (vectors * tiles <= best * count + margin) continue;
    best = vectors;
    tiles = count;
  }
  return best;
}

// Cuts vectors of columns into panels. Many rows: as wide as the registers allow, without leaving a last panel of one vector. Few
// rows: as few panels as there are tiles for, of widths that differ by at most one: B is read once, in long runs, and every panel
// has enough chains in flight (1 x 300 x 300 in one panel of 19 vectors: 76 -> 95 GFLOP/s). Divides only when it is made.
template <class T>
class Panels {
 public:
  Panels(const KernelSet<T>& set, size_t rows, size_t vectors, bool few) : left_(vectors), widest_full_(set.widest_full) {
    if (few) {
      divide(widest_tile(set, rows));
    } else {
      widest_ = panel_vectors(set, rows);
    }
  }
  // As few rows: panels of at most `widest` vectors.
  Panels(size_t vectors, size_t widest) : left_(vectors) { divide(widest); }

  // Vectors of the next panel; 0 after the last.
  size_t next() {
    const size_t vectors = smaller(left_, widest_ != 0 ? of_many() : narrower_ + (wider_ != 0));
    wider_ -= wider_ != 0;
    left_ -= vectors;
    return vectors;
  }

 private:
  void divide(size_t widest) {
    if (left_ == 0) return;
    const size_t panels = ceil_div(left_, widest);
    narrower_ = left_ / panels;
    wider_ = left_ - panels * narrower_;
  }

  size_t of_many() const {
    if (left_ == widest_ + 1) return left_ <= widest_full_ ? left_ : (left_ + 1) / 2;
    if (widest_ > 3 && (left_ == widest_ + 2 || left_ == 2 * widest_ + 1)) return widest_ - 1;
    return widest_;
  }

  size_t left_, widest_ = 0, widest_full_ = 0;
  size_t narrower_ = 0, wider_ = 0;  // of few rows: the least width, and how many panels to come are wider by one
};

}  // namespace downhill
