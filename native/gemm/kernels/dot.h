// Dot products in dot order: lane l of 16 chains the k = l, l + 16, l + 32 ...; lanes combine at distance 8, 4, 2, 1.
// The 16 lanes are one register or several (kParts), so that every ISA computes the same bits. Included inside an
// ISA's region.
//
// A register block is F rows of `few` against S rows of `many`: F + S loads feed F * S FMAs a part, and F * S * kParts
// accumulators stay in registers. The S rows of `many` meet all groups of `few` before the next S, so they come from L1.

// A kernel's register blocks [f][s], null where the registers do not hold them.
template <class Kernel, size_t kMost>
struct DotTable {
  typename Kernel::Run run[kMost + 1][9] = {};
  template <size_t F, size_t S>
  constexpr void fill() {
    run[F][S] = Kernel::template Block<F, S>::run;
    if constexpr (S > 1) {
      fill<F, S - 1>();
    } else if constexpr (F > 1) {
      fill<F - 1, Kernel::beside(F - 1)>();
    }
  }
  constexpr DotTable() { fill<kMost, Kernel::beside(kMost)>(); }
};

template <class V>
struct DotKernel {
  using T = typename V::Scalar;
  static constexpr size_t kLanes = V::kLanes, kParts = kDotLanes / kLanes;
  // Parts whose accumulators are in registers at once beside F rows of `few`; the others follow in passes of their own over k.
  // One row of `few` takes what streams by as it comes; more rows in a block need fewer loads (AVX2, 200 x 4 x 784: 83 GFLOP/s
  // with both parts, 110 with two passes).
  static constexpr size_t together(size_t f) {
    const size_t most = f == 1 ? 4 : f <= 4 ? kDotParts : 1;
    return kParts < most ? kParts : most;
  }
  // Rows of `many` beside F rows of `few`.
  static constexpr size_t beside(size_t f) {
    const size_t fit = kDotAccumulators / (f * together(f));
    return fit > 8 ? 8 : fit == 0 ? 1 : fit;
  }
  // The most rows of `few` in a block: about as many as `many`, so that loads per FMA are fewest.
  static constexpr size_t most_few() {
    size_t f = 1;
    while (f < 6 && beside(f + 1) >= (f + 1) / 2 + (f + 1) % 2) ++f;
    return f;
  }
  static constexpr size_t kMostFew = most_few();
  // Blocks of so few rows of `few` follow each other inside their kernel, which is left and entered in 15 to 20 cycles (200 x 3 x 32
  // ABᵀ: 88 GFLOP/s, so 106); for the addresses of more rows there are too few registers (4 x 64 x 128 ABᵀ: 170 and 155).
  static constexpr size_t kInside = 3;

  // Chains of F rows of `few` against S rows of `many`.
  template <size_t F, size_t S>
  struct Block {
    static constexpr size_t kTogether = together(F), kPasses = kParts / kTogether;
    static constexpr size_t kStride = kPasses * kLanes;  // between the vectors of a pass
    // Vectors of one row before the next row's turn: two whole cache lines where `many` streams by (1 x 784 x 256 from L2: 60
    // GFLOP/s one by one, 77 in pairs; four or eight were no faster), else one, for want of registers.
    static constexpr size_t kTurn = (sizeof(T) * kLanes == 64 && F <= 3) || (F == 1 && kTogether > 1) ? 2 : 1;
    static constexpr size_t kStep = kTurn > kTogether ? kTurn : kTogether;  // vectors of a row in one run of the loop

    template <bool kWhole>
    static inline __attribute__((always_inline)) V chain(V a, V b, V acc, size_t n) {
      return kWhole ? fma(a, b, acc) : fma_first(a, b, acc, n);
    }
    // Loaded once for all its uses (rows that lie across lines: 128 x 3 x 300 107 GFLOP/s without, 151 with; 13 x 2 x 371 82 and 122).
    template <bool kWhole>
    static inline __attribute__((always_inline)) V take(const T* p, size_t n, size_t times) {
      const V x = kWhole ? load<V>(p) : load_n<V>(p, n);
      return times > 1 ? load_once(x) : x;
    }

    // N vectors of each row, the first of part i of this pass; kWhole false: the first n lanes of one.
    template <size_t N, bool kWhole>
    static inline __attribute__((always_inline)) void step(const T* few, size_t few_row, const T* many, size_t many_row,
                                                           V (&acc)[kTogether][F][S], size_t i, size_t n) {
      if constexpr (F <= S) {
        V a[F][N];
        DOWNHILL_UNROLL
        for (size_t f = 0; f < F; ++f) {
          DOWNHILL_UNROLL
          for (size_t v = 0; v < N; ++v) a[f][v] = take<kWhole>(few + f * few_row + v * kStride, n, S);
        }
        DOWNHILL_UNROLL
        for (size_t s = 0; s < S; ++s) {
          DOWNHILL_UNROLL
          for (size_t v = 0; v < N; ++v) {
            const V b = take<kWhole>(many + s * many_row + v * kStride, n, F);
            DOWNHILL_UNROLL
            for (size_t f = 0; f < F; ++f) {
              V& x = acc[(i + v) % kTogether][f][s];
              x = chain<kWhole>(a[f][v], b, x, n);
            }
          }
        }
      } else {
        V b[S][N];
        DOWNHILL_UNROLL
        for (size_t s = 0; s < S; ++s) {
          DOWNHILL_UNROLL
          for (size_t v = 0; v < N; ++v) b[s][v] = take<kWhole>(many + s * many_row + v * kStride, n, F);
        }
        DOWNHILL_UNROLL
        for (size_t f = 0; f < F; ++f) {
          DOWNHILL_UNROLL
          for (size_t v = 0; v < N; ++v) {
            const V a = take<kWhole>(few + f * few_row + v * kStride, n, S);
            DOWNHILL_UNROLL
            for (size_t s = 0; s < S; ++s) {
              V& x = acc[(i + v) % kTogether][f][s];
              x = chain<kWhole>(a, b[s][v], x, n);
            }
          }
        }
      }
    }

    // The last n < 16 of k: lanes without an element keep their value (an fma with zeros could turn -0 into +0). `n` counts
    // from the part that `few` and `many` point to.
    template <size_t I>
    static inline __attribute__((always_inline)) void rest(const T* few, size_t few_row, const T* many, size_t many_row,
                                                           V (&acc)[kTogether][F][S], size_t n) {
      step<1, false>(few, few_row, many, many_row, acc, I, n < kLanes ? n : kLanes);
      if constexpr (I + 1 < kTogether) {
        if (n > kStride) rest<I + 1>(few + kStride, few_row, many + kStride, many_row, acc, n - kStride);
      }
    }

    // The parts t, t + kPasses ..., `few` and `many` at part t; added up at distance 8 ... as far as they go.
    static inline __attribute__((always_inline)) void pass(const DotBlock<T>& d, const T* few, const T* many, size_t t,
                                                           V (&sum)[F][S]) {
      V acc[kTogether][F][S];
      DOWNHILL_UNROLL
      for (size_t i = 0; i < kTogether; ++i) {
        DOWNHILL_UNROLL
        for (size_t f = 0; f < F; ++f) {
          DOWNHILL_UNROLL
          for (size_t s = 0; s < S; ++s) acc[i][f][s] = broadcast<V>(0);
        }
      }
      const size_t k = d.k, few_row = d.few_row, many_row = d.many_row;
      size_t p = 0;
      for (; p + kStep * kStride <= k; p += kStep * kStride) {
        DOWNHILL_UNROLL
        for (size_t i = 0; i < kStep; i += kTurn) {
          step<kTurn, true>(few + p + i * kStride, few_row, many + p + i * kStride, many_row, acc, i, 0);
        }
      }
      if constexpr (kStep > kTogether) {
        if (p + kDotLanes <= k) {
          step<1, true>(few + p, few_row, many + p, many_row, acc, 0, 0);
          p += kDotLanes;
        }
      }
      if (p + t * kLanes < k) rest<0>(few + p, few_row, many + p, many_row, acc, k - p - t * kLanes);
      DOWNHILL_UNROLL
      for (size_t half = kTogether / 2; half != 0; half /= 2) {
        DOWNHILL_UNROLL
        for (size_t i = 0; i < half; ++i) join(acc[i], acc[i + half]);
      }
      DOWNHILL_UNROLL
      for (size_t f = 0; f < F; ++f) {
        DOWNHILL_UNROLL
        for (size_t s = 0; s < S; ++s) sum[f][s] = acc[0][f][s];
      }
    }

    static inline __attribute__((always_inline)) void join(V (&x)[F][S], const V (&y)[F][S]) {
      DOWNHILL_UNROLL
      for (size_t f = 0; f < F; ++f) {
        DOWNHILL_UNROLL
        for (size_t s = 0; s < S; ++s) x[f][s] = add(x[f][s], y[f][s]);
      }
    }

    static inline __attribute__((always_inline)) void block(const DotBlock<T>& d, const T* few, const T* many, T* out) {
      V sum[kPasses][F][S];
      DOWNHILL_UNROLL
      for (size_t t = 0; t < kPasses; ++t) pass(d, few + t * kLanes, many + t * kLanes, t, sum[t]);
      DOWNHILL_UNROLL
      for (size_t half = kPasses / 2; half != 0; half /= 2) {
        DOWNHILL_UNROLL
        for (size_t t = 0; t < half; ++t) join(sum[t], sum[t + half]);
      }
      put_sums(sum[0], out, d.out_few, d.out_many);
    }

    static void run(const DotBlock<T>& d, const T* few, const T* many, T* out, size_t blocks) {
      if constexpr (F > kInside) return block(d, few, many, out);
      const size_t many_step = S * d.many_row, out_step = S * d.out_many;
      for (; blocks != 0; --blocks, many += many_step, out += out_step) block(d, few, many, out);
    }
  };

  // The sums of a block, in runs of `Inner` neighbours in C, `Outer` of them, `stride` apart.
  template <size_t Outer, size_t Inner, bool kManyOutside>
  struct Sums {
    // From sum kFirst on, a register of sums at a time.
    template <size_t kFirst, size_t F, size_t S>
    static inline __attribute__((always_inline)) void put(const V (&acc)[F][S], T* out, size_t stride) {
      constexpr size_t kCount = F * S - kFirst < kLanes ? F * S - kFirst : kLanes;
      V x[kCount];
      DOWNHILL_UNROLL
      for (size_t i = 0; i < kCount; ++i) {
        const size_t o = (kFirst + i) / Inner, j = (kFirst + i) % Inner;
        x[i] = kManyOutside ? acc[j][o] : acc[o][j];
      }
      put_runs<kFirst, kFirst, kFirst + kCount>(combine_lanes(x), out, stride);
      if constexpr (kFirst + kCount < F * S) put<kFirst + kCount>(acc, out, stride);
    }

    // Sums kAt to kEnd - 1 of the register that begins with sum kFirst.
    template <size_t kFirst, size_t kAt, size_t kEnd>
    static inline __attribute__((always_inline)) void put_runs(V sums, T* out, size_t stride) {
      constexpr size_t o = kAt / Inner, next = (o + 1) * Inner < kEnd ? (o + 1) * Inner : kEnd;
      store_lanes<kAt - kFirst, next - kFirst>(out + o * stride + kAt % Inner, sums);
      if constexpr (next < kEnd) put_runs<kFirst, next, kEnd>(sums, out, stride);
    }
  };

  // The sums of a block to C, one of whose strides is 1.
  template <size_t F, size_t S>
  static inline __attribute__((always_inline)) void put_sums(const V (&sum)[F][S], T* out, size_t out_few, size_t out_many) {
    if (out_many == 1) {
      Sums<F, S, false>::template put<0>(sum, out, out_few);
    } else {
      Sums<S, F, true>::template put<0>(sum, out, out_many);
    }
  }

  using Run = void (*)(const DotBlock<T>&, const T* few, const T* many, T* out, size_t blocks);

  static constexpr DotTable<DotKernel, kMostFew> kTable{};

  // Even parts of at most `most`, so that none has too few chains to hide their latency.
  struct Parts {
    size_t count, lower, higher;  // the first `higher` parts have one more than the others
    inline Parts(size_t whole, size_t most)
        : count(whole <= most ? 1 : (whole + most - 1) / most), lower(count == 1 ? whole : whole / count), higher(whole - count * lower) {}
    inline size_t size(size_t i) const { return lower + (i < higher); }
  };

  // Rows of `many` beside the groups of `few`: what fits for all of them.
  static inline size_t most_beside(const Parts& groups) {
    const size_t first = beside(groups.size(0)), last = beside(groups.lower);
    return first < last ? first : last;
  }

  // A block of `many` meets all groups of `few` before the next.
  static inline void by_blocks(const DotBlock<T>& d, const Parts& groups) {
    const Parts blocks(d.many_count, most_beside(groups));
    const T* many = d.many;
    T* out = d.out;
    if (groups.count == 1 && d.few_count <= kInside) {
      const size_t taller = blocks.lower + 1, rows = blocks.higher * taller;
      if (rows != 0) kTable.run[d.few_count][taller](d, d.few, many, out, blocks.higher);
      kTable.run[d.few_count][blocks.lower](d, d.few, many + rows * d.many_row, out + rows * d.out_many, blocks.count - blocks.higher);
      return;
    }
    for (size_t b = 0; b < blocks.count; ++b) {
      const size_t height = blocks.size(b);
      const T* few = d.few;
      T* to = out;
      for (size_t g = 0; g < groups.count; ++g) {
        const size_t size = groups.size(g);
        kTable.run[size][height](d, few, many, to, 1);
        few += size * d.few_row;
        to += size * d.out_few;
      }
      many += height * d.many_row;
      out += height * d.out_many;
    }
  }

  static void run(const DotBlock<T>& d) {
    if constexpr (kLanes == kDotLanes && kHasShortDots) {
      if (DotShortKernel<V>::takes(d)) return DotShortKernel<V>::run(d);
    }
    constexpr size_t kFewInL1 = 32 << 10, kStrip = 256 << 10, kLeast = 24;
    const Parts groups(d.few_count, kMostFew);
    const bool same = together(groups.size(0)) == together(groups.lower);
    if (same || d.few_count * d.k * sizeof(T) <= kFewInL1) return by_blocks(d, groups);
    // Groups that differ in their passes over k fit beside different numbers of rows, and L1 does not hold them: each goes in blocks of its
    // own, over strips that L2 holds (float64, 14 x 32 x 698 ABᵀ: 61 GFLOP/s in blocks of three rows for all groups, 76 so).
    const size_t rows = kStrip / (d.k * sizeof(T));
    const Parts strips(d.many_count, rows < kLeast ? kLeast : rows);
    for (size_t i = 0, s = 0; i < strips.count; s += strips.size(i), ++i) {
      for (size_t g = 0, f = 0; g < groups.count; f += groups.size(g), ++g) {
        DotBlock<T> part = d;
        part.few += f * d.few_row;
        part.few_count = groups.size(g);
        part.many += s * d.many_row;
        part.many_count = strips.size(i);
        part.out += f * d.out_few + s * d.out_many;
        by_blocks(part, Parts(part.few_count, kMostFew));
      }
    }
  }
};
