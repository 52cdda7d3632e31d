// Few rows of C from a row-major B that comes from beyond L1: y[i, j] += sum over p of a[i, p] * b[p, j], up to three rows. How fast
// B comes is all that counts, and L2 gives a line in two cycles to loads and software prefetches, but up to one a cycle to the
// processor's own prefetcher, which only follows some orders of lines (docs/gemm.md: measured). So B is read in blocks of 16 rows
// by up to 12 vectors, fully unrolled, each line asking for the next one in its row:
//
//      vectors ->           16 rows of B pass through a block's accumulators before these return to y, which waits in L1:
//   p  [==][==][==] | ...   a load and a store of y for 16 lines of B. Along a row of blocks, 16 streams of lines run on.
//   |  [==][==][==] | ...
//   v   16 rows
//
// Included inside an ISA's region.
template <class V, size_t MR>
struct FewKernel {
  using T = typename V::Scalar;
  static constexpr size_t kWidest = kFewVectors[MR];
  static constexpr size_t kRows = 16;
  static constexpr size_t kLine = 64 / sizeof(T);
  static constexpr size_t kSegment = 16384 / sizeof(T) / MR / kLine * kLine;  // columns at a time: y and the lines on their way share L1

  template <size_t C, bool kPartial>
  static inline __attribute__((always_inline)) V load_at(const T* p, size_t v, size_t last) {
    return kPartial && v == C - 1 ? load_n<V>(p + v * V::kLanes, last) : load<V>(p + v * V::kLanes);
  }

  // One row of B through C vectors of y.
  template <size_t C, bool kPartial>
  static inline __attribute__((always_inline)) void row(V (&acc)[MR][C], const T* a, size_t a_row, const T* b, size_t last) {
    V x[MR];
    DOWNHILL_UNROLL
    for (size_t i = 0; i < MR; ++i) x[i] = broadcast<V>(a[i * a_row]);
    DOWNHILL_UNROLL
    for (size_t v = 0; v < C; ++v) {
      if (v * V::kLanes % kLine == 0) __builtin_prefetch(b + v * V::kLanes + kLine);
      const V line = MR > 1 ? load_once(load_at<C, kPartial>(b, v, last)) : load_at<C, kPartial>(b, v, last);
      DOWNHILL_UNROLL
      for (size_t i = 0; i < MR; ++i) acc[i][v] = fma(x[i], line, acc[i][v]);
    }
  }

  template <size_t C, bool kPartial>
  static inline __attribute__((always_inline)) void run_as(const Tile<T>& t, const T* a, const T* b, T* y, size_t rows, size_t last, bool first) {
    V acc[MR][C];
    const size_t ld_y = t.ldc, a_row = t.a_row, a_col = t.a_col, b_row = t.b_row;
    if (first) {
      DOWNHILL_UNROLL
      for (size_t i = 0; i < MR; ++i) {
        DOWNHILL_UNROLL
        for (size_t v = 0; v < C; ++v) acc[i][v] = broadcast<V>(0);
      }
    } else {
      DOWNHILL_UNROLL
      for (size_t i = 0; i < MR; ++i) {
        DOWNHILL_UNROLL
        for (size_t v = 0; v < C; ++v) acc[i][v] = load<V>(y + i * ld_y + v * V::kLanes);
      }
    }
    if (rows == kRows) {
      DOWNHILL_UNROLL
      for (size_t p = 0; p < kRows; ++p, a = step(a, a_col), b = step(b, b_row)) row<C, kPartial>(acc, a, a_row, b, last);
    } else {
      for (size_t p = rows; p != 0; --p, a += a_col, b += b_row) row<C, kPartial>(acc, a, a_row, b, last);
    }
    DOWNHILL_UNROLL
    for (size_t i = 0; i < MR; ++i) {
      DOWNHILL_UNROLL
      for (size_t v = 0; v < C; ++v) store(y + i * ld_y + v * V::kLanes, acc[i][v]);
    }
  }

  // The next row's address, from this one's: else 16 of them are kept in registers that are not there.
  static inline const T* step(const T* p, size_t by) {
    p += by;
#if defined(__GNUC__)
    __asm__("" : "+r"(p));
#endif
    return p;
  }

  // `rows` rows of B from b on through C vectors of y, of the last of them `last` lanes; `first`: y starts from +0. What changes from
  // block to block is an argument: in a structure in memory it would be stored in pieces just before it is loaded.
  template <size_t C>
  static void run_block(const Tile<T>& t, const T* a, const T* b, T* y, size_t rows, size_t last, bool first) {
    if (kMaskIsFree || last != V::kLanes) {
      run_as<C, true>(t, a, b, y, rows, last, first);
    } else {
      run_as<C, false>(t, a, b, y, rows, last, first);
    }
  }

  using Run = void (*)(const Tile<T>& t, const T* a, const T* b, T* y, size_t rows, size_t last, bool first);
  struct ByWidth {
    Run run[kWidest + 1];
    template <size_t C = kWidest>
    constexpr void add() {
      run[C] = run_block<C>;
      if constexpr (C > 1) add<C - 1>();
    }
    constexpr ByWidth() : run{} { add(); }
  };
  static constexpr ByWidth kBlocks{};

  static inline void segment(const Tile<T>& t, const T* b, T* y, size_t columns) {
    const size_t vectors = (columns + V::kLanes - 1) / V::kLanes, rest = columns - (vectors - 1) * V::kLanes;
    const size_t blocks = (vectors + kWidest - 1) / kWidest;
    const size_t width = vectors / blocks, wide = vectors % blocks;  // `wide` of the blocks have a vector more
    const T* a = t.a;
    for (size_t p = 0; p < t.k;) {
      const size_t rows = t.k - p < kRows ? t.k - p : kRows;
      size_t j = 0;
      for (size_t at = 0; at + 1 < blocks; ++at) {
        const size_t c = width + (at < wide);
        kBlocks.run[c](t, a, b + j, y + j, rows, V::kLanes, p == 0);
        j += c * V::kLanes;
      }
      kBlocks.run[width](t, a, b + j, y + j, rows, rest, p == 0);
      a += rows * t.a_col;
      b += rows * t.b_row;
      p += rows;
    }
  }

  // Accumulators to t.c, rows t.ldc apart, whole vectors of them; the epilogue is the caller's.
  static void run(const Tile<T>& t, size_t columns) {
    for (size_t j = 0; j < columns; j += kSegment) {
      segment(t, t.b + j, t.c + j, columns - j < kSegment ? columns - j : kSegment);
    }
  }
};
