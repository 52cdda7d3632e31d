// One row of C, wider than a register tile: a vector times a row-major matrix, y[j] = sum over p of a[p] * b[p, j]. The
// matrix is read once and comes from beyond L1, so that reading it in long streams is all that counts, with y waiting in
// L1. Whole lines a load: one row of B after the other, each from end to end (1 x 512 x 256: 97 GFLOP/s, 63 with eight rows
// side by side). Shorter vectors: four rows side by side, because y would be loaded and stored too often else. Included
// inside an ISA's region.
template <class V>
struct RowKernel {
  using T = typename V::Scalar;
  static constexpr size_t kSegment = 16384 / sizeof(T);  // columns at a time: y and the lines of B on their way share L1
  static constexpr size_t kRows = sizeof(T) * V::kLanes == 64 ? 1 : 4;
  static constexpr size_t kVectors = kRows == 1 ? 4 : 2;

  // y += R rows of B, or y = where they are the first.
  template <size_t R, size_t N>
  static inline void vectors(const V (&x)[R], const T* b, size_t b_row, T* y, bool first) {
    V acc[N];
    DOWNHILL_UNROLL
    for (size_t v = 0; v < N; ++v) acc[v] = first ? broadcast<V>(0) : load<V>(y + v * V::kLanes);
    DOWNHILL_UNROLL
    for (size_t q = 0; q < R; ++q) {
      DOWNHILL_UNROLL
      for (size_t v = 0; v < N; ++v) acc[v] = fma(x[q], load<V>(b + q * b_row + v * V::kLanes), acc[v]);
    }
    DOWNHILL_UNROLL
    for (size_t v = 0; v < N; ++v) store(y + v * V::kLanes, acc[v]);
  }

  // R rows of B over `whole` columns, a multiple of the lanes; the `rest` behind them stay in `last`.
  template <size_t R>
  static inline void step(const T* a, size_t a_col, const T* b, size_t b_row, T* y, size_t whole, size_t rest, V& last,
                          bool first) {
    V x[R];
    DOWNHILL_UNROLL
    for (size_t q = 0; q < R; ++q) x[q] = broadcast<V>(a[q * a_col]);
    size_t j = 0;
    for (; j + kVectors * V::kLanes <= whole; j += kVectors * V::kLanes) vectors<R, kVectors>(x, b + j, b_row, y + j, first);
    for (; j < whole; j += V::kLanes) vectors<R, 1>(x, b + j, b_row, y + j, first);
    if (rest == 0) return;
    DOWNHILL_UNROLL
    for (size_t q = 0; q < R; ++q) last = fma(x[q], load_n<V>(b + q * b_row + j, rest), last);
  }

  static inline void segment(const Tile<T>& t, const T* b, T* y, size_t columns) {
    const size_t whole = columns / V::kLanes * V::kLanes, rest = columns - whole;
    const size_t k = t.k, a_col = t.a_col, b_row = t.b_row;
    const T* a = t.a;
    V last = broadcast<V>(0);
    size_t p = 0;
    for (; p + kRows <= k; p += kRows) step<kRows>(a + p * a_col, a_col, b + p * b_row, b_row, y, whole, rest, last, p == 0);
    for (; p < k; ++p) step<1>(a + p * a_col, a_col, b + p * b_row, b_row, y, whole, rest, last, p == 0);
    if (rest != 0) store_n(y + whole, last, rest);
  }

  // Accumulators to t.c; the epilogue is the caller's.
  static void run(const Tile<T>& t, size_t columns) {
    for (size_t j = 0; j < columns; j += kSegment) {
      segment(t, t.b + j, t.c + j, columns - j < kSegment ? columns - j : kSegment);
    }
  }
};
