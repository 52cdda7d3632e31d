// Blocked regime: large products, by tiles of the widest width, many rows, long k. Wins over the direct regime once B has
// to be packed (beyond L2, rows a page apart, transposed) or A and C come from beyond L2, because everything that a tile
// will touch is asked for while the tiles before it run:
//
//   for blocks of rows (mc)              one, unless accumulators or a large transposed A have to be in scratch memory
//     for blocks of columns (nc)         a block of B: kc x nc, in panels, packed while the block before it is used
//       for blocks of k (kc)
//         for tiles of rows (mr)         the tile's mr x kc of A stays in L1; the next one's is on its way
//           for panels                   one register tile; the next tile of C is on its way
//
// Columns beyond the last whole panel are the direct regime's: its tiles for them are taller.
#pragma once

#include "gemm/direct.h"
#include "gemm/packer.h"
#include "gemm/turned.h"

namespace downhill {

// Bytes of A and C up to which tiles that turn B (kernels/turning.h) are faster: 256 x 784 x 256 228 GFLOP/s here and 241 so, 512 x
// 500 x 500 222 and 242, but 512 x 3072 x 768 221 and 204.
constexpr size_t kLargeTurned = 6 * 1024 * 1024;

// Whether C in `rows` rows and `columns` columns is worth looking ahead. On 32 deep products looking ahead costs 5 %. A transposed B
// is turned between tiles here, which costs more than panel by panel in the direct regime: while A and C are in L2 that one is faster
// (256 x 784 x 256: 90 and 94 % of the peak, 512³ 94 and 95, 1024³ 95 and 92).
template <class T>
bool is_blocked(const Job<T>& job, size_t rows, size_t columns) {
  const GemmCall<T>& g = job.call;
  const size_t bytes = g.m * (g.k + g.n) * sizeof(T);
  if (turns_panels(g, job.set) && bytes <= kLargeTurned) return false;
  if (g.k < 128 || rows < 8 * job.set.max_rows[job.set.widest] || columns < job.set.widest * job.set.lanes) return false;
  return (!g.trans_b && packs_b(job, rows)) || bytes > 2048 * 1024;
}

// One step of the walk over blocks: `i` is the first row, `b` the block of B.
struct Step {
  size_t i, rows;
  PanelBlock b;
};

template <class T>
class Walk {
 public:
  Walk(const GemmCall<T>& g, const DirectSizes& sizes, Range rows, Range columns)
      : k_(g.k), sizes_(sizes), rows_(rows), columns_(columns) {}

  Step first() const { return at(rows_.begin, 0, columns_.begin); }

  // rows = 0 after the last.
  Step after(const Step& s) const {
    if (s.b.p + s.b.k < k_) return at(s.i, s.b.p + s.b.k, s.b.j);
    if (s.b.j + s.b.width < columns_.end) return at(s.i, 0, s.b.j + s.b.width);
    if (s.i + s.rows < rows_.end) return at(s.i + s.rows, 0, columns_.begin);
    return {};
  }

 private:
  Step at(size_t i, size_t p, size_t j) const {
    return {i, smaller(sizes_.mc, rows_.end - i), {p, smaller(sizes_.kc, k_ - p), j, smaller(sizes_.nc, columns_.end - j)}};
  }

  const size_t k_;
  const DirectSizes sizes_;
  const Range rows_, columns_;
};

// What the tile of `height` rows in panel `index` of `panels` asks for: its share of A's next rows and the next tile of C,
// which starts at `next_c`.
template <class T>
Ahead<T> look_ahead(const Job<T>& job, const Tile<T>& tile, const T* next_a, const T* next_c, size_t height, size_t index,
                    size_t panels) {
  const char* const here = reinterpret_cast<const char*>(tile.b);
  Ahead<T> ahead{here, 0, 0, here, 0, 0, next_c};
  const size_t steps = segment_steps(tile.k, height);
  const bool strip = tile.a_row == 1 && tile.a_col == height;  // as long as `height` rows of k
  if (!job.call.trans_a || strip) {
    const size_t share = ceil_div(tile.k * sizeof(T), 64 * panels) * 64;
    ahead.a = reinterpret_cast<const char*>(next_a) + index * share;
    ahead.a_segment = (strip ? tile.k : tile.a_row) * sizeof(T);
    ahead.a_step = ceil_div(share, steps);
  } else if (index == 0) {
    ahead.a = reinterpret_cast<const char*>(next_a);
    ahead.a_step = tile.a_col * sizeof(T);
    ahead.a_segment = steps * ahead.a_step;
  }
  return ahead;
}

// Computes C in rows x columns; columns are whole panels. False (nothing written) where scratch memory is short.
template <class T>
bool blocked_panels(const Job<T>& job, Range rows, Range columns) {
  const GemmCall<T>& g = job.call;
  const KernelSet<T>& set = job.set;
  const size_t panel = set.widest * set.lanes;
  DirectSizes s = direct_sizes(job, rows, columns);
  Turned<T> a(job, s.kc, s.mc, columns.size());
  s.mc = a.rows();
  const size_t packed = s.pack ? s.kc * s.nc : 0;
  const size_t staged = s.stage ? s.mc * s.nc : 0;
  const size_t wanted = 2 * packed + staged + a.size();
  T* const memory = wanted != 0 ? static_cast<T*>(scratch(wanted * sizeof(T))) : nullptr;
  if (wanted != 0 && memory == nullptr) return false;
  T* const stage = memory + 2 * packed;
  a.place(stage + staged);

  Packer<T> packer(g, set, memory, packed);
  const Walk<T> walk(g, s, rows, columns);
  Tile<T> tile{};
  tile.a_row = g.trans_a ? 1 : g.lda;
  tile.last = set.lanes;
  tile.ldc = s.stage ? s.nc : g.ldc;
  tile.b_row = s.pack ? panel : g.ldb;
  for (Step step = walk.first(), next; step.rows != 0; step = next) {
    next = walk.after(step);
    const PanelBlock& b = step.b;
    const size_t panels = b.width / panel;
    const bool final = b.p + b.k == g.k;
    RowTiles t(step.rows, set.max_rows[set.widest]);
    const T* const block = s.pack ? packer.begin(b, next.b, t.rest() * panels) : g.b + b.p * g.ldb + b.j;
    tile.k = b.k;
    tile.resume = b.p != 0;
    if (b.j == columns.begin) a.fill(step.i, step.rows, b.p, b.k);
    for (size_t row_tile = 0; t.next(); ++row_tile) {
      tile.a = a.tile(row_tile, step.i, t.at, b.p);
      tile.a_col = a.step(t.height);
      T* const c = s.stage ? stage + t.at * s.nc : job.c(step.i + t.at, b.j);
      const T* next_a = a.tile(row_tile + 1, step.i, t.at + t.height, b.p);
      const T* next_c = c + t.height * tile.ldc;
      if (t.rest() == 0) {
        next_a = a.tile(0, next.i, 0, next.b.p);
        next_c = s.stage ? stage : job.c(next.i, next.b.j);
      }
      for (size_t index = 0; index < panels; ++index) {
        const size_t j = index * panel;
        tile.b = s.pack ? block + j * b.k : block + j;
        tile.c = c + j;
        const Epilogue<T> epilogue = job.epilogue(step.i + t.at, b.j + j);
        tile.epilogue = final && !s.stage ? &epilogue : nullptr;
        Ahead<T> ahead = look_ahead(job, tile, next_a, index + 1 < panels ? tile.c + panel : next_c, t.height, index, panels);
        packer.work(ahead, t.height, b.k);
        set.ahead_tile[t.height](tile, ahead);
      }
    }
    if (final && s.stage) set.finish({stage, s.nc, job.c(step.i, b.j), g.ldc, step.rows, b.width, job.epilogue(step.i, b.j)});
  }
  return true;
}

// Computes C in rows x columns. False (nothing written) where scratch memory is short: the columns beyond the last whole
// panel, which come second, need no more of it than the panels, so it is there.
template <class T>
bool blocked_block(const Job<T>& job, Range rows, Range columns) {
  const size_t panel = job.set.widest * job.set.lanes;
  const size_t whole = columns.begin + columns.size() / panel * panel;
  if (!blocked_panels(job, rows, {columns.begin, whole})) return false;
  return whole == columns.end || direct_block(job, rows, {whole, columns.end});
}

}  // namespace downhill
