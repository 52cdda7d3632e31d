// A few rows times a row-major matrix of few columns, in dot order (dot.h): vectors over the columns, one accumulator for each
// of the 16 chains, so that the matrix is read in place and nothing is transposed:
//
//      acc[row][l] += a[row, p] * b[p, 0..n)   for p = l, l + 16, ...        out[row, 0..n) = the acc[row][l] at distance 8, 4, 2, 1
//
// One row has all its chains in registers; more rows share the loads of b and take the chains in several passes over k, those
// that the tree joins first in one pass. For up to kMost rows and 16 columns. Included inside an ISA's region, after dot.h.
template <class V>
struct DotColumnsKernel {
  using T = typename V::Scalar;
  static constexpr size_t kLanes = V::kLanes;
  static constexpr size_t kMost = 6;  // rows at once
  // A row takes the same time whatever the n columns, and turning them the less the fewer there are: what is faster was timed for 2
  // to 14 columns and k = 256, where columns are turned in registers (float32: up to 5 rows of 14 columns, 2 of 10, 1 of 8; float64: 15
  // of 14, 7 of 10, 4 of 8, 1 of 5), else for k of 64, 128 and 784 (up to 9 rows of 14 columns; float64: 24).
  static constexpr size_t kShare = kMostTurned > 0 ? (sizeof(T) == 4 ? 36 : 13) : sizeof(T) == 4 ? 20 : 8;

  // Chains in a pass: what the registers hold, a power of two.
  static constexpr size_t chains(size_t rows, size_t vectors) {
    size_t c = kDotLanes;
    while (c > 1 && c * rows * vectors > kDotAccumulators) c /= 2;
    return c;
  }

  // R rows, N vectors of columns, `last` columns in the last one.
  template <size_t R, size_t N>
  struct Block {
    static constexpr size_t kChains = chains(R, N), kPasses = kDotLanes / kChains;

    static inline __attribute__((always_inline)) V take(const T* b, size_t v, size_t last) {
      return v == N - 1 ? load_n<V>(b + v * kLanes, last) : load<V>(b + v * kLanes);
    }

    static inline __attribute__((always_inline)) void step(const T* a, size_t a_row, const T* b, size_t last, V (&acc)[R][N]) {
      V x[N];
      DOWNHILL_UNROLL
      for (size_t v = 0; v < N; ++v) x[v] = take(b, v, last);
      DOWNHILL_UNROLL
      for (size_t r = 0; r < R; ++r) {
        const V y = broadcast<V>(a[r * a_row]);
        DOWNHILL_UNROLL
        for (size_t v = 0; v < N; ++v) acc[r][v] = fma(y, x[v], acc[r][v]);
      }
    }

    // The chains l = first, first + kPasses ..., joined to one.
    static inline __attribute__((always_inline)) void pass(const DotColumns<T>& d, const T* a, size_t first, V (&sum)[R][N]) {
      V acc[kChains][R][N];
      DOWNHILL_UNROLL
      for (size_t l = 0; l < kChains; ++l) {
        DOWNHILL_UNROLL
        for (size_t r = 0; r < R; ++r) {
          DOWNHILL_UNROLL
          for (size_t v = 0; v < N; ++v) acc[l][r][v] = broadcast<V>(0);
        }
      }
      const size_t k = d.k, a_row = d.a_row, b_row = d.b_row, last = d.columns - (N - 1) * kLanes;
      const T* b = d.b + first * b_row;
      size_t p = first;
      for (; p + (kDotLanes - kPasses) < k; p += kDotLanes) {
        DOWNHILL_UNROLL
        for (size_t l = 0; l < kChains; ++l, b += kPasses * b_row) step(a + p + l * kPasses, a_row, b, last, acc[l]);
      }
      rest<0>(d, a, b, p, acc);
      DOWNHILL_UNROLL
      for (size_t half = kChains / 2; half != 0; half /= 2) {
        DOWNHILL_UNROLL
        for (size_t l = 0; l < half; ++l) join(acc[l], acc[l + half]);
      }
      DOWNHILL_UNROLL
      for (size_t r = 0; r < R; ++r) {
        DOWNHILL_UNROLL
        for (size_t v = 0; v < N; ++v) sum[r][v] = acc[0][r][v];
      }
    }

    // The last k, fewer than there are chains: chains without an element keep their value. (A loop that breaks would keep the
    // accumulators in memory.)
    template <size_t L>
    static inline __attribute__((always_inline)) void rest(const DotColumns<T>& d, const T* a, const T* b, size_t p,
                                                           V (&acc)[kChains][R][N]) {
      if constexpr (L < kChains) {
        if (p + L * kPasses >= d.k) return;
        step(a + p + L * kPasses, d.a_row, b + L * kPasses * d.b_row, d.columns - (N - 1) * kLanes, acc[L]);
        rest<L + 1>(d, a, b, p, acc);
      }
    }

    static inline __attribute__((always_inline)) void join(V (&x)[R][N], const V (&y)[R][N]) {
      DOWNHILL_UNROLL
      for (size_t r = 0; r < R; ++r) {
        DOWNHILL_UNROLL
        for (size_t v = 0; v < N; ++v) x[r][v] = add(x[r][v], y[r][v]);
      }
    }

    static void run(const DotColumns<T>& d, const T* a, T* out) {
      V sum[kPasses][R][N];
      for (size_t t = 0; t < kPasses; ++t) pass(d, a, t, sum[t]);
      for (size_t half = kPasses / 2; half != 0; half /= 2) {
        for (size_t t = 0; t < half; ++t) join(sum[t], sum[t + half]);
      }
      const size_t last = d.columns - (N - 1) * kLanes;
      DOWNHILL_UNROLL
      for (size_t r = 0; r < R; ++r) {
        DOWNHILL_UNROLL
        for (size_t v = 0; v < N; ++v) {
          T* const to = out + r * d.out_row + v * kLanes;
          if (v == N - 1) {
            store_n(to, sum[0][r][v], last);
          } else {
            store(to, sum[0][r][v]);
          }
        }
      }
    }
  };

  using Run = void (*)(const DotColumns<T>&, const T* a, T* out);
  static constexpr size_t kMostVectors = kDotLanes / kLanes < 4 ? kDotLanes / kLanes : 4;
  static constexpr size_t kMostColumns = kMostVectors * kLanes;  // at once

  struct Table {
    Run run[kMostVectors + 1][kMost + 1] = {};
    size_t rows[kMostVectors + 1] = {};
    template <size_t N, size_t R>
    constexpr void fill() {
      if constexpr (R * N <= kDotAccumulators) {
        run[N][R] = Block<R, N>::run;
        if (rows[N] < R) rows[N] = R;
      }
      if constexpr (R > 1) {
        fill<N, R - 1>();
      } else if constexpr (N > 1) {
        fill<N - 1, kMost>();
      }
    }
    constexpr Table() { fill<kMostVectors, kMost>(); }
  };
  static constexpr Table kTable{};

  static inline void run_rows(const DotColumns<T>& d) {
    const size_t vectors = (d.columns + kLanes - 1) / kLanes;
    const size_t most = kTable.rows[vectors];
    size_t blocks = (d.rows + most - 1) / most;
    for (size_t i = 0, height; i < d.rows; i += height, --blocks) {
      height = (d.rows - i + blocks - 1) / blocks;
      kTable.run[vectors][height](d, d.a + i * d.a_row, d.out + i * d.out_row);
    }
  }

  static void run(const DotColumns<T>& d) {
    if constexpr (kMostColumns >= kDotLanes) {
      run_rows(d);
    } else {
      for (size_t j = 0; j < d.columns; j += kMostColumns) {
        DotColumns<T> part = d;
        part.b += j;
        part.out += j;
        part.columns = d.columns - j < kMostColumns ? d.columns - j : kMostColumns;
        run_rows(part);
      }
    }
  }
};
