// What one ISA offers for matrix multiply: micro-kernels by size, packing and the stores that need a transpose.
// Filled by isa/*/gemm.cc; the drivers in gemm/ know only these pointers. All strides are in elements.
#pragma once

#include <cstddef>

#include "gemm/epilogue.h"

namespace downhill {

// One register tile of C: mr rows by nv vectors. Element (i, p) of A is a[i * a_row + p * a_col]; vector v of row p
// of B is b[p * b_row + v * lanes]. Only the first `last` lanes of the last vector are read or written.
template <class T>
struct Tile {
  size_t k;
  const T* a;
  size_t a_row, a_col;
  const T* b;
  size_t b_row;
  T* c;
  size_t ldc;
  size_t last;
  bool resume;                    // accumulators start from c, not +0: a later block of k
  const Epilogue<T>* epilogue;    // null: store the accumulators as they are. Its pointers are at the tile's origin
};

// What a tile does for tiles to come while it computes. k is cut into as many rows as the tile has, each into `parts` segments. Row
// r asks for a line of A at each k, from a + r * a_segment on, a_step bytes further each time (less than a line: the same line
// again, which costs nothing), and for row r of a tile of C at `c`. Segment s asks for a line of B at each k that is left, from
// b + (s - quiet) * b_segment on, b_step bytes further each time. Each of the last `rows` segments copies a row of B into panels.
template <class T>
struct Ahead {
  const char* a;
  size_t a_segment, a_step;  // bytes
  const char* b;
  size_t b_segment, b_step;  // bytes
  const T* c;                // rows Tile::ldc apart
  size_t parts = 1, quiet = 0;
  size_t rows = 0, panels = 0;  // to copy; panels of a row
  const T* from = nullptr;
  size_t from_row = 0;
  T* to = nullptr;  // the rows of a panel follow each other
  size_t panel_size = 0;
};

// Rows of accumulators on their way into C.
template <class T>
struct Finish {
  const T* from;  // row-major accumulators, or their transpose
  size_t ld_from;
  T* c;
  size_t ldc;
  size_t rows, columns;  // of C
  Epilogue<T> epilogue;  // pointers at the block's origin; any activation
};

// Dot products of rows with contiguous k: out[f * out_few + s * out_many] = dot16(few[f], many[s]); one of the strides is 1.
// Or with columns of a row-major matrix: few_row is 1 then, few_step between two k, and they are written to `turned`, each along k.
template <class T>
struct DotBlock {
  size_t k;
  const T* few;
  size_t few_row, few_step, few_count;
  T* turned;
  size_t turned_row;  // whole vectors
  const T* many;
  size_t many_row, many_count;
  T* out;
  size_t out_few, out_many;
};

// A few rows with contiguous k times a row-major matrix of at most 16 columns, in dot order: out[i * out_row + j].
template <class T>
struct DotColumns {
  size_t k;
  const T* a;
  size_t a_row, rows;
  const T* b;
  size_t b_row, columns;
  T* out;
  size_t out_row;
};

// The last columns of C, fewer than fill half a vector: c[i * ldc + j] = sum over p of op(a)[i, p] * b[p * b_row + j] for as
// many columns as the kernel is for. No more than the elements named is read or written.
template <class T>
struct Edge {
  size_t k;
  const T* a;
  size_t lda;
  const T* b;
  size_t b_row;
  T* c;
  size_t ldc, rows;
};

// An operand along k of a tile of pairs, and where it is turned: by this tile, or already. All of it is kept there, else the batch that is
// multiplied and the next one.
template <class T>
struct Along {
  const T* from;
  size_t ld;
  T* to;
  bool turns, kept;
};

// A tile of C with contiguous k on both sides; kernels/pairs.h says of which sizes.
template <class T>
struct Pairs {
  size_t k;
  Along<T> a, b;
  T* c;
  size_t ldc;
  size_t rows, columns;
  const Epilogue<T>* epilogue;  // null: store the accumulators as they are. Its pointers are at the tile's origin
};

constexpr size_t kMaxEdge = 8;  // columns
constexpr size_t kGroupBytes = 16;
constexpr size_t kMaxShallow = 10, kMaxShallowVectors = 28;  // k, and vectors of a panel
constexpr size_t kMaxShallowVector = 27;                     // k of a panel of one vector
constexpr size_t kMaxShallowAfter = 6;                       // vectors of a panel with something after the product
constexpr size_t kMaxTurning = 4;  // vectors of a tile that turns its panel
constexpr size_t kMinTurning = 5;  // its rows: fewer are in dot order
constexpr size_t kEight = 8, kMaxEights = 3;  // rows that pairs of columns meet at once, and how many such of a tile
constexpr size_t kMaxPairs = 8;               // of columns of a tile
constexpr size_t kMaxVectors = 28;
constexpr size_t kMaxRows = 28;
constexpr size_t kMaxDotRows = 4;
constexpr size_t kMaxFewRows = 3;

template <class T>
struct KernelSet {
  size_t lanes;
  size_t widest;                       // vectors of the tile for many rows
  size_t widest_full;                  // of the widest one with as many accumulators
  size_t max_rows[kMaxVectors + 1];    // rows of the tallest tile for a width, not increasing; 0 beyond the widest
  void (*tile[kMaxVectors + 1][kMaxRows + 1])(const Tile<T>&);
  void (*ahead_tile[kMaxRows + 1])(const Tile<T>&, const Ahead<T>&);  // tiles of the widest width
  // A tile that turns the panel that it reads (kernels/turning.h), by vectors and rows, kMinTurning to turning_rows[vectors].
  void (*turning[kMaxTurning + 1][kMaxRows + 1])(const Tile<T>&, const T* from, size_t ld_from, T* panel, bool kept);
  size_t turning_rows[kMaxTurning + 1];
  void (*few[kMaxFewRows + 1])(const Tile<T>&, size_t columns);  // by rows, or null: accumulators to c, padded to whole vectors
  void (*pairs[kMaxEights + 1][kMaxPairs + 1])(const Pairs<T>&);  // by eights of rows and pairs of columns; null: none
  void (*finish)(const Finish<T>&);             // from[i * ld + j]
  void (*finish_transposed)(const Finish<T>&);  // from[j * ld + i]
  void (*dot)(const DotBlock<T>&);
  void (*dot_turned)(const DotBlock<T>&);  // with columns that lie apart
  size_t most_turned;  // columns, beyond which the pass of their own is as fast; 0 where the ISA has no dot_turned
  void (*dot_columns)(const DotColumns<T>&);
  size_t dot_columns_share;  // up to n * n / dot_columns_share rows dot_columns beats turning its n columns for dot
  size_t widest_edge;                                // columns; 0 where the ISA has no edge kernels
  void (*edge[2][kMaxEdge + 1])(const Edge<T>&);     // by transposed A and number of columns (edge.h says when)
  // Any number of rows of a panel of C, its B in registers; by k and vectors. Tile::k and Tile::resume are not read. Of the epilogue
  // all but the residual is applied, to at most kMaxShallowAfter vectors.
  void (*shallow[kMaxShallowVector + 1][kMaxShallowVectors + 1])(const Tile<T>&, size_t rows);
  size_t shallow_vectors[kMaxShallowVector + 1];  // of the widest panel, by k
  size_t most_shallow[2];  // the longest k that has kernels: of several vectors, of one; 0 where there are none
  // to[p * ld_to + j] = from[p * ld_from + j] for p < rows, j < columns.
  void (*copy)(const T* from, size_t ld_from, T* to, size_t ld_to, size_t rows, size_t columns);
  // The same to panels of widest * lanes columns: column j of row p goes to panel j / width, panels panel_size elements apart.
  void (*panels)(const T* from, size_t ld_from, T* to, size_t panel_size, size_t rows, size_t columns);
  // to[p * ld_to + j] = from[j * ld_from + p] for p < rows, j < columns.
  void (*transpose)(const T* from, size_t ld_from, T* to, size_t ld_to, size_t rows, size_t columns);
  // C(i, j) one element at a time, from any strides, without scratch memory: when memory is exhausted.
  void (*plain)(const Tile<T>&, size_t b_column, size_t rows, size_t columns);
  void (*plain_dot)(const Tile<T>&, size_t b_column, size_t rows, size_t columns);  // the same in dot order
};

struct GemmTable {
  KernelSet<float> f32;
  KernelSet<double> f64;
};

}  // namespace downhill
