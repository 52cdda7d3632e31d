// Which algorithm computes a product. One function, of the shape alone, so that a test can walk over it.
#pragma once

#include <cstddef>

#include "gemm/table.h"

namespace downhill {

enum class Regime {
  scale,    // k = 0 or alpha = 0: only the epilogue runs
  dot,      // few rows or columns and long or contiguous k (is_dot_order): 16 chains per element (dot order)
  shallow,  // k of at most ten: B stays in registers, the rows of C pass
  direct,   // vectors over the columns of C; B in place where it is row-major, else packed
  few,      // up to three rows of C and row-major B from L2 (is_few)
  swapped,  // vectors over the rows of C: narrow C, or transposed B with few rows; stores transpose in registers
  pairs,    // contiguous k on both sides, C of few rows or columns: lanes are eight rows by two columns
  blocked,  // direct with a look ahead: B packed or beyond the caches, many rows, long k (is_blocked)
  small,    // direct, a few tiles, without a plan (is_small)
  tiny,     // C is one register tile (tiny_vectors)
  count
};

inline const char* name_of(Regime regime) {
  constexpr const char* kNames[] = {"scale", "dot", "shallow", "direct", "few", "swapped", "pairs", "blocked", "small", "tiny"};
  static_assert(sizeof(kNames) / sizeof(*kNames) == static_cast<size_t>(Regime::count));
  return kNames[static_cast<int>(regime)];
}

// Makes all products that it has kernels for (forced.h) take this one: to time it beside the one that is chosen
// (bench/regimes.mjs), and to compare their bits. Regime::count ends it.
void force_regime(Regime regime);

// Up to kDotWidth rows or columns are in dot order from k = dot_length(their number) on, even where their own k is not contiguous.
// Where both orders take the same time on AVX-512: the wider, the more chains there are without it and the fuller vectors
// are (128 x 3 x 64: 93 GFLOP/s in one chain, 123 in dot order; 256 x 10 x 64: 158 and 137, x 784: 185 and 229; 16 columns fill
// a vector, and one chain is ahead for any k).
constexpr size_t kDotWidth = 14;
constexpr size_t dot_length(size_t width) { return 32 + 8 * width; }
constexpr size_t kDotLength = dot_length(kDotWidth);  // long for any of these widths

inline bool is_narrow_and_long(size_t width, size_t k) { return width <= kDotWidth && k >= dot_length(width); }

// The dot order's predicate: part of the numerics contract, shared with the reference backend by test. Either k is contiguous
// in both operands and one side of C is of at most four; or a narrow side meets an operand whose long k is contiguous: one
// chain an element would wait for each addition, 16 fill the pipelines. Whether a row-major B of few columns is in dot order
// does not depend on m, so that a row predicted alone equals that row of a batch.
inline bool is_dot_order(size_t m, size_t n, size_t k, bool trans_a, bool trans_b) {
  if ((!trans_a || m == 1) && (trans_b || n == 1) && (m < n ? m : n) <= kMaxDotRows) return true;
  return (!trans_a && is_narrow_and_long(n, k)) || (trans_b && is_narrow_and_long(m, k));
}

// Transposed B: whether vectors over rows are cheaper, which turns C, and A unless it is transposed already, than vectors over
// columns, which turns B. Counted in multiply-adds: empty lanes count; a single vector takes a fifth longer; up to a quarter of a
// vector, beside whole ones, costs half of one (edge.h); with vectors of 64 bytes an element of A or C turned costs five, one of B
// six (four and a half where the first tile turns it: `turning`), with shorter ones, whose multiply-adds take longer, fewer. Fitted to
// 490 random shapes, on which the choice is .3 % slower in the mean than the better of the two (AVX2: 170, .4 %; turning: 273, 1.4 %). 100 x 768 x 20: 173 GFLOP/s over rows, 228 over columns; 32 x 784 x 784:
// 246 and 195; 256 x 20 x 48 with transposed A: 206 and 145; AVX2 12 x 512 x 100: 83 and 101.
struct ChainCosts {
  double by_rows, by_columns;
};

inline ChainCosts chain_costs(size_t m, size_t n, size_t k, bool trans_a, size_t lanes, size_t vector_bytes, bool turning) {
  const double share = static_cast<double>(vector_bytes) / 64, turn = 5 * share, turn_b = turning ? 4.5 : 6 * share;
  const auto room = [lanes](size_t along) {
    const double whole = static_cast<double>((along + lanes - 1) / lanes * lanes);
    return along <= lanes ? 1.2 * whole : whole;
  };
  const size_t edge = n % lanes;
  const double saved = n > lanes && edge != 0 && 4 * edge <= lanes ? static_cast<double>(lanes) / 2 : 0;
  const double rows = static_cast<double>(m), columns = static_cast<double>(n), depth = static_cast<double>(k);
  const double turned = (trans_a ? 0 : rows * depth) + rows * columns;
  return {room(m) * columns * depth + turn * turned, rows * (room(n) - saved) * depth + turn_b * columns * depth};
}

inline bool is_cheaper_by_rows(size_t m, size_t n, size_t k, bool trans_a, size_t lanes, size_t vector_bytes, bool turning) {
  const ChainCosts costs = chain_costs(m, n, k, trans_a, lanes, vector_bytes, turning);
  return costs.by_rows < costs.by_columns;
}

// Pairs, counted as above: what is turned is turned beside multiply-adds, so a step of k of eight rows costs 20, of two columns 2; where
// eight rows are all, loads take 5 more for each two columns; a tile of 24 x 16 beyond its steps takes 2400.
inline double cost_in_pairs(size_t m, size_t n, size_t k) {
  const auto parts = [](size_t count, size_t size) { return static_cast<double>((count + size - 1) / size); };
  const double eights = parts(m, kEight), pairs = parts(n, 2);
  const double tiles = parts(m, kEight * kMaxEights) * parts(n, 2 * kMaxPairs);
  return ((16 * eights + (m <= kEight ? 7 : 2)) * pairs + 20 * eights) * static_cast<double>(k) + 2400 * tiles;
}

// The same with two rows by eight columns: an element of C that waits for its transpose costs 16.
inline double cost_in_pairs_of_rows(size_t m, size_t n, size_t k) { return cost_in_pairs(n, m, k) + 16 * static_cast<double>(m * n); }

// Whether those leave fewer lanes empty: 17 x 24 x 300 runs at 121 GFLOP/s over columns, 137 in eights of rows, 170 in eights of columns.
inline bool fills_more_in_pairs_of_rows(size_t m, size_t n, size_t k) { return cost_in_pairs_of_rows(m, n, k) < cost_in_pairs(m, n, k); }

// Both operands along k, where the ISA has kernels (can_pair): whether lanes of eight by two (pairs.h) are cheaper than both. The others
// lose a thirtieth, one and a half for each element of C and 8000 at the start. Up to 128 columns: of more, most tiles find a panel that is
// turned, and L2 does not hold all of B. Fitted to 840 random products, on which the choice is .5 to .8 % slower in the mean than the
// best, and 10 % faster than without pairs: 24 x 20 x 128 145 GFLOP/s over vectors, 190 in pairs; 16 x 16 x 500 148 and 200.
inline bool is_cheaper_in_pairs(size_t m, size_t n, size_t k, size_t lanes, size_t vector_bytes, bool turning) {
  constexpr size_t kMostColumns = 128;
  if (n > kMostColumns) return false;
  const double elements = static_cast<double>(m * n), columns = cost_in_pairs(m, n, k), rows = cost_in_pairs_of_rows(m, n, k);
  const ChainCosts costs = chain_costs(m, n, k, false, lanes, vector_bytes, turning);
  const double least = costs.by_rows < costs.by_columns ? costs.by_rows : costs.by_columns;
  return (columns < rows ? columns : rows) < 1.03 * least + 1.5 * elements + 8000;
}

// Few k beside as many rows, or twice as many from eight k on: panels of B stay in registers. With fewer rows the panels' loads
// weigh more than what register tiles lose (16 x 64 x 10: 207 GFLOP/s in tiles, 187 so; 8 x 600 x 5: 158 and 218), and beside a
// transposed A vectors over the rows of C waste no lane (1000 x 5 x 8: 82 and 73). `shallow` is the longest k that the ISA has
// kernels for: of panels of several vectors, and of the single vector that is C's width, where it fills half of it, three quarters
// beside a transposed A: else vectors over the rows of C, that is, transposes, are ahead (784 x 10 x 20: 134 GFLOP/s, over rows 116;
// 784 x 6 x 20 79 and 85, with transposed A 784 x 11 x 23 158 and 187).
inline bool is_shallow(size_t m, size_t n, size_t k, bool trans_a, size_t lanes, const size_t (&shallow)[2]) {
  const bool one_vector = n <= lanes && (trans_a ? 4 * n >= 3 * lanes : 2 * n >= lanes);
  return k <= shallow[one_vector] && m >= (k < 8 ? k : 2 * k) && (!trans_a || one_vector || k <= n + 2);
}

// Row-major B, few columns: whether vectors over rows, which turns C, and A unless it is transposed already, are cheaper than
// vectors over columns with empty lanes. Counted as above, in multiply-adds of a lane, but: fewer than eight vectors wait for each
// other's additions; a single vector takes an eighth longer; an element of A turned costs six; a plan and its panels cost 128
// vectors, 192 beside a transposed A, which is often read in one tile otherwise. Fitted to 8000 random products of two to 31 columns,
// on which the choice is slower in the mean than the better of the two by 1.4 % (transposed A) and .4 % (float32), .9 and 0 %
// (float64), 4.7 and .3 % (AVX2). 24 x 2 x 64 with transposed A: 47 GFLOP/s over rows, 23 over columns; 40 x 20 x 256: 150 and 175;
// 256 x 10 x 32: 145 and 132.
inline bool fills_more_by_rows(size_t m, size_t n, size_t k, bool trans_a, size_t lanes) {
  constexpr size_t kFewColumns = 32, kChains = 8, kTurnA = 6, kTurnC = 5;
  if (n < 2 || n >= kFewColumns || (!trans_a && m <= lanes)) return false;
  const auto room = [lanes](size_t along) { return (along + lanes - 1) & ~(lanes - 1); };
  const auto at_least = [least = kChains * lanes](size_t work) { return work < least ? least : work; };
  const size_t edge = n & (lanes - 1);
  const size_t saved = (n > lanes || !trans_a) && edge != 0 && 4 * edge <= lanes ? lanes / 2 : 0;
  const size_t longer = n <= lanes && saved == 0 ? lanes / 8 : 0;
  const size_t by_columns = at_least(m * (room(n) - saved + longer)) * k;
  const size_t plan = (trans_a ? 192 : 128) * lanes;
  if (by_columns <= plan) return false;
  return at_least(room(m) * n) * k + m * (kTurnC * n + (trans_a ? 0 : kTurnA * k)) + plan < by_columns;
}

// Which way vectors run where each element is one chain. `shallow` as in is_shallow(), `vector_bytes` the size of a vector, `turning`
// whether the first tile of a panel of B turns it (turns_panels), so that no pass over B comes before the product, `pairing` whether
// there are kernels for pairs (can_pair).
inline Regime choose_chains(size_t m, size_t n, size_t k, bool trans_a, bool trans_b, size_t lanes,
                            const size_t (&shallow)[2], size_t vector_bytes, bool turning, bool pairing) {
  if (is_shallow(m, n, k, trans_a, lanes, shallow)) return Regime::shallow;
  if (pairing && is_cheaper_in_pairs(m, n, k, lanes, vector_bytes, turning)) return Regime::pairs;
  const bool by_rows = trans_b ? is_cheaper_by_rows(m, n, k, trans_a, lanes, vector_bytes, turning)
                               : fills_more_by_rows(m, n, k, trans_a, lanes);
  return by_rows ? Regime::swapped : Regime::direct;
}

// Step one of three (gemm.cc): which way vectors run, and in which order sums are. Step two, for one register tile and for
// a few: tiny_vectors() and is_small(). Step three, for blocks of C that a thread computes: is_blocked().
inline Regime choose_regime(size_t m, size_t n, size_t k, bool trans_a, bool trans_b, size_t lanes,
                            const size_t (&shallow)[2], size_t vector_bytes, bool turning, bool pairing) {
  if (k == 0) return Regime::scale;
  if (is_dot_order(m, n, k, trans_a, trans_b)) return Regime::dot;
  return choose_chains(m, n, k, trans_a, trans_b, lanes, shallow, vector_bytes, turning, pairing);
}

}  // namespace downhill
