// One row of C: a vector times a row-major matrix, y[j] = sum over p of a[p] * b[p, j]. The matrix is read once and comes
// from beyond L1, so that reading it in long runs is all that counts: eight of its rows side by side, each from end to
// end, with y waiting in L1 between two groups of eight. Included inside an ISA's region.
template <class V>
struct RowKernel {
  using T = typename V::Scalar;
  static constexpr size_t kTogether = 8;

  // R rows of B, added to y (or to +0 where they are the first).
  template <size_t R>
  static inline void step(const T* a, size_t a_col, const T* b, size_t b_row, T* y, size_t columns, bool first) {
    V x[R];
    DOWNHILL_UNROLL
    for (size_t q = 0; q < R; ++q) x[q] = broadcast<V>(a[q * a_col]);
    // Loads that straddle two cache lines cost double: the first, short vector ends where B's lines begin.
    const size_t skew = reinterpret_cast<uintptr_t>(b) / sizeof(T) % V::kLanes;
    size_t j = 0;
    if (skew != 0) {
      j = columns < V::kLanes - skew ? columns : V::kLanes - skew;
      part<R>(x, b, b_row, y, 0, j, first);
    }
    for (; j + V::kLanes <= columns; j += V::kLanes) {
      V acc = first ? broadcast<V>(0) : load<V>(y + j);
      DOWNHILL_UNROLL
      for (size_t q = 0; q < R; ++q) acc = fma(x[q], load<V>(b + q * b_row + j), acc);
      store(y + j, acc);
    }
    if (j < columns) part<R>(x, b, b_row, y, j, columns - j, first);
  }

  template <size_t R>
  static inline void part(const V (&x)[R], const T* b, size_t b_row, T* y, size_t j, size_t n, bool first) {
    V acc = first ? broadcast<V>(0) : load_n<V>(y + j, n);
    DOWNHILL_UNROLL
    for (size_t q = 0; q < R; ++q) acc = fma(x[q], load_n<V>(b + q * b_row + j, n), acc);
    store_n(y + j, acc, n);
  }

  // Accumulators to t.c; the epilogue is the caller's.
  static void run(const Tile<T>& t, size_t columns) {
    const T* a = t.a;
    const T* b = t.b;
    size_t p = 0;
    for (; p + kTogether <= t.k; p += kTogether) {
      step<kTogether>(a, t.a_col, b, t.b_row, t.c, columns, p == 0);
      a += kTogether * t.a_col;
      b += kTogether * t.b_row;
    }
    for (; p < t.k; ++p) {
      step<1>(a, t.a_col, b, t.b_row, t.c, columns, p == 0);
      a += t.a_col;
      b += t.b_row;
    }
  }
};
