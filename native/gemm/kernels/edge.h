// The last N columns of C where they do not fill half a vector: vectors run over rows of C, lanes x NB at a time, and are
// written through a small transpose. A vector over the columns costs half a cycle for each element of A, whatever N is; here
// it is .17 (one column) to .33 (eight).
//
//      transposed A: lanes rows lie side by side, one k each
//      A as stored:  groups of 16 bytes (4 float32 of k) from lanes rows, transposed inside the groups:
//
//          row 0: k0 k1 k2 k3 | row 4: … | …           k0: rows 0 1 2 3 | 4 5 6 7 | …
//          row 1: k0 k1 k2 k3 | row 5: … | …    -->    k1: rows 0 1 2 3 | 4 5 6 7 | …      each times b[k, 0..N)
//          row 2: …                                    …
//
// Rows and k that fill no block overlap the ones before: rows are computed twice with the same result, k are skipped. So
// at least a group of rows and k is needed, or a vector of rows where A is transposed. Included inside an ISA's region.
template <class V, size_t N, size_t NB, bool kTransposed>
struct EdgeKernel {
  using T = typename V::Scalar;
  static constexpr size_t kLanes = V::kLanes;
  static constexpr size_t kGroup = kGroupBytes / sizeof(T);
  static constexpr size_t kGroups = kLanes / kGroup;
  static constexpr size_t kStep = kTransposed ? 1 : kGroup;  // k per block

  // The first row of a group of block n.
  static inline __attribute__((always_inline)) size_t row_of(size_t first, size_t rows, size_t n, size_t group) {
    const size_t at = first + n * kLanes + (kTransposed ? 0 : group * kGroup), most = rows - (kTransposed ? kLanes : kGroup);
    return (at < most ? at : most) + (kTransposed ? group * kGroup : 0);
  }

  // acc += A times b from k = `from` of the block at `p` on.
  static inline __attribute__((always_inline)) void multiply(V (&acc)[NB][N], const T* const (&a)[NB][kGroups], size_t lda,
                                                             const T* b, size_t b_row, size_t from) {
    DOWNHILL_UNROLL
    for (size_t n = 0; n < NB; ++n) {
      V x[kStep];
      if constexpr (kTransposed) {
        x[0] = load<V>(a[n][0]);
      } else {
        DOWNHILL_UNROLL
        for (size_t q = 0; q < kGroup; ++q) load_groups(x[q], a[n], q * lda);
        transpose_groups(x);
      }
      DOWNHILL_UNROLL
      for (size_t q = 0; q < kStep; ++q) {
        if (q < from) continue;
        DOWNHILL_UNROLL
        for (size_t j = 0; j < N; ++j) acc[n][j] = fma(x[q], broadcast<V>(b[q * b_row + j]), acc[n][j]);
      }
    }
  }

  // Rows first … first + NB * lanes, as far as there are any.
  static inline __attribute__((always_inline)) void block(const Edge<T>& t, size_t first) {
    const size_t k = t.k, lda = t.lda, b_row = t.b_row;
    size_t row[NB][kGroups];
    const T* a[NB][kGroups];
    DOWNHILL_UNROLL
    for (size_t n = 0; n < NB; ++n) {
      DOWNHILL_UNROLL
      for (size_t g = 0; g < kGroups; ++g) {
        row[n][g] = row_of(first, t.rows, n, g);
        a[n][g] = t.a + row[n][g] * (kTransposed ? 1 : lda);
      }
    }
    V acc[NB][N];
    DOWNHILL_UNROLL
    for (size_t n = 0; n < NB; ++n) {
      DOWNHILL_UNROLL
      for (size_t j = 0; j < N; ++j) acc[n][j] = broadcast<V>(0);
    }
    const T* b = t.b;
    size_t p = 0;
    for (; p + kStep <= k; p += kStep, b += kStep * b_row) {
      multiply(acc, a, lda, b, b_row, 0);
      DOWNHILL_UNROLL
      for (size_t n = 0; n < NB; ++n) {
        DOWNHILL_UNROLL
        for (size_t g = 0; g < kGroups; ++g) a[n][g] += kTransposed ? lda : kStep;
      }
    }
    if (p < k) {
      const size_t again = p + kStep - k;
      DOWNHILL_UNROLL
      for (size_t n = 0; n < NB; ++n) {
        DOWNHILL_UNROLL
        for (size_t g = 0; g < kGroups; ++g) a[n][g] -= again;
      }
      multiply(acc, a, lda, b - again * b_row, b_row, again);
    }
    DOWNHILL_UNROLL
    for (size_t n = 0; n < NB; ++n) {
      if (n != 0 && first + n * kLanes >= t.rows) break;
      DOWNHILL_UNROLL
      for (size_t j = 0; j < N; j += kGroup) {
        V y[kGroup];
        DOWNHILL_UNROLL
        for (size_t q = 0; q < kGroup; ++q) y[q] = acc[n][j + q < N ? j + q : j];
        transpose_groups(y);
        DOWNHILL_UNROLL
        for (size_t g = 0; g < kGroups; ++g) {
          T* const c = t.c + row[n][g] * t.ldc + j;
          DOWNHILL_UNROLL
          for (size_t q = 0; q < kGroup; ++q) store_group(c + q * t.ldc, y[q], g, N - j < kGroup ? N - j : kGroup);
        }
      }
    }
  }

  static void run(const Edge<T>& t) {
    for (size_t i = 0; i < t.rows; i += NB * kLanes) {
      const size_t left = t.rows - i;
      if constexpr (NB > 1 && !(kTransposed && N < 5)) {
        if (left <= kLanes) return EdgeKernel<V, N, 1, kTransposed>::block(t, i);
      }
      if constexpr (NB == 2 && N <= 2 && !kTransposed) {
        if (left > 2 * kLanes && left <= 3 * kLanes) return EdgeKernel<V, N, 3, false>::block(t, i);
      }
      block(t, i);
    }
  }
};
