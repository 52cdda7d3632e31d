// The first tile of a panel of a transposed B: turns B while it multiplies. Groups of 16 bytes (4 float32 of k) from lanes rows of B
// are put side by side and transposed inside the groups, as in edge.h:
//
//      row 0: k0 k1 k2 k3 | row 4: … | …           k0: rows 0 1 2 3 | 4 5 6 7 | …
//      row 1: k0 k1 k2 k3 | row 5: … | …    -->    k1: rows 0 1 2 3 | 4 5 6 7 | …      into the panel
//      row 2: …                                    …
//
// and the tile reads its k from the panel a step later. Loads, shuffles and multiplications use different parts of the processor, so
// that what a pass of its own over B would take (48 cycles for 16 x 16 elements from L2: a fifth of 20 rows of C) is hidden behind
// the multiplications. The tiles of the rows that follow find the panel turned. A is as stored. Included inside an ISA's region.
template <class V, size_t MR, size_t NV>
struct TurningKernel {
  using T = typename V::Scalar;
  using Plain = TileKernel<V, MR, NV>;
  static constexpr size_t kLanes = V::kLanes;
  static constexpr size_t kGroup = kGroupBytes / sizeof(T);  // steps of k at a time: a batch
  static constexpr size_t kGroups = kLanes / kGroup;
  static constexpr size_t kBatch = kGroup * NV * kLanes;  // elements of the panel
  static constexpr size_t kBases = (MR + 2) / 3;          // three rows of A to a base, as in tile.h

  template <size_t g>
  static inline __attribute__((always_inline)) void load_rows(V (&x)[kGroup], const char*& row, size_t ld) {
    if constexpr (g < kGroups) {
      DOWNHILL_UNROLL
      for (size_t i = 0; i < kGroup; ++i) insert_group<g>(x[i], reinterpret_cast<const T*>(row + i * ld));
      row = unknown(row + kGroup * ld);
      load_rows<g + 1>(x, row, ld);
    }
  }

  // The same for the last vector, where it is not whole: columns that are absent repeat the last one.
  template <size_t g>
  static inline __attribute__((always_inline)) void load_last(V (&x)[kGroup], const char* row, const size_t* offset) {
    if constexpr (g < kGroups) {
      DOWNHILL_UNROLL
      for (size_t i = 0; i < kGroup; ++i) insert_group<g>(x[i], reinterpret_cast<const T*>(row + offset[g * kGroup + i]));
      load_last<g + 1>(x, row, offset);
    }
  }

  // Turns a batch of vectors kFirst to kEnd - 1. `row` walks down B; `offset` is null where the last vector is whole.
  template <size_t kFirst, size_t kEnd>
  static inline __attribute__((always_inline)) void turn(const char*& row, size_t ld, const size_t* offset, T* to) {
    DOWNHILL_UNROLL
    for (size_t v = kFirst; v < kEnd; ++v) {
      V x[kGroup];
      if (v == NV - 1 && offset != nullptr) {
        load_last<0>(x, row, offset);
      } else {
        load_rows<0>(x, row, ld);
      }
      transpose_groups(x);
      DOWNHILL_UNROLL
      for (size_t q = 0; q < kGroup; ++q) store(to + (q * NV + v) * kLanes, x[q]);
    }
  }

  // One step of the tile: element q of each row of A from `base` on.
  static inline __attribute__((always_inline)) void multiply(V (&acc)[MR][NV], const char* const (&base)[kBases], size_t row_bytes,
                                                             size_t q, const T* b) {
    V row[NV];
    DOWNHILL_UNROLL
    for (size_t v = 0; v < NV; ++v) row[v] = load_once(load<V>(b + v * kLanes));
    DOWNHILL_UNROLL
    for (size_t i = 0; i < MR; ++i) {
      const V a = broadcast<V>(reinterpret_cast<const T*>(base[i / 3] + (i % 3) * row_bytes)[q]);
      DOWNHILL_UNROLL
      for (size_t v = 0; v < NV; ++v) acc[i][v] = fma(a, row[v], acc[i][v]);
    }
  }

  static inline __attribute__((always_inline)) void advance(const char* (&base)[kBases]) {
    DOWNHILL_UNROLL
    for (size_t g = 0; g < kBases; ++g) base[g] = unknown(base[g] + kGroupBytes);
  }

  // The tile's steps of a batch, and a share of the next batch's turning before each, so that both are under way all the time.
  template <size_t q, bool kTurns>
  static inline __attribute__((always_inline)) void steps(V (&acc)[MR][NV], const char* const (&base)[kBases], size_t row_bytes,
                                                          const T* b, const char*& row, size_t ld, const size_t* offset, T* to) {
    if constexpr (q < kGroup) {
      if constexpr (kTurns) turn<NV * q / kGroup, NV * (q + 1) / kGroup>(row, ld, offset, to);
      multiply(acc, base, row_bytes, q, b + q * NV * kLanes);
      steps<q + 1, kTurns>(acc, base, row_bytes, b, row, ld, offset, to);
    }
  }

  // Where kept, the panel holds k rows of NV vectors afterwards; else its first rows are overwritten again and again, and stay in L1.
  static void run(const Tile<T>& t, const T* from, size_t ld_from, T* panel, bool kept) {
    const size_t batches = t.k / kGroup, rest = t.k % kGroup, mask = kept ? ~static_cast<size_t>(0) : 3;
    T* const last = panel + (kept || batches < 4 ? batches : 4) * kBatch;
    const size_t ld = ld_from * sizeof(T);
    if (rest != 0) {
      for (size_t v = 0; v < NV; ++v) {
        const size_t columns = v + 1 < NV ? kLanes : t.last;
        transpose_block<V>(from + v * kLanes * ld_from + batches * kGroup, ld_from, last + v * kLanes, NV * kLanes, rest, columns);
      }
    }
    size_t offsets[kLanes];
    for (size_t j = 0; j < kLanes; ++j) offsets[j] = (j < t.last ? j : t.last - 1) * ld;
    const size_t* const offset = unknown(t.last < kLanes ? offsets : nullptr);
    V acc[MR][NV];
    DOWNHILL_UNROLL
    for (size_t i = 0; i < MR; ++i) {
      DOWNHILL_UNROLL
      for (size_t v = 0; v < NV; ++v) acc[i][v] = broadcast<V>(0);
    }
    if (t.resume) {
      DOWNHILL_UNROLL
      for (size_t i = 0; i < MR; ++i) {
        DOWNHILL_UNROLL
        for (size_t v = 0; v < NV; ++v) acc[i][v] = Plain::template load_b<true>(t.c + i * t.ldc, v, t.last);
      }
    }
    const size_t row_bytes = t.a_row * sizeof(T);
    const char* base[kBases];
    DOWNHILL_UNROLL
    for (size_t g = 0; g < kBases; ++g) base[g] = reinterpret_cast<const char*>(t.a) + 3 * g * row_bytes;
    const char* row = reinterpret_cast<const char*>(from);
    if (batches != 0) {
      const char* walk = row;
      turn<0, NV>(walk, ld, offset, panel);
    }
    for (size_t batch = 0; batch + 1 < batches; ++batch) {
      row += kGroupBytes;
      const char* walk = row;
      T* const to = panel + ((batch + 1) & mask) * kBatch;
      steps<0, true>(acc, base, row_bytes, panel + (batch & mask) * kBatch, walk, ld, offset, to);
      advance(base);
    }
    if (batches != 0) {
      steps<0, false>(acc, base, row_bytes, panel + ((batches - 1) & mask) * kBatch, row, ld, nullptr, nullptr);
      advance(base);
    }
    for (size_t q = 0; q < rest; ++q) multiply(acc, base, row_bytes, q, last + q * NV * kLanes);
    Plain::template finish<true>(t, acc);
    Plain::activate(t);
  }
};
