// Dot products (dot.h) with columns of a row-major matrix: the first rows of `many` meet the columns as these are turned in registers,
// and leave them behind, each along k, for the rows to come. Turning up to eight columns takes 12 cycles for 16 k, because of its loads,
// which multiplications of the first rows hide in part. Included inside an ISA's region, after dot.h; used where that has turn_columns().
template <class V>
struct DotTurnedKernel {
  using T = typename V::Scalar;
  static constexpr size_t kLanes = V::kLanes, kParts = kDotLanes / kLanes;
  // Each group of columns takes a pass over the matrix for each part of the lanes. Two passes are worth it, four are not (float64,
  // 20 x 12 x 634: 56 GFLOP/s, with columns turned by a pass of their own 68).
  static constexpr size_t kMost = 2 * kMostTurned / kParts;

  // Rows of `many` beside F columns: accumulators share the registers with columns and with what turns them.
  static constexpr size_t beside(size_t f) { return f <= 2 ? 8 : 18 / f; }

  template <size_t F, size_t S>
  struct Block {
    // The next n of k: `from`, `many` and `turned` point there.
    template <bool kWhole>
    static inline __attribute__((always_inline)) void step(const T* from, size_t from_row, const T* many, size_t many_row, T* turned,
                                                           size_t turned_row, V (&acc)[F][S], size_t n) {
      V x[F];
      turn_columns<kWhole>(from, from_row, n, x);
      DOWNHILL_UNROLL
      for (size_t f = 0; f < F; ++f) store(turned + f * turned_row, x[f]);
      DOWNHILL_UNROLL
      for (size_t s = 0; s < S; ++s) {
        const V a = load_once(kWhole ? load<V>(many + s * many_row) : load_n<V>(many + s * many_row, n));
        DOWNHILL_UNROLL
        for (size_t f = 0; f < F; ++f) acc[f][s] = kWhole ? fma(x[f], a, acc[f][s]) : fma_first(x[f], a, acc[f][s], n);
      }
    }

    // Part t of the 16 lanes.
    static inline __attribute__((always_inline)) void pass(const DotBlock<T>& d, const T* few, T* turned, size_t t, V (&acc)[F][S]) {
      DOWNHILL_UNROLL
      for (size_t f = 0; f < F; ++f) {
        DOWNHILL_UNROLL
        for (size_t s = 0; s < S; ++s) acc[f][s] = broadcast<V>(0);
      }
      const size_t k = d.k, row = d.few_step, many_row = d.many_row, turned_row = d.turned_row;
      const T* const many = d.many;
      size_t p = t * kLanes;
      for (; p + kLanes <= k; p += kDotLanes) {
        step<true>(few + p * row, row, many + p, many_row, turned + p, turned_row, acc, kLanes);
      }
      if (p < k) step<false>(few + p * row, row, many + p, many_row, turned + p, turned_row, acc, k - p);
    }

    static void run(const DotBlock<T>& d, const T* few, T* turned, T* out) {
      V sum[kParts][F][S];
      DOWNHILL_UNROLL
      for (size_t t = 0; t < kParts; ++t) pass(d, few, turned, t, sum[t]);
      DOWNHILL_UNROLL
      for (size_t half = kParts / 2; half != 0; half /= 2) {
        DOWNHILL_UNROLL
        for (size_t t = 0; t < half; ++t) {
          DOWNHILL_UNROLL
          for (size_t f = 0; f < F; ++f) {
            DOWNHILL_UNROLL
            for (size_t s = 0; s < S; ++s) sum[t][f][s] = add(sum[t][f][s], sum[t + half][f][s]);
          }
        }
      }
      DotKernel<V>::template put_sums(sum[0], out, d.out_few, d.out_many);
    }
  };

  using Run = void (*)(const DotBlock<T>&, const T* few, T* turned, T* out);

  static constexpr DotTable<DotTurnedKernel, kMostTurned> kTable{};

  static void run(const DotBlock<T>& d) {
    const size_t groups = (d.few_count + kMostTurned - 1) / kMostTurned;
    const size_t most = beside((d.few_count + groups - 1) / groups);
    // Neither these rows nor the rest are too few to hide the latency of a multiplication.
    const size_t height = d.many_count <= most ? d.many_count : d.many_count < 2 * most ? d.many_count / 2 : most;
    size_t left = groups;
    for (size_t f = 0, size; f < d.few_count; f += size, --left) {
      size = (d.few_count - f + left - 1) / left;
      kTable.run[size][height](d, d.few + f, d.turned + f * d.turned_row, d.out + f * d.out_few);
    }
    if (height == d.many_count) return;
    DotBlock<T> rest = d;
    rest.few = d.turned;
    rest.few_row = d.turned_row;
    rest.few_step = 1;
    rest.many += height * d.many_row;
    rest.many_count -= height;
    rest.out += height * d.out_many;
    DotKernel<V>::run(rest);
  }
};
