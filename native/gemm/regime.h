// Which algorithm computes a product. One function, of the shape alone, so that a test can walk over it.
#pragma once

#include <cstddef>

namespace downhill {

enum class Regime {
  scale,    // k = 0 or alpha = 0: only the epilogue runs
  dot,      // contiguous k and at most four rows or columns: 16 chains per element (dot order)
  direct,   // vectors over the columns of C; B in place where it is row-major, else packed
  swapped,  // vectors over the rows of C: narrow C, or transposed B with few rows; stores transpose in registers
};

// The dot order's predicate: part of the numerics contract, shared with the reference backend by test.
inline bool is_dot_order(size_t m, size_t n, bool trans_a, bool trans_b) {
  return (!trans_a || m == 1) && (trans_b || n == 1) && (m < n ? m : n) <= 4;
}

inline Regime choose_regime(size_t m, size_t n, size_t k, bool trans_a, bool trans_b, size_t lanes) {
  if (k == 0) return Regime::scale;
  if (is_dot_order(m, n, trans_a, trans_b)) return Regime::dot;
  if (trans_b) {
    // One operand must be transposed into a panel. A in place (it is transposed already) or the smaller one.
    const bool vectors_fit = m >= lanes || m >= n;
    return vectors_fit && (trans_a || m < n) ? Regime::swapped : Regime::direct;
  }
  // Row-major B: vectors over columns, unless they would be mostly empty and there are many rows.
  const size_t vectors = n > lanes ? 2 : 1;
  const bool wasteful = n < 2 * lanes && 4 * n < 3 * vectors * lanes;
  return wasteful && m >= 2 * lanes && n > 1 ? Regime::swapped : Regime::direct;
}

}  // namespace downhill
