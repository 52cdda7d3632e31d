// The register tile: mr rows by nv vectors of C stay in registers while k runs. Per k: nv vectors of B are loaded, mr
// elements of A are broadcast, mr * nv fused multiply-adds are done. Included inside an ISA's region.
//
//            nv vectors of B            mr + nv loads feed mr * nv FMAs: with two loads and two FMAs a cycle the
//          [ b0 ][ b1 ][ b2 ][ b3 ]     loads hide where mr * nv >= mr + nv. mr * nv + nv + 1 registers.
//   a0 x   [ acc accumulators      ]
//   a1 x   [                       ]    A is read in place through two strides (rows, or columns where transposed).
//   ...
template <class V, size_t MR, size_t NV>
struct TileKernel {
  using T = typename V::Scalar;
  // Rows are addressed as base + {0, 1, 2} * stride, three rows to a base, so that they fit the integer registers.
  static constexpr size_t kBases = (MR + 2) / 3;

  template <bool kPartial>
  static inline __attribute__((always_inline)) V load_b(const T* b, size_t v, size_t last) {
    return kPartial && v == NV - 1 ? load_n<V>(b + v * V::kLanes, last) : load<V>(b + v * V::kLanes);
  }

  template <bool kPartial>
  static inline __attribute__((always_inline)) void store_c(T* c, V x, size_t v, size_t last) {
    if (kPartial && v == NV - 1) {
      store_n(c + v * V::kLanes, x, last);
    } else {
      store(c + v * V::kLanes, x);
    }
  }

  // Where a tile stands in A and B.
  struct Place {
    const char* base[kBases];
    size_t row_bytes, step_bytes;
    const T* b;
    size_t b_row, last;
  };

  static inline __attribute__((always_inline)) V element(const Place& at, size_t row) {
    return broadcast<V>(*reinterpret_cast<const T*>(at.base[row / 3] + (row % 3) * at.row_bytes));
  }

  template <bool kPartial>
  static inline __attribute__((always_inline)) V vector(const Place& at, size_t v) {
    return MR > 1 ? load_once(load_b<kPartial>(at.b, v, at.last)) : load_b<kPartial>(at.b, v, at.last);
  }

  // One step of k.
  template <bool kPartial>
  static inline __attribute__((always_inline)) void step(Place& at, V (&acc)[MR][NV]) {
    if constexpr (MR < NV) {  // a column of A is the shorter one to keep in registers
      V column[MR];
      DOWNHILL_UNROLL
      for (size_t i = 0; i < MR; ++i) column[i] = element(at, i);
      DOWNHILL_UNROLL
      for (size_t v = 0; v < NV; ++v) {
        const V x = vector<kPartial>(at, v);
        DOWNHILL_UNROLL
        for (size_t i = 0; i < MR; ++i) acc[i][v] = fma(column[i], x, acc[i][v]);
      }
    } else {
      V row[NV];
      DOWNHILL_UNROLL
      for (size_t v = 0; v < NV; ++v) row[v] = vector<kPartial>(at, v);
      DOWNHILL_UNROLL
      for (size_t i = 0; i < MR; ++i) {
        const V a = element(at, i);
        DOWNHILL_UNROLL
        for (size_t v = 0; v < NV; ++v) acc[i][v] = fma(a, row[v], acc[i][v]);
      }
    }
    at.b += at.b_row;
    DOWNHILL_UNROLL
    for (size_t g = 0; g < kBases; ++g) at.base[g] += at.step_bytes;
  }

  // A row of B into panels, a vector at each step, which costs next to nothing: in one go between two tiles each line takes 4 to 8
  // cycles. Returns the steps that are left.
  template <bool kPartial>
  static inline __attribute__((always_inline)) size_t copy_row(Place& at, V (&acc)[MR][NV], const Ahead<T>& ahead, size_t index,
                                                               size_t steps, const char*& next_a) {
    const T* from = ahead.from + index * ahead.from_row;
    T* to = ahead.to + index * (NV * V::kLanes);
    size_t panels = ahead.panels;
    for (; panels != 0 && steps >= NV; --panels, steps -= NV) {
      DOWNHILL_UNROLL
      for (size_t v = 0; v < NV; ++v) {
        store(to + v * V::kLanes, load<V>(from + v * V::kLanes));
        __builtin_prefetch(next_a, 0, 3);
        next_a += ahead.a_step;
        step<kPartial>(at, acc);
      }
      from += NV * V::kLanes;
      to += ahead.panel_size;
    }
    for (; panels != 0; --panels) {  // more than there are steps for
      DOWNHILL_UNROLL
      for (size_t v = 0; v < NV; ++v) store(to + v * V::kLanes, load<V>(from + v * V::kLanes));
      from += NV * V::kLanes;
      to += ahead.panel_size;
    }
    return steps;
  }

  // All steps, looking ahead.
  template <bool kPartial>
  static inline __attribute__((always_inline)) void run_steps(Place& at, V (&acc)[MR][NV], const Tile<T>& t, const Ahead<T>& ahead) {
    const size_t length = t.k / MR, part = ahead.parts == 1 ? length : length / ahead.parts;
    const size_t copies_from = MR * ahead.parts - ahead.rows;
    size_t segment = 0;
    for (size_t row = 0; row < MR; ++row) {
      size_t left = row + 1 < MR ? length : t.k - row * length;
      const char* next_a = ahead.a + row * ahead.a_segment;
      DOWNHILL_UNROLL
      for (size_t v = 0; v < NV; ++v) __builtin_prefetch(ahead.c + row * t.ldc + v * V::kLanes, 1, 3);
      for (size_t parts = ahead.parts; parts != 0; --parts, ++segment) {
        size_t steps = parts == 1 ? left : part;
        left -= steps;
        const bool asks = segment >= ahead.quiet;
        const char* next_b = asks ? ahead.b + (segment - ahead.quiet) * ahead.b_segment : ahead.b;
        const size_t b_step = asks ? ahead.b_step : 0;
        if (segment >= copies_from) steps = copy_row<kPartial>(at, acc, ahead, segment - copies_from, steps, next_a);
        for (; steps != 0; --steps) {
          step<kPartial>(at, acc);
          __builtin_prefetch(next_a, 0, 3);
          __builtin_prefetch(next_b, 0, 3);
          next_a += ahead.a_step;
          next_b += b_step;
        }
      }
    }
  }

  template <bool kPartial, bool kAhead>
  static inline __attribute__((always_inline)) void run_as(const Tile<T>& t, const Ahead<T>* ahead) {
    V acc[MR][NV];
    const size_t last = t.last, ldc = t.ldc;
    if (t.resume) {
      DOWNHILL_UNROLL
      for (size_t i = 0; i < MR; ++i) {
        DOWNHILL_UNROLL
        for (size_t v = 0; v < NV; ++v) acc[i][v] = load_b<kPartial>(t.c + i * ldc, v, last);
      }
    } else {
      DOWNHILL_UNROLL
      for (size_t i = 0; i < MR; ++i) {
        DOWNHILL_UNROLL
        for (size_t v = 0; v < NV; ++v) acc[i][v] = broadcast<V>(0);
      }
    }
    Place at{{}, t.a_row * sizeof(T), t.a_col * sizeof(T), t.b, t.b_row, last};
    DOWNHILL_UNROLL
    for (size_t g = 0; g < kBases; ++g) at.base[g] = reinterpret_cast<const char*>(t.a) + 3 * g * at.row_bytes;
    if constexpr (kAhead) {
      run_steps<kPartial>(at, acc, t, *ahead);
    } else {
      for (size_t p = t.k; p != 0; --p) step<kPartial>(at, acc);
    }
    finish<kPartial>(t, acc);
  }

  // Accumulators through the epilogue, but for its activations that are polynomials, into C.
  template <bool kPartial>
  static inline __attribute__((always_inline)) void finish(const Tile<T>& t, V (&acc)[MR][NV]) {
    // Kept in registers: a masked store may alias anything, and a load of t.c behind each one waits for it (10 % of 64³).
    T* const c = t.c;
    const size_t last = t.last, ldc = t.ldc;
    if (t.epilogue != nullptr) apply<kPartial>(t, *t.epilogue, acc);
    T* row = unknown(c);
    DOWNHILL_UNROLL
    for (size_t i = 0; i < MR; ++i, row += ldc) {
      DOWNHILL_UNROLL
      for (size_t v = 0; v < NV; ++v) store_c<kPartial>(row, acc[i][v], v, last);
    }
  }

  template <bool kPartial>
  static inline __attribute__((always_inline)) void apply(const Tile<T>& t, const Epilogue<T>& e, V (&acc)[MR][NV]) {
    const size_t last = t.last;
    if (e.alpha != 1) {
      const V alpha = broadcast<V>(e.alpha);
      DOWNHILL_UNROLL
      for (size_t i = 0; i < MR; ++i) {
        DOWNHILL_UNROLL
        for (size_t v = 0; v < NV; ++v) acc[i][v] = mul(alpha, acc[i][v]);
      }
    }
    if (e.beta != 0) {
      const V beta = broadcast<V>(e.beta);
      DOWNHILL_UNROLL
      for (size_t i = 0; i < MR; ++i) {
        DOWNHILL_UNROLL
        for (size_t v = 0; v < NV; ++v) {
          acc[i][v] = add(acc[i][v], mul(beta, load_b<kPartial>(t.c + i * t.ldc, v, last)));
        }
      }
    }
    if (e.bias != nullptr) {
      DOWNHILL_UNROLL
      for (size_t v = 0; v < NV; ++v) {
        const V bias = load_b<kPartial>(e.bias, v, last);
        DOWNHILL_UNROLL
        for (size_t i = 0; i < MR; ++i) acc[i][v] = add(acc[i][v], bias);
      }
    }
    if (e.residual != nullptr) {
      DOWNHILL_UNROLL
      for (size_t i = 0; i < MR; ++i) {
        DOWNHILL_UNROLL
        for (size_t v = 0; v < NV; ++v) {
          acc[i][v] = add(acc[i][v], load_b<kPartial>(e.residual + i * e.ldr, v, last));
        }
      }
    }
    if (e.activation == Activation::relu) {
      const V zero = broadcast<V>(0);
      DOWNHILL_UNROLL
      for (size_t i = 0; i < MR; ++i) {
        DOWNHILL_UNROLL
        for (size_t v = 0; v < NV; ++v) acc[i][v] = maximum(zero, acc[i][v]);
      }
    }
  }

  template <bool kAhead>
  static inline __attribute__((always_inline)) void run_whole(const Tile<T>& t, const Ahead<T>* ahead) {
    if (kMaskIsFree || t.last != V::kLanes) {
      run_as<true, kAhead>(t, ahead);
    } else {
      run_as<false, kAhead>(t, ahead);
    }
    activate(t);
  }

  static inline __attribute__((always_inline)) void activate(const Tile<T>& t) {
    if (t.epilogue != nullptr && ActivateKernel<V>::applies(t.epilogue->activation)) {
      ActivateKernel<V>::run(t.c, t.ldc, MR, (NV - 1) * V::kLanes + t.last, t.epilogue->activation);
    }
  }

  static void run(const Tile<T>& t) { run_whole<false>(t, nullptr); }
  static void run_ahead(const Tile<T>& t, const Ahead<T>& ahead) { run_whole<true>(t, &ahead); }
};

// One element at a time, any strides: for the case that no scratch memory is to be had. kDot: in dot order (dot.h).
template <class V>
struct PlainKernel {
  using T = typename V::Scalar;

  static inline T chain(const T* a, size_t a_step, const T* b, size_t b_step, size_t k) {
    V acc = broadcast<V>(0);
    for (size_t p = 0; p < k; ++p) acc = fma(broadcast<V>(a[p * a_step]), broadcast<V>(b[p * b_step]), acc);
    T value;
    store_n(&value, acc, 1);
    return value;
  }

  static inline T dot(const T* a, size_t a_step, const T* b, size_t b_step, size_t k) {
    constexpr size_t kLanes = 16;
    T lane[kLanes];
    for (size_t l = 0; l < kLanes; ++l) {
      lane[l] = l < k ? chain(a + l * a_step, kLanes * a_step, b + l * b_step, kLanes * b_step, (k - l - 1) / kLanes + 1) : 0;
    }
    for (size_t distance = kLanes / 2; distance != 0; distance /= 2) {
      for (size_t l = 0; l < distance; ++l) {
        store_n(lane + l, add(broadcast<V>(lane[l]), broadcast<V>(lane[l + distance])), 1);
      }
    }
    return lane[0];
  }

  template <bool kDot>
  static void run(const Tile<T>& t, size_t b_column, size_t rows, size_t columns) {
    for (size_t i = 0; i < rows; ++i) {
      for (size_t j = 0; j < columns; ++j) {
        const T* a = t.a + i * t.a_row;
        const T* b = t.b + j * b_column;
        const T value = kDot ? dot(a, t.a_col, b, t.b_row, t.k) : chain(a, t.a_col, b, t.b_row, t.k);
        Epilogue<T> e = *t.epilogue;
        if (e.bias != nullptr) e.bias += j;
        if (e.residual != nullptr) e.residual += i * e.ldr + j;
        FinishKernel<V>::row(&value, t.c + i * t.ldc + j, 1, e, e.residual);
      }
    }
  }
};
