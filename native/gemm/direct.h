// Direct regime: vectors run over the columns of C. B is read in place where it is row-major and its rows are not too
// far apart; else a block of it is packed into panels of nv vectors. A is read in place, element by element, or from a dense
// copy where its steps of k collide (collide.h).
//
//   for blocks of columns (nc)          the block of B stays in L2
//     for blocks of k (kc)              one block for k up to 1.5 kc: accumulators never leave the registers then
//       pack B's panels, if needed      k x nv·lanes each, contiguous
//       for strips of rows              one tile (mr): its mr x kc of A stays in L1; or many: panels stay there
//         for panels
//           for tiles of the strip      one register tile each
#pragma once

#include "gemm/collide.h"
#include "gemm/edge.h"
#include "gemm/job.h"
#include "gemm/scratch.h"

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

// Cuts vectors of columns into panels. Many rows: as wide as the registers allow, without leaving a last panel of one vector. Few
// rows: as few panels as there are tiles for, of widths that differ by at most one: B is read once, in long runs, and every panel
// has enough chains in flight (1 x 300 x 300 in one panel of 19 vectors: 76 -> 95 GFLOP/s). Divides only when it is made.
template <class T>
class Panels {
 public:
  Panels(const KernelSet<T>& set, size_t rows, size_t vectors, bool few) : left_(vectors), widest_(set.widest) {
    if (!few || vectors == 0) return;
    const size_t panels = ceil_div(vectors, widest_tile(set, rows));
    narrower_ = vectors / panels;
    wider_ = vectors - panels * narrower_;
  }

  // Vectors of the next panel; 0 after the last.
  size_t next() {
    const size_t vectors = smaller(left_, narrower_ == 0 ? of_many() : narrower_ + (wider_ != 0));
    wider_ -= wider_ != 0;
    left_ -= vectors;
    return vectors;
  }

 private:
  size_t of_many() const {
    if (left_ == widest_ + 1) return (left_ + 1) / 2;
    if (widest_ > 3 && (left_ == widest_ + 2 || left_ == 2 * widest_ + 1)) return widest_ - 1;
    return widest_;
  }

  size_t left_, widest_;
  size_t narrower_ = 0, wider_ = 0;  // of few rows: the least width, and how many panels to come are wider by one
};

struct DirectSizes {
  size_t kc, nc, mc;
  bool few;       // are_few()
  bool pack;
  bool stage;     // k is blocked and C holds the beta operand: accumulators wait in scratch memory
};

// The block of B: three eighths of a 1 MiB L2; the next block, A, C and what is asked for ahead share the rest. k is cut in
// lengths of 2 KiB a row (512 float32): then reloading a tile of C costs 1 % of the work on it. Swept for 1024³, 2048³ and
// 512 x 768 x 3072 over 256…768 and 256…768 KiB (docs/gemm.md).
constexpr size_t kBlockBytes = 384 * 1024;
constexpr size_t kRunBytes = 2048;
constexpr size_t kTallA = 32 * 1024;  // bytes of A that stay in L1 beside the lines of B that pass

// Bytes from which on B is better copied than read in place: with rows a page or more apart, and with shorter rows.
constexpr size_t kFarApart = 512 * 1024;
constexpr size_t kBeyondCache = 2048 * 1024;

// Whether rows of B that are a multiple of 4 KiB apart, whose lines share one set of the L1 cache, are copied. Where a panel is
// one line wide, that line comes from L2 for each tile of rows: 600 x 1024 x 32 at 82 GFLOP/s in place, 118 copied. Panels of
// several lines lose less that way than by copying (24 x 1024 x 64 in vectors of 64 bytes: 233 and 180), but for short k beside many
// rows: 400 x 96 x 24 with rows 1024 apart at 195 in place, 230 copied.
template <class T>
bool columns_collide(const Job<T>& job, size_t rows) {
  constexpr size_t kShort = 96, kManyRows = 256;
  const KernelSet<T>& set = job.set;
  const size_t k = job.call.k;
  if (!collides<T>(job.call.ldb)) return false;
  const bool one_line = set.widest * set.lanes * sizeof(T) <= 64;
  if (one_line && k >= 16 && rows >= 2 * set.max_rows[set.widest]) return true;
  return k > kCollidingRows && k <= kShort && rows >= kManyRows;
}

// Rows of C from which on copying B pays, where its rows are far apart. Each element is copied once and used once a row; in
// place, the caches and the prefetchers keep up while B is within a few MiB (one thread, in place beside packed: 64 x 768 x 768 97 and
// 85 % of the peak, 200 x 1024 x 256 97 and 92, 512 x 1024 x 1024 92 and 94; 128 x 2048 x 1024 92 and 87, 300 x 3072 x 768 85 and
// 91). Not where rows of B collide and a panel is one line of each (AVX2: 64 x 1024 x 1024 32 and 45), nor for less than a panel.
template <class T>
size_t packing_rows(const Job<T>& job) {
  constexpr size_t kMedium = 6 * 1024 * 1024;
  const GemmCall<T>& g = job.call;
  const KernelSet<T>& set = job.set;
  const size_t panel = set.widest * set.lanes, few = 8 * set.max_rows[set.widest];
  if (g.n < panel || (collides<T>(g.ldb) && panel * sizeof(T) < 256)) return few;
  const size_t rows = set.lanes * (g.k * g.ldb * sizeof(T) > kMedium ? 10 : 24);
  return rows < few ? few : rows;
}

// Whether B's rows are so far apart, or B so much larger than the cache, that in place costs page and cache conflicts.
template <class T>
bool is_far_apart(const GemmCall<T>& g) {
  const size_t row_bytes = g.ldb * sizeof(T);
  return g.k * row_bytes > (row_bytes >= 4096 ? kFarApart : kBeyondCache);
}

// Whether a block of B is copied into panels for `rows` rows.
template <class T>
bool packs_b(const Job<T>& job, size_t rows) {
  return job.call.trans_b || columns_collide(job, rows) || (is_far_apart(job.call) && rows >= packing_rows(job));
}

template <class T>
DirectSizes direct_sizes(const Job<T>& job, Range rows, Range columns) {
  const GemmCall<T>& g = job.call;
  const size_t panel = job.set.widest * job.set.lanes;
  DirectSizes s{};
  s.few = are_few(job.set, rows.size(), g.k * columns.size());
  s.pack = packs_b(job, rows.size());
  const size_t run = kRunBytes / sizeof(T);
  s.kc = g.k <= run + run / 2 ? g.k : ceil_div(g.k, ceil_div(g.k, run));
  const bool once = !s.pack && s.few;  // B passes by once: blocks would only cut its rows
  if (once && rows.size() * g.k * sizeof(T) <= kTallA) s.kc = g.k;
  const size_t fitting = kBlockBytes / (s.kc * sizeof(T)) / panel * panel;
  const size_t panels = ceil_div(columns.size(), panel);
  const size_t even = ceil_div(panels, ceil_div(panels, fitting < panel ? 1 : fitting / panel)) * panel;
  s.nc = once ? columns.size() : smaller(columns.size(), even);
  s.stage = g.k > s.kc && g.beta != 0;
  s.mc = s.stage ? smaller(rows.size(), 2048) : rows.size();
  return s;
}

// Whether a block of a transposed A is copied because its steps of k collide: where many panels of C read it (512 x 1024 x 64
// with rows of 16 KiB: 224 -> 238 GFLOP/s; C of 128 columns loses 5 %), and half of L2 holds the copy.
template <class T>
bool copies_a(const Job<T>& job, size_t rows, size_t kc, size_t columns) {
  constexpr size_t kManyColumns = 256, kMostBytes = 512 * 1024;
  const GemmCall<T>& g = job.call;
  return g.trans_a && collides<T>(g.lda) && kc > kCollidingRows && columns >= kManyColumns &&
         kc * dense_ld<T>(rows) * sizeof(T) <= kMostBytes;
}

// Whether rows go by in strips, panel by panel, instead of tile by tile: while a panel of B stays in L1 (up to 64 KiB of it: the rest
// comes from L2 in order) and a strip of A in L2, a line of a transposed A serves the next tile too. 1000 x 600 x 20 from 208 to 227
// GFLOP/s, 784 x 256 x 128 with transposed A from 234 to 239. Not where rows of C collide, and with them those of B that are read in place: 500 x 1024 x 20 from 210 to 154.
constexpr size_t kHeldA = 256 * 1024;

template <class T>
bool goes_by_panels(const Job<T>& job, const DirectSizes& s) {
  constexpr size_t kHeldPanel = 64 * 1024;
  return !s.few && (s.pack || !collides<T>(job.call.ldc)) && s.kc * job.set.widest * job.set.lanes * sizeof(T) <= kHeldPanel;
}

// Computes C in rows x columns. False (nothing written) where scratch memory is short.
template <class T>
bool direct_block(const Job<T>& job, Range rows, Range columns) {
  const GemmCall<T>& g = job.call;
  const KernelSet<T>& set = job.set;
  const size_t edge = edge_columns(set, rows.size(), columns.size(), g.k, g.trans_a);
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
  const size_t a_rows = kHeldA / (s.kc * sizeof(T));

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
        const Panels<T> panels(set, height, ceil_div(width, set.lanes), s.few);
        const size_t limit = !copy_a && !g.trans_a && collides<T>(g.lda) ? kCollidingRows : kMaxRows;
        size_t tallest = limit;
        Panels<T> to_pack = panels;
        for (size_t j = 0, nv; (nv = to_pack.next()) != 0; j += nv * set.lanes) {
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
        for (RowTiles strip(height, by_panels ? a_rows : tallest); strip.next();) {
          const size_t i = i0 + strip.at;
          tile.b = s.pack ? memory : g.b + p0 * g.ldb + j0;
          T* c = s.stage ? stage + strip.at * s.nc : job.c(i, j0);
          Panels<T> panel = panels;
          for (size_t j = 0, nv; (nv = panel.next()) != 0; j += nv * set.lanes) {
            const size_t room = nv * set.lanes;
            tile.last = smaller(room, width - j) + set.lanes - room;
            if (s.pack) tile.b_row = room;
            for (RowTiles t(strip.height, smaller(limit, set.max_rows[nv])); t.next();) {
              tile.a = a + (strip.at + t.at) * tile.a_row;
              tile.c = c + t.at * tile.ldc;
              if (applies) epilogue = job.epilogue(i + t.at, j0 + j);
              set.tile[nv][t.height](tile);
            }
            tile.b += s.pack ? room * tile.k : room;
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
