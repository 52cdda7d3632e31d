// A product with few k: all k rows of a panel of B stay in registers while the rows of C pass, each written once, in one run.
//
//        K x NV vectors of B       a row of C takes K broadcasts of A, K * NV fused multiply-adds and NV stores: no sums
//      [ b00 ][ b01 ][ b02 ]       are loaded, and no loop over k is entered and left
//      [ b10 ][ b11 ][ b12 ]
//   a0, a1 x  ...            = one row of C: NV chains, the rows after it fill their latencies
//
// 64 x 768 x 4: 157 GFLOP/s in register tiles, 245 so. Where C is one vector wide, k may be longer: chains of so many terms are
// too many for the processor to find eight of them in flight, so up to eight rows go by turns. There is no load of B beside the
// broadcasts, two a cycle, and no end of a tile: 784 x 16 x 14 from 182 GFLOP/s in tiles of 24 x 16 to 215. Included inside an
// ISA's region.

// Rows by turns: as many as registers are left for, at least four.
constexpr size_t rows_by_turns(size_t k) {
  return k + 4 > kShallowRegisters ? 0 : k + 8 > kShallowRegisters ? kShallowRegisters - k : 8;
}

// Vectors of the widest panel for K rows of B: beside them stand the sums, or one row of A, whichever are fewer; or one vector
// beside the sums of rows by turns.
constexpr size_t shallow_vectors(size_t k) {
  size_t vectors = rows_by_turns(k) != 0;
  for (size_t v = 2; k <= kMaxShallow && v <= kMaxShallowVectors; ++v) {
    if (k * v + (k < v ? k : v) + 1 <= kShallowRegisters) vectors = v;
  }
  return vectors;
}

template <class V, size_t K, size_t NV>
struct ShallowKernel {
  using T = typename V::Scalar;
  // The k of a row of A are addressed as in the register tile: base + {0, 1, 2} * stride.
  static constexpr size_t kBases = (K + 2) / 3;
  static constexpr size_t kRows = rows_by_turns(K);

  template <bool kPartial>
  static inline __attribute__((always_inline)) V load_b(const T* b, size_t v, size_t last) {
    return kPartial && v == NV - 1 ? load_n<V>(b + v * V::kLanes, last) : load<V>(b + v * V::kLanes);
  }

  // What follows a sum: alpha · sum + beta · old + bias, at least `low`. What is absent is 1, -0 or -infinity, which leave every value
  // as it is: that takes fewer instructions than a branch in each of hundreds of kernels.
  struct After {
    V alpha, beta, low;
    const T* old;  // C, or a row of -0
    size_t old_row;
    const T* bias;
  };

  template <bool kPartial, bool kIdentity>
  static inline __attribute__((always_inline)) V followed(V sum, size_t v, size_t last, const After* after, const T* old) {
    if constexpr (kIdentity) return sum;
    const V both = add(mul(after->alpha, sum), mul(after->beta, load_b<kPartial>(old, v, last)));
    return maximum(after->low, add(both, load_b<kPartial>(after->bias, v, last)));
  }

  template <bool kPartial>
  static inline __attribute__((always_inline)) void put(T* c, V sum, size_t v, size_t last) {
    if (kPartial && v == NV - 1) {
      store_n(c + v * V::kLanes, sum, last);
    } else {
      store(c + v * V::kLanes, sum);
    }
  }

  // kRows rows of C from the only vector of B's rows.
  template <bool kPartial, bool kIdentity>
  static inline __attribute__((always_inline)) void turns(const Tile<T>& t, const V (&b)[K][NV], const char* a, T* c,
                                                          const After* after, const T* old, size_t old_row) {
    const size_t last = t.last, ldc = t.ldc;
    const size_t row_bytes = t.a_row * sizeof(T), step_bytes = t.a_col * sizeof(T);
    const char* row[(kRows + 2) / 3];
    DOWNHILL_UNROLL
    for (size_t g = 0; g < (kRows + 2) / 3; ++g) row[g] = a + 3 * g * row_bytes;
    V sum[kRows];
    DOWNHILL_UNROLL
    for (size_t i = 0; i < kRows; ++i) sum[i] = broadcast<V>(0);
    DOWNHILL_UNROLL
    for (size_t p = 0; p < K; ++p) {
      DOWNHILL_UNROLL
      for (size_t i = 0; i < kRows; ++i) {
        sum[i] = fma(broadcast<V>(*reinterpret_cast<const T*>(row[i / 3] + (i % 3) * row_bytes)), b[p][0], sum[i]);
      }
      DOWNHILL_UNROLL
      for (size_t g = 0; g < (kRows + 2) / 3; ++g) row[g] = unknown(row[g] + step_bytes);
    }
    DOWNHILL_UNROLL
    for (size_t i = 0; i < kRows; ++i) sum[i] = followed<kPartial, kIdentity>(sum[i], 0, last, after, old + i * old_row);
    DOWNHILL_UNROLL  // after all loads: they would wait for a masked store of the row before
    for (size_t i = 0; i < kRows; ++i) put<kPartial>(c + i * ldc, sum[i], 0, last);
  }

  template <bool kPartial, bool kIdentity>
  static void rows(const Tile<T>& t, size_t count, const After* after) {
    const size_t last = t.last, ldc = t.ldc;
    V b[K][NV];
    DOWNHILL_UNROLL
    for (size_t p = 0; p < K; ++p) {
      DOWNHILL_UNROLL
      for (size_t v = 0; v < NV; ++v) b[p][v] = load_b<kPartial>(t.b + p * t.b_row, v, last);
    }
    const size_t row_bytes = t.a_row * sizeof(T), step_bytes = t.a_col * sizeof(T);
    const char* base[kBases];
    DOWNHILL_UNROLL
    for (size_t g = 0; g < kBases; ++g) base[g] = reinterpret_cast<const char*>(t.a) + 3 * g * step_bytes;
    T* c = t.c;
    const T* old = kIdentity ? nullptr : after->old;
    const size_t old_row = kIdentity ? 0 : after->old_row;
    if constexpr (shallow_vectors(K) == 1) {
      for (; count >= kRows; count -= kRows) {
        turns<kPartial, kIdentity>(t, b, base[0], c, after, old, old_row);
        DOWNHILL_UNROLL
        for (size_t g = 0; g < kBases; ++g) base[g] += kRows * row_bytes;
        c += kRows * ldc;
        old += kRows * old_row;
      }
    }
    for (; count != 0; --count) {
      if constexpr (K < NV) {  // a row of A is the shorter one to keep in registers
        V a[K];
        DOWNHILL_UNROLL
        for (size_t p = 0; p < K; ++p) a[p] = broadcast<V>(*reinterpret_cast<const T*>(base[p / 3] + (p % 3) * step_bytes));
        DOWNHILL_UNROLL
        for (size_t v = 0; v < NV; ++v) {
          V sum = broadcast<V>(0);
          DOWNHILL_UNROLL
          for (size_t p = 0; p < K; ++p) sum = fma(a[p], b[p][v], sum);
          put<kPartial>(c, followed<kPartial, kIdentity>(sum, v, last, after, old), v, last);
        }
      } else {
        V sum[NV];
        DOWNHILL_UNROLL
        for (size_t v = 0; v < NV; ++v) sum[v] = broadcast<V>(0);
        DOWNHILL_UNROLL
        for (size_t p = 0; p < K; ++p) {
          const V a = broadcast<V>(*reinterpret_cast<const T*>(base[p / 3] + (p % 3) * step_bytes));
          DOWNHILL_UNROLL
          for (size_t v = 0; v < NV; ++v) sum[v] = fma(a, b[p][v], sum[v]);
        }
        DOWNHILL_UNROLL
        for (size_t v = 0; v < NV; ++v) put<kPartial>(c, followed<kPartial, kIdentity>(sum[v], v, last, after, old), v, last);
      }
      DOWNHILL_UNROLL
      for (size_t g = 0; g < kBases; ++g) base[g] += row_bytes;
      c += ldc;
      old += old_row;
    }
  }

  // Apart, because its frame on the stack would cost every call six cycles.
  static __attribute__((noinline)) void run_followed(const Tile<T>& t, size_t count) {
    const Epilogue<T>& e = *t.epilogue;
    const bool adds = e.beta != 0;
    T none[NV * V::kLanes];
    for (size_t j = 0; j < NV * V::kLanes; ++j) none[j] = T(-0.0);
    After after;
    after.alpha = broadcast<V>(e.alpha);
    after.beta = broadcast<V>(adds ? e.beta : 1);
    after.low = broadcast<V>(e.activation == Activation::relu ? 0 : -static_cast<T>(__builtin_inf()));
    after.old = adds ? t.c : none;
    after.old_row = adds ? t.ldc : 0;
    after.bias = e.bias == nullptr ? none : e.bias;
    rows<true, false>(t, count, &after);
    if (ActivateKernel<V>::applies(e.activation)) {
      ActivateKernel<V>::run(t.c, t.ldc, count, (NV - 1) * V::kLanes + t.last, e.activation);
    }
  }

  static void run(const Tile<T>& t, size_t count) {
    if (t.epilogue == nullptr) {
      if (kMaskIsFree || t.last != V::kLanes) return rows<true, true>(t, count, nullptr);
      return rows<false, true>(t, count, nullptr);
    }
    if constexpr (NV <= kMaxShallowAfter) run_followed(t, count);
  }
};
