// A transposed A on its way to the tiles of the blocked regime. In place each step of k is on a line of its own, of which a tile
// uses a third, and a row apart. That is the fastest way for a product that reads A a few times only; else A is copied, once:
//   - rows  as they lie, an odd number of lines apart: where they are a multiple of 1 KiB apart, the lines of a tile share a few
//           sets of L1 and come from L2 for every panel (768 x 1024 x 768: 85 % of the peak in place, 94 so);
//   - strips  the rows of a tile together, k by the tile's height: a large A, in place, takes a page for each step of k, more
//           than the processor knows the addresses of (2000³: 81 % of the peak in place, 92 so).
#pragma once

#include "gemm/collide.h"
#include "gemm/direct_sizes.h"
#include "gemm/job.h"

namespace downhill {

enum class TurnedA { in_place, rows, strips };

constexpr size_t kLargeA = 6 * 1024 * 1024;  // bytes, from which on strips pay
constexpr size_t kMostStrips = 16 * 1024 * 1024, kLeastStripRows = 512;

// How `columns` of C read `rows` of op(A). Filling the strips takes 3 % of 1024 columns, copying rows 2 % of 512 (of 512 float64 as
// much as is gained). Where a panel is one line wide, A passes four times as often: AVX2 2048 x 512 x 2048 from 77 to 117 GFLOP/s in
// strips, 768 x 512 x 768 103 to 117 copied, and where its steps of k collide from four panels on, 1024 x 128 x 1024 84 to 112.
template <class T>
TurnedA turned_way(const Job<T>& job, size_t rows, size_t columns) {
  const GemmCall<T>& g = job.call;
  if (!g.trans_a) return TurnedA::in_place;
  const size_t row_bytes = g.k * sizeof(T);
  const bool one_line = is_one_line(job.set);
  const size_t lines = 64 / sizeof(T) * (collides<T>(g.lda) ? 4 : 32);
  if (rows * row_bytes >= kLargeA) {
    return columns >= (one_line ? lines : 1024) && kLeastStripRows * row_bytes <= kMostStrips ? TurnedA::strips : TurnedA::in_place;
  }
  const bool pays = g.lda * sizeof(T) % 1024 == 0 && columns >= (one_line ? lines : 128 * sizeof(T));
  return decided(Decision::copies_turned, pays) ? TurnedA::rows : TurnedA::in_place;
}

template <class T>
class Turned {
 public:
  // Blocks of k of `kc`; at most `rows` rows of op(A) at a time, or fewer (rows()) where the copy would take too much memory.
  Turned(const Job<T>& job, size_t kc, size_t rows, size_t columns)
      : g_(job.call), set_(job.set), way_(turned_way(job, rows, columns)), kc_(kc), tallest_(set_.max_rows[set_.widest]) {
    rows_ = way_ == TurnedA::strips ? smaller(rows, kMostStrips / (g_.k * sizeof(T))) : rows;
    ld_ = way_ == TurnedA::rows ? dense_ld<T>(rows_) : g_.lda;
    slot_ = ceil_div(tallest_ * kc, kLine) * kLine + kLine;  // the line between two strips keeps them from sharing a set
    strips_ = ceil_div(rows_, tallest_);
  }

  TurnedA way() const { return way_; }
  size_t rows() const { return rows_; }

  // Elements of the copy.
  size_t size() const {
    if (way_ == TurnedA::in_place) return 0;
    return way_ == TurnedA::rows ? ld_ * g_.k : ceil_div(g_.k, kc_) * strips_ * slot_;
  }
  void place(T* memory) { memory_ = memory; }

  // Copies rows [i, i + rows) of op(A), k from p to p + k. Strips: a few whole rows as they lie at a time, so that each page is
  // visited once, asking for what comes kSteps later.
  void fill(size_t i, size_t rows, size_t p, size_t k) const {
    const T* from = g_.a + p * g_.lda + i;
    if (way_ == TurnedA::rows) set_.copy(from, g_.lda, memory_ + p * ld_, ld_, k, rows);
    if (way_ != TurnedA::strips) return;
    for (size_t step = 0; step < k; step += kSteps, from += kSteps * g_.lda) {
      const size_t count = smaller(kSteps, k - step);
      size_t index = 0;
      for (RowTiles t(rows, tallest_); t.next(); ++index) {
        T* const to = strip(index, p) + step * t.height;
        for (size_t s = 0; s < kSteps; ++s) __builtin_prefetch(from + (kSteps + s) * g_.lda + t.at, 0, 3);
        for (size_t e = 0; e < kSteps * t.height; e += kLine) __builtin_prefetch(to + kSteps * t.height + e, 1, 3);
        set_.copy(from + t.at, g_.lda, to, t.height, count, t.height);
      }
    }
  }

  // Where tile `index`, `at` rows from row i, begins in the block of k from p on.
  const T* tile(size_t index, size_t i, size_t at, size_t p) const {
    if (way_ == TurnedA::strips) return strip(index, p);
    return way_ == TurnedA::rows ? memory_ + p * ld_ + at : g_.a + (g_.trans_a ? p * ld_ + i + at : (i + at) * ld_ + p);
  }

  // Elements between two steps of k of a tile of `height` rows.
  size_t step(size_t height) const { return way_ == TurnedA::strips ? height : g_.trans_a ? ld_ : 1; }

 private:
  static constexpr size_t kLine = 64 / sizeof(T);
  static constexpr size_t kSteps = 8;

  T* strip(size_t index, size_t p) const { return memory_ + (p / kc_ * strips_ + index) * slot_; }

  const GemmCall<T>& g_;
  const KernelSet<T>& set_;
  const TurnedA way_;
  const size_t kc_, tallest_;
  size_t rows_, ld_, slot_, strips_;
  T* memory_ = nullptr;
};

}  // namespace downhill
