// Dot products (dot.h) of at most 32 k: chains of one or two terms, so that the sums of lanes count, 46 operations for 16 of them, and
// what a kernel takes to be entered and left. Their first step, at distance 8, costs no shuffle where half a row of `many` shares a
// register with half of another one:
//
//      row i: k0 … k7 | row i + 8: k0 … k7      times few k0 … k7  | few k0 … k7      chains of lanes 0 to 7
//      row i: k8 … kf | row i + 8: k8 … kf      times few k8 … kf  | few k8 … kf      chains of lanes 8 to 15, added to those
//
// `few` stays in registers, blocks of 16 rows of `many` follow each other in one loop, the last one overlaps the one before. 2 x 1024 x
// 16 ABᵀ: 50 GFLOP/s in blocks of dot.h, so 81; 4 x 600 x 8 28 and 67, 4 x 600 x 32 98 and 151, 200 x 3 x 32 82 and 110. Included inside an
// ISA's region; used where that has load_halves().
constexpr size_t kDotLanes = 16;

template <class V>
struct DotShortKernel {
  using T = typename V::Scalar;
  static constexpr size_t kHalf = kDotLanes / 2, kRows = 16, kMostFew = kMaxDotRows;
  static constexpr size_t kMostHalves = 4;  // of k

  // Whether it computes these: `few` along k, at least a block of `many`.
  static inline bool takes(const DotBlock<T>& d) {
    return d.k <= kMostHalves * kHalf && d.few_count <= kMostFew && d.many_count >= kRows;
  }

  // F rows of `few`, H halves of k.
  template <size_t F, size_t H>
  struct Block {
    // The sums of eight lanes each of rows i and i + 8, for each row of `few`.
    template <bool kWhole>
    static inline __attribute__((always_inline)) void products(const V (&a)[F][H], const T* low, const T* high, size_t last, V (&sum)[F]) {
      V b[H];
      DOWNHILL_UNROLL
      for (size_t h = 0; h < H; ++h) b[h] = load_halves<kWhole>(low + h * kHalf, high + h * kHalf, h + 1 < H ? kHalf : last, V{});
      const V zero = broadcast<V>(0);
      DOWNHILL_UNROLL
      for (size_t f = 0; f < F; ++f) {
        V acc[2] = {zero, zero};  // lanes 0 to 7 and 8 to 15
        DOWNHILL_UNROLL
        for (size_t h = 0; h < H; ++h) {
          const bool partial = !kWhole && h + 1 == H && h > 1;  // where chains may hold -0, which zeros behind k would turn into +0
          acc[h % 2] = partial ? fma_halves(a[f][h], b[h], acc[h % 2], last) : fma(a[f][h], b[h], acc[h % 2]);
        }
        sum[f] = add(acc[0], acc[1]);
      }
    }

    // 16 rows of `many` from `many` on.
    template <bool kWhole>
    static inline __attribute__((always_inline)) void block(const V (&a)[F][H], const T* many, size_t row, size_t last, V (&sum)[F]) {
      V four[F][4];
      DOWNHILL_UNROLL
      for (size_t i = 0; i < 4; ++i) {
        V x[F], y[F];
        products<kWhole>(a, many + i * row, many + (i + 8) * row, last, x);
        products<kWhole>(a, many + (i + 4) * row, many + (i + 12) * row, last, y);
        DOWNHILL_UNROLL
        for (size_t f = 0; f < F; ++f) four[f][i] = combine_halves(x[f], y[f]);
      }
      DOWNHILL_UNROLL
      for (size_t f = 0; f < F; ++f) sum[f] = combine_quarters(four[f][0], four[f][1], four[f][2], four[f][3]);
    }

    // Sums of 16 rows of `many` to C, across its rows.
    static inline __attribute__((always_inline)) void put_across(const V (&sum)[F], T* out, size_t out_many) {
      V y[4];
      DOWNHILL_UNROLL
      for (size_t q = 0; q < 4; ++q) y[q] = sum[q < F ? q : 0];
      transpose_groups(y);
      DOWNHILL_UNROLL
      for (size_t g = 0; g < 4; ++g) {
        DOWNHILL_UNROLL
        for (size_t q = 0; q < 4; ++q) store_group(out + (4 * g + q) * out_many, y[q], g, F);
      }
    }

    template <bool kWhole>
    static inline __attribute__((always_inline)) void run_as(const DotBlock<T>& d) {
      const size_t last = d.k - (H - 1) * kHalf, row = d.many_row, out_few = d.out_few, out_many = d.out_many, count = d.many_count;
      const T* const many = d.many;
      T* const out = d.out;
      V a[F][H];
      DOWNHILL_UNROLL
      for (size_t f = 0; f < F; ++f) {
        DOWNHILL_UNROLL
        for (size_t h = 0; h < H; ++h) {
          const T* const p = d.few + f * d.few_row + h * kHalf;
          a[f][h] = load_halves<kWhole>(p, p, h + 1 < H ? kHalf : last, V{});
        }
      }
      for (size_t s = 0; s < count; s += kRows) {
        const size_t at = s + kRows <= count ? s : count - kRows;
        V sum[F];
        block<kWhole>(a, many + at * row, row, last, sum);
        if (out_many == 1) {
          DOWNHILL_UNROLL
          for (size_t f = 0; f < F; ++f) store(out + f * out_few + at, sum[f]);
        } else {
          put_across(sum, out + at * out_many, out_many);
        }
      }
    }

    static void run(const DotBlock<T>& d) {
      if (d.k == H * kHalf) return run_as<true>(d);
      run_as<false>(d);
    }
  };

  using Run = void (*)(const DotBlock<T>&);
  struct Table {
    Run run[kMostFew + 1][kMostHalves + 1] = {};
    template <size_t F, size_t H>
    constexpr void fill() {
      run[F][H] = Block<F, H>::run;
      if constexpr (H > 1) {
        fill<F, H - 1>();
      } else if constexpr (F > 1) {
        fill<F - 1, kMostHalves>();
      }
    }
    constexpr Table() { fill<kMostFew, kMostHalves>(); }
  };
  static constexpr Table kTable{};

  static inline void run(const DotBlock<T>& d) { kTable.run[d.few_count][(d.k + kHalf - 1) / kHalf](d); }
};
