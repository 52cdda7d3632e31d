// Dot products in dot order: lane l of 16 chains the k = l, l + 16, l + 32 ...; lanes combine at distance 8, 4, 2, 1.
// The 16 lanes are one register or several (kParts), so that every ISA computes the same bits. Included inside an
// ISA's region.
constexpr size_t kDotLanes = 16;

template <class V>
struct DotKernel {
  using T = typename V::Scalar;
  static constexpr size_t kParts = kDotLanes / V::kLanes;

  // Vectors of one row before the next row's turn: two whole cache lines (1 x 784 x 256 from L2: 60 GFLOP/s one by one, 77
  // in pairs; four or eight were no faster), else the 16 lanes.
  static constexpr bool kLines = sizeof(T) * V::kLanes == 64;
  static constexpr size_t kTurn = kLines ? 2 : kParts;

  // Chains of F rows of `few` against S rows of `many`.
  template <size_t F, size_t S>
  struct Block {
    // N vectors of each row. Whole lines: row by row. Shorter vectors: part by part, for want of registers.
    template <size_t N>
    static inline __attribute__((always_inline)) void step(const DotBlock<T>& d, const T* few, const T* many,
                                                           V (&acc)[F][S][kParts]) {
      constexpr size_t kTogether = kLines ? N : 1;
      DOWNHILL_UNROLL
      for (size_t q = 0; q < N; q += kTogether) {
        V a[F][kTogether];
        DOWNHILL_UNROLL
        for (size_t f = 0; f < F; ++f) {
          DOWNHILL_UNROLL
          for (size_t v = 0; v < kTogether; ++v) a[f][v] = load<V>(few + f * d.few_row + (q + v) * V::kLanes);
        }
        DOWNHILL_UNROLL
        for (size_t s = 0; s < S; ++s) {
          DOWNHILL_UNROLL
          for (size_t v = 0; v < kTogether; ++v) {
            V b = load<V>(many + s * d.many_row + (q + v) * V::kLanes);
            if constexpr (F > 2) b = load_once(b);
            DOWNHILL_UNROLL
            for (size_t f = 0; f < F; ++f) acc[f][s][(q + v) % kParts] = fma(a[f][v], b, acc[f][s][(q + v) % kParts]);
          }
        }
      }
    }

    static inline void run(const DotBlock<T>& d, size_t many_first) {
      V acc[F][S][kParts];
      DOWNHILL_UNROLL
      for (size_t f = 0; f < F; ++f) {
        DOWNHILL_UNROLL
        for (size_t s = 0; s < S; ++s) {
          DOWNHILL_UNROLL
          for (size_t q = 0; q < kParts; ++q) acc[f][s][q] = broadcast<V>(0);
        }
      }
      const T* few = d.few;
      const T* many = d.many + many_first * d.many_row;
      size_t p = 0;
      for (; p + kTurn * V::kLanes <= d.k; p += kTurn * V::kLanes) step<kTurn>(d, few + p, many + p, acc);
      for (; kTurn > kParts && p + kDotLanes <= d.k; p += kDotLanes) step<kParts>(d, few + p, many + p, acc);
      // The rest of k: lanes without an element keep their value (an fma with zeros could turn -0 into +0).
      DOWNHILL_UNROLL
      for (size_t q = 0; q < kParts; ++q) {
        const size_t at = p + q * V::kLanes;
        if (at >= d.k) break;
        const size_t n = d.k - at < V::kLanes ? d.k - at : V::kLanes;
        DOWNHILL_UNROLL
        for (size_t s = 0; s < S; ++s) {
          const V b = load_n<V>(many + s * d.many_row + at, n);
          DOWNHILL_UNROLL
          for (size_t f = 0; f < F; ++f) {
            const V a = load_n<V>(few + f * d.few_row + at, n);
            acc[f][s][q] = keep_first(fma(a, b, acc[f][s][q]), acc[f][s][q], n);
          }
        }
      }
      DOWNHILL_UNROLL
      for (size_t f = 0; f < F; ++f) combine_lanes(acc[f], d.out + f * d.ld_out + many_first);
    }
  };

  // The first n lanes of a, the others of b.
  static inline V keep_first(V a, V b, size_t n) {
    return select(less(load<V>(kLaneIndex), broadcast<V>(static_cast<T>(n))), a, b);
  }

  static constexpr T kLaneIndex[kDotLanes] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};

  template <size_t F>
  static void rows(const DotBlock<T>& d) {
    constexpr size_t kFit = kDotAccumulators / (F * kParts);
    constexpr size_t kTogether = kFit >= 8 ? 8 : kFit >= 4 ? 4 : kFit >= 2 ? 2 : 1;
    size_t s = 0;
    for (; s + kTogether <= d.many_count; s += kTogether) Block<F, kTogether>::run(d, s);
    for (; s < d.many_count; ++s) Block<F, 1>::run(d, s);
  }

  static void run(const DotBlock<T>& d) {
    switch (d.few_count) {
      case 1: return rows<1>(d);
      case 2: return rows<2>(d);
      case 3: return rows<3>(d);
      case 4: return rows<4>(d);
    }
  }
};
