// A narrow product in one pass: rows with contiguous k times a dense matrix of N columns, N from 6 to 12; here the rows are those
// of a transposed B, and its result is C transposed. A block of
// lanes x lanes of the rows is transposed in registers and multiplied there and then, vectors over rows:
//
//      16 rows x 16 k  --transpose-->  x[0..15], one k each  --fma with b[k, 0..N)-->  acc[0..N)
//
// In two passes (a panel of transposed rows, then tiles) stores and loads of the panel come on top: 1000 x 10 x 784 at 142
// GFLOP/s, in one pass at 170. Below six columns the N chains are too few to hide their latency (five: 97 and 77 GFLOP/s),
// also with two or four blocks of rows by turns. Included inside an ISA's region.
template <class V, size_t N>
struct NarrowKernel {
  using T = typename V::Scalar;
  static constexpr size_t kLanes = V::kLanes;

  // acc += x times the rows of b, for the first `count` k of the block.
  template <bool kWhole>
  static inline __attribute__((always_inline)) void multiply(V (&acc)[N], const V (&x)[kLanes], const T* b, size_t count) {
    DOWNHILL_UNROLL
    for (size_t q = 0; q < kLanes; ++q) {
      if (!kWhole && q >= count) break;
      DOWNHILL_UNROLL
      for (size_t j = 0; j < N; ++j) acc[j] = fma(x[q], broadcast<V>(b[q * N + j]), acc[j]);
    }
  }

  // Up to `lanes` rows. A row that is absent repeats the last one; what it gives is not stored.
  static inline void block(const Narrow<T>& t, const T* a, size_t rows, T* out) {
    const T* row[kLanes];
    for (size_t i = 0; i < kLanes; ++i) row[i] = a + (i < rows ? i : rows - 1) * t.lda;
    const size_t k = t.k, ld_out = t.ld_out;
    V acc[N];
    DOWNHILL_UNROLL
    for (size_t j = 0; j < N; ++j) acc[j] = broadcast<V>(0);
    const T* b = t.b;
    size_t p = 0;
    for (; p + kLanes <= k; p += kLanes, b += kLanes * N) {
      V x[kLanes];
      DOWNHILL_UNROLL
      for (size_t i = 0; i < kLanes; ++i) x[i] = load<V>(row[i] + p);
      transpose_registers(x);
      multiply<true>(acc, x, b, kLanes);
    }
    if (p < k) {
      V x[kLanes];
      DOWNHILL_UNROLL
      for (size_t i = 0; i < kLanes; ++i) x[i] = load_n<V>(row[i] + p, k - p);
      transpose_registers(x);
      multiply<false>(acc, x, b, k - p);
    }
    DOWNHILL_UNROLL
    for (size_t j = 0; j < N; ++j) store_n(out + j * ld_out, acc[j], rows);
  }

  static void run(const Narrow<T>& t) {
    for (size_t i = 0; i < t.rows; i += kLanes) {
      block(t, t.a + i * t.lda, t.rows - i < kLanes ? t.rows - i : kLanes, t.out + i);
    }
  }
};
