// What the direct regime copies and in which blocks it goes: by the product's sizes and how far apart its rows lie.
#pragma once

#include "gemm/collide.h"
#include "gemm/job.h"
#include "gemm/panels.h"

namespace downhill {

struct DirectSizes {
  size_t kc, nc, mc;
  bool few;       // are_few()
  bool pack;
  bool stage;     // k is blocked and C holds the beta operand: accumulators wait in scratch memory
};

// The block of B: three eighths of a 1 MiB L2; the next block, A, C and what is asked for ahead share the rest. k is cut in
// lengths of 512: then reloading a tile of C costs 1 % of the work on it. Swept for 1024³, 2048³ and 512 x 768 x 3072 over
// 256…768 and 256…768 KiB (docs/gemm.md).
constexpr size_t kBlockBytes = 384 * 1024;
constexpr size_t kRun = 512;

// The same, in steps, where a panel is one line wide and A transposed: for each step both take a line of L1, which the next tiles read
// again. AVX2 71 x 203 x 323 with transposed A 110 -> 120 GFLOP/s, 700 x 100 x 300 105 -> 121, 36 x 129 x 617 102 -> 117.
constexpr size_t kShortRun = 192;

// The length that k is cut in: even parts, or one where it is at most half too long.
inline size_t k_block(size_t k, size_t run = kRun) {
  return k <= run + run / 2 ? k : ceil_div(k, ceil_div(k, run));
}

constexpr size_t kTallA = 32 * 1024;  // bytes of A that stay in L1 beside the lines of B that pass

// Bytes from which on B is better copied than read in place: with rows a page or more apart, and with shorter rows.
constexpr size_t kFarApart = 512 * 1024;
constexpr size_t kBeyondCache = 2048 * 1024;

// Whether a panel is one line of the cache wide.
template <class T>
bool is_one_line(const KernelSet<T>& set) {
  return set.widest * set.lanes * sizeof(T) <= 64;
}

// Whether rows of B that are a multiple of 4 KiB apart, whose lines share one set of the L1 cache, are copied. Where a panel is
// one line wide, that line comes from L2 for each tile of rows: AVX2 600 x 1024 x 32 at 82 GFLOP/s in place, 118 copied, 20 x 1024 x 7
// 46 and 75; beside many rows for short k also where they are 2 KiB apart: 300 x 512 x 16 105 and 120, 512 x 512 x 7 59 and 107.
// Panels of several lines lose less that way than by copying (24 x 1024 x 64 in vectors of 64 bytes: 233 and 180), but for short k
// beside many rows: 400 x 96 x 24 with rows 1024 apart at 195 in place, 230 copied.
template <class T>
bool columns_collide(const Job<T>& job, size_t rows) {
  constexpr size_t kLeast = 7, kShort = 96, kManyRows = 256, kManyTiles = 10;
  const KernelSet<T>& set = job.set;
  const size_t k = job.call.k, ldb = job.call.ldb;
  if (ldb * sizeof(T) % 2048 != 0) return false;
  if (!is_one_line(set)) {
    return decided(Decision::copies_b, collides<T>(ldb) && k > kCollidingRows && k <= kShort && rows >= kManyRows);
  }
  const size_t tallest = set.max_rows[set.widest];
  const bool many = rows >= (collides<T>(ldb) ? 2 : kManyTiles) * tallest;
  return decided(Decision::copies_b, k >= kLeast && many && (k <= kShort || collides<T>(ldb)));
}

// Rows of C from which on copying B pays, where its rows are far apart. Each element is copied once and used once a row; in
// place, the caches and the prefetchers keep up while B is within a few MiB (one thread, percent of the peak in place and packed:
// 64 x 768 x 768 96 and 91, 256 x 768 x 768 97 and 96, 256 x 1300 x 900 91 and 94, 128 x 3072 x 768 84 and 94, 96 x 2048 x 1024 89
// and 92). Not where rows of B collide and a panel is one line of each (AVX2: 64 x 1024 x 1024 32 and 45), nor for less than a panel.
template <class T>
size_t packing_rows(const Job<T>& job) {
  constexpr size_t kMedium = 4 * 1024 * 1024;
  const GemmCall<T>& g = job.call;
  const KernelSet<T>& set = job.set;
  const size_t panel = set.widest * set.lanes, few = 8 * set.max_rows[set.widest];
  if (g.n < panel || (collides<T>(g.ldb) && panel * sizeof(T) < 256)) return few;
  const size_t rows = set.lanes * (g.k * g.ldb * sizeof(T) > kMedium ? 8 : 24);
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
  s.kc = g.trans_a && is_one_line(job.set) ? k_block(g.k, kShortRun) : k_block(g.k);
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
  const GemmCall<T>& g = job.call;
  if (!g.trans_a || kc <= kCollidingRows) return false;
  const size_t bytes = kc * dense_ld<T>(rows) * sizeof(T);
  if (!is_one_line(job.set)) return decided(Decision::copies_a, collides<T>(g.lda) && columns >= 256 && bytes <= 512 * 1024);
  const size_t panels = columns / (job.set.widest * job.set.lanes);
  const bool shares_sets = collides<T>(g.lda) ? panels >= 1 : g.lda * sizeof(T) % 2048 == 0 && panels >= 16;
  return decided(Decision::copies_a, shares_sets && bytes <= 2048 * 1024);
}

// Whether the first tile of a panel turns it (kernels/turning.h). Not where rows of B are a multiple of 2 KiB apart: lines of 32, which
// are read a quarter at a time, do not fit their sets of L1 (20 x 384 x 512: 144 GFLOP/s so, 162 with a pass of its own); nor a single
// vector, whose tile waits for loads (13 x 16 x 100: 110 and 141), nor less than four lines of k (21 x 72 x 13: 110 and 136;
// 512 x 784 x 20: 203 and 221), nor a vector of few columns beside few others, whose rows are read one by one (12 x 73 x 22: 105 and 127).
template <class T>
bool turns_panels(const GemmCall<T>& g, const KernelSet<T>& set) {
  constexpr size_t kLong = 256 / sizeof(T);
  const bool whole = g.n > set.lanes && (g.n % set.lanes == 0 || g.n > 5 * set.lanes);
  const bool turns = g.trans_b && !g.trans_a && set.turning_rows[kMaxTurning] != 0 && whole && g.k >= kLong;
  return turns && !decided(Decision::turns_before, g.ldb * sizeof(T) % 2048 == 0);
}

// Vectors of the panels that turn; 0 where they do not. As few tiles as there can be for `rows`, the wider ones where that is the same.
// In panels of two vectors L1 holds the lines of B and a longer panel: 24 x 768 x 256 227 GFLOP/s, in four 182.
template <class T>
size_t turning_vectors(const Job<T>& job, size_t rows) {
  const KernelSet<T>& set = job.set;
  if (!turns_panels(job.call, set)) return 0;
  size_t best = 2;
  for (size_t vectors = best + 1; vectors <= kMaxTurning; ++vectors) {
    if (ceil_div(rows, set.turning_rows[vectors]) <= ceil_div(rows, set.turning_rows[best])) best = vectors;
  }
  return best;
}

// Whether rows go by in strips, panel by panel, instead of tile by tile: while a panel of B stays in L1 (up to 64 KiB of it:
// the rest comes from L2 in order) and a strip of A in L2, a line of a transposed A serves the next tile too. 1000 x 600 x 20
// from 208 to 227 GFLOP/s, 784 x 256 x 128 with transposed A from 234 to 239. Not where rows of C collide, and with them those
// of B that are read in place: 500 x 1024 x 20 from 210 to 154.
constexpr size_t kHeldA = 256 * 1024;

template <class T>
bool goes_by_panels(const Job<T>& job, const DirectSizes& s) {
  constexpr size_t kHeldPanel = 64 * 1024;
  if (s.few || s.kc * job.set.widest * job.set.lanes * sizeof(T) > kHeldPanel) return false;
  return s.pack || !decided(Decision::goes_by_tiles, collides<T>(job.call.ldc));
}

// Rows of such a strip: those of A that L2 holds. Few where panels are one line wide, rows of C collide and k is short, so that C
// counts most: AVX2 512 x 1024 x 12 72 -> 114 GFLOP/s.
template <class T>
size_t strip_rows(const Job<T>& job, const DirectSizes& s) {
  constexpr size_t kShort = 16;
  if (is_one_line(job.set) && collides<T>(job.call.ldc) && job.call.k < kShort) return 2 * job.set.max_rows[job.set.widest];
  return kHeldA / (s.kc * sizeof(T));
}

}  // namespace downhill
