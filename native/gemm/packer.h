// B's way into panels, for the blocked regime. There are two buffers: while the tiles of one block run, they copy the next block
// into the other, a line at each step of k, after asking the caches for it a row before. A transposed B is turned between the tiles, a
// line of each of a panel's rows, which the tile before asks for. In one go B's rows, a page apart, come at 6 bytes a cycle: 4 % of
// 512 x 768 x 3072.
#pragma once

#include "gemm/job.h"

namespace downhill {

// Steps of k in a segment of a tile (Ahead); at least one: the last of very many blocks of k can be shorter than a tile is tall.
inline size_t segment_steps(size_t k, size_t rows) { return k < rows ? 1 : k / rows; }

// A block of op(B), panels of widest * lanes columns. k = 0: none.
struct PanelBlock {
  size_t p, k, j, width;
  bool operator==(const PanelBlock&) const = default;
};

template <class T>
class Packer {
 public:
  Packer(const GemmCall<T>& call, const KernelSet<T>& set, T* memory, size_t size)
      : g_(call), set_(set), ready_(memory), next_(memory + size), panel_(set.widest * set.lanes) {}

  // Finishes `block` and returns its panels, k * panel elements each. From now on work() prepares `next`, in `turns` calls.
  const T* begin(const PanelBlock& block, const PanelBlock& next, size_t turns) {
    if (!(block == to_come_)) plan(block);
    pack(units_ - done_);
    T* const panels = next_;
    next_ = ready_;
    ready_ = panels;
    plan(next);
    share_ = ceil_div(units_, turns);
    return panels;
  }

  // What the next tile, of `height` rows and `k` steps, does for the block to come. Rows are copied while it runs, each asked for
  // in the segment before; of a transposed B a piece is turned here, and the tile asks for a line of each row of the next.
  void work(Ahead<T>& ahead, size_t height, size_t k) {
    if (done_ == units_) return;
    const size_t units = smaller(share_, units_ - done_), steps = segment_steps(k, height);
    if (g_.trans_b) {
      pack(units);
      if (done_ == units_) return;
      ahead.b = reinterpret_cast<const char*>(piece(done_));
      ahead.b_step = g_.ldb * sizeof(T);
      ahead.b_segment = steps < panel_ ? steps * ahead.b_step : 0;
      return;
    }
    ahead.parts = units <= height ? 1 : ceil_div(units, height);
    ahead.rows = units;
    ahead.panels = to_come_.width / panel_;
    ahead.from = g_.b + (to_come_.p + done_) * g_.ldb + to_come_.j;
    ahead.from_row = g_.ldb;
    ahead.to = next_ + done_ * panel_;
    ahead.panel_size = to_come_.k * panel_;
    const size_t before = height * ahead.parts - units;  // segments that copy nothing
    ahead.quiet = before == 0 ? 0 : before - 1;
    ahead.b = reinterpret_cast<const char*>(before == 0 ? ahead.from + g_.ldb : ahead.from);
    ahead.b_segment = g_.ldb * sizeof(T);
    const size_t part = ahead.parts == 1 ? steps : steps / ahead.parts, copying = ahead.panels * set_.widest;
    ahead.b_step = ceil_div(to_come_.width * sizeof(T), part > copying ? part - copying : 1);
    done_ += units;
  }

 private:
  // Work is counted in rows of B; where B is transposed, in pieces of a panel: a cache line of each of its rows. One panel
  // comes after the other, so that the processor keeps the addresses of a panel's pages (one a row).
  static constexpr size_t kPiece = 64 / sizeof(T);

  void plan(const PanelBlock& block) {
    to_come_ = block;
    done_ = 0;
    units_ = g_.trans_b ? ceil_div(block.k, kPiece) * (block.width / panel_) : block.k;
  }

  void pack(size_t units) {
    const PanelBlock& b = to_come_;
    if (!g_.trans_b) {
      set_.panels(g_.b + (b.p + done_) * g_.ldb + b.j, g_.ldb, next_ + done_ * panel_, b.k * panel_, units, b.width);
      done_ += units;
      return;
    }
    const size_t pieces = ceil_div(b.k, kPiece);
    for (const size_t end = done_ + units; done_ < end; ++done_) {
      const size_t at = done_ % pieces * kPiece;
      T* const panel = next_ + done_ / pieces * panel_ * b.k;
      set_.transpose(piece(done_), g_.ldb, panel + at * panel_, panel_, smaller(kPiece, b.k - at), panel_);
    }
  }

  // Where a piece of the transposed B begins.
  const T* piece(size_t index) const {
    const size_t pieces = ceil_div(to_come_.k, kPiece);
    return g_.b + (to_come_.j + index / pieces * panel_) * g_.ldb + to_come_.p + index % pieces * kPiece;
  }

  const GemmCall<T>& g_;
  const KernelSet<T>& set_;
  T* ready_;
  T* next_;
  const size_t panel_;
  PanelBlock to_come_{};
  size_t units_ = 0, done_ = 0, share_ = 0;
};

}  // namespace downhill
