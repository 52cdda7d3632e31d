// A tile of C where both operands lie along k, whose lanes are eight rows by two columns: 8 R rows by P pairs of columns.
//
//      A: two steps of k of eight rows, spread inside groups of 16 bytes      B: two columns, interleaved, eight bytes broadcast
//          row 0: k0 k1 | row 1: k0 k1 | …  ->  k0 k0 | k0 k0 | …                 b0 b1 | b0 b1 | b0 b1 | …   of one step
//
// Vectors of 16 rows or columns need all of one operand turned, and an element of the other broadcast for each multiply-add or
// two. Here rows of B are only interleaved, and spreading happens inside groups of 16 bytes, both of which any of the four pipes do: what
// crosses groups (A: one operation an eighth of a row of 16 steps) takes the place of a third of a multiply-add. Each load feeds R or
// P of them. Both operands are turned 16 steps ahead, by the tile itself; tiles below find B turned. Included inside an ISA's region.
template <class V, size_t R, size_t P>
struct PairsKernel {
  using T = typename V::Scalar;
  static constexpr size_t kLanes = V::kLanes;
  static constexpr size_t kSteps = kLanes;               // of k: a batch
  static constexpr size_t kEight = 8, kQuad = 4;         // rows
  static constexpr size_t kBatchA = R * kEight * kSteps, kBatchB = P * 2 * kSteps;

  static inline __attribute__((always_inline)) const T* at(const char* p) { return reinterpret_cast<const T*>(p); }

  // Where the next batch is turned from, in bytes.
  struct Place {
    const char *a, *b;
    size_t lda, ldb;
    size_t last_a[2];  // the last eight rows, in fours: those that are absent repeat others
    size_t last_b;     // from the last but one column to the last: 0 where their number is odd
  };

  // Half a batch of eight rows of A.
  template <size_t g, size_t h>
  static inline __attribute__((always_inline)) void turn_a(const Place& s, T* to) {
    constexpr size_t kBytes = h * kSteps / 2 * sizeof(T);
    const char* p = (g + 1 < R ? s.a + kEight * g * s.lda : s.a + s.last_a[0]) + kBytes;
    V x[4];
    x[0] = load_two(at(p), at(p + 2 * s.lda));
    p = unknown(p + s.lda);
    x[1] = load_two(at(p), at(p + 2 * s.lda));
    p = unknown(g + 1 < R ? p + 3 * s.lda : s.a + s.last_a[1] + kBytes);
    x[2] = load_two(at(p), at(p + 2 * s.lda));
    p = unknown(p + s.lda);
    x[3] = load_two(at(p), at(p + 2 * s.lda));
    turn_rows(x);
    DOWNHILL_UNROLL
    for (size_t i = 0; i < 4; ++i) store(to + (kEight * g + 4 * h + i) * kLanes, x[i]);
  }

  template <size_t n, size_t kEnd>
  static inline __attribute__((always_inline)) void turn_halves(const Place& s, T* to) {
    if constexpr (n < kEnd) {
      turn_a<n / 2, n % 2>(s, to);
      turn_halves<n + 1, kEnd>(s, to);
    }
  }

  // A batch of pairs kFirst to kEnd - 1 of B.
  template <size_t kFirst, size_t kEnd>
  static inline __attribute__((always_inline)) void turn_pairs(const Place& s, const char*& row, T* to) {
    if constexpr (kFirst < kEnd) {
      V x = load<V>(at(row)), y = load<V>(at(row + (kFirst + 1 < P ? s.ldb : s.last_b)));
      interleave(x, y);
      store(to + 2 * kFirst * kLanes, x);
      store(to + (2 * kFirst + 1) * kLanes, y);
      row = unknown(row + 2 * s.ldb);
      turn_pairs<kFirst + 1, kEnd>(s, row, to);
    }
  }

  // Where interleave() puts steps 2 h and 2 h + 1.
  static constexpr size_t place_of(size_t h) { return h % 2 * kLanes + h / 2 * 4; }

  // The first or second step of two.
  template <bool kOdd>
  static inline __attribute__((always_inline)) void multiply(V (&acc)[R][P], const T* a, const T* b) {
    V x[R];
    DOWNHILL_UNROLL
    for (size_t g = 0; g < R; ++g) x[g] = spread_pairs<kOdd>(load<V>(a + kEight * g * kLanes));
    DOWNHILL_UNROLL
    for (size_t p = 0; p < P; ++p) {
      const V y = load_once(broadcast_pair(b + 2 * p * kLanes + 2 * kOdd));
      DOWNHILL_UNROLL
      for (size_t g = 0; g < R; ++g) acc[g][p] = fma(x[g], y, acc[g][p]);
    }
  }

  // The steps of a batch, and a share of the next batch's turning before each.
  template <size_t q>
  static inline __attribute__((always_inline)) void steps(V (&acc)[R][P], const T* a, const T* b, const Place& s, const char*& row,
                                                          bool turns_a, T* to_a, bool turns_b, T* to_b) {
    if constexpr (q < kSteps) {
      if constexpr (2 * R * q / kSteps < 2 * R * (q + 1) / kSteps) {
        if (turns_a) turn_halves<2 * R * q / kSteps, 2 * R * (q + 1) / kSteps>(s, to_a);
      }
      if constexpr (P * q / kSteps < P * (q + 1) / kSteps) {
        if (turns_b) turn_pairs<P * q / kSteps, P * (q + 1) / kSteps>(s, row, to_b);
      }
      multiply<q % 2 != 0>(acc, a + q / 2 * kLanes, b + place_of(q / 2));
      steps<q + 1>(acc, a, b, s, row, turns_a, to_a, turns_b, to_b);
    }
  }

  // The last batch from step `from` on.
  static inline __attribute__((always_inline)) void rest(V (&acc)[R][P], const T* a, const T* b, size_t from) {
    size_t h = from / 2;
    if (from % 2 != 0) {
      multiply<true>(acc, a + h * kLanes, b + place_of(h));
      ++h;
    }
    for (; h < kSteps / 2; ++h) {
      multiply<false>(acc, a + h * kLanes, b + place_of(h));
      multiply<true>(acc, a + h * kLanes, b + place_of(h));
    }
  }

  // The first of four rows of the last eight that are loaded together.
  static inline __attribute__((always_inline)) size_t first_row(size_t rows, size_t four) {
    const size_t from = (R - 1) * kEight + four * kQuad;
    return from + kQuad <= rows ? from : rows - kQuad;
  }

  // The row of C that row r of the tile holds, or `rows` where another holds it too.
  static inline __attribute__((always_inline)) size_t row_of(size_t r, size_t rows) {
    if (r < (R - 1) * kEight) return r;
    const size_t row = first_row(rows, r / kQuad % 2) + r % kQuad;
    return row < r / kQuad * kQuad || row > rows ? rows : row;
  }

  static inline __attribute__((always_inline)) void finish(const Pairs<T>& t, V (&acc)[R][P]) {
    T* const c = t.c;
    const size_t ldc = t.ldc, rows = t.rows, columns = t.columns;
    const Epilogue<T>* const e = t.epilogue;
    T tile[R * kEight * kLanes];
    DOWNHILL_UNROLL
    for (size_t g = 0; g < R; ++g) {
      V z[kEight];
      DOWNHILL_UNROLL
      for (size_t p = 0; p < kEight; ++p) z[p] = p < P ? acc[g][p] : broadcast<V>(0);
      transpose_pairs(z);
      DOWNHILL_UNROLL
      for (size_t r = 0; r < kEight; ++r) {
        const size_t row = row_of(g * kEight + r, rows);
        if (e != nullptr) {
          store(tile + (g * kEight + r) * kLanes, z[r]);
        } else if (row < rows) {
          store_n(c + row * ldc, z[r], columns);
        }
      }
    }
    if (e == nullptr) return;
    for (size_t r = 0; r < R * kEight; ++r) {
      const size_t row = row_of(r, rows);
      if (row >= rows) continue;
      FinishKernel<V>::row(tile + r * kLanes, c + row * ldc, columns, *e, e->residual ? e->residual + row * e->ldr : nullptr);
    }
  }

  static void run(const Pairs<T>& t) {
    const size_t batches = (t.k + kSteps - 1) / kSteps, absent = batches * kSteps - t.k;
    const size_t lda = t.a.ld * sizeof(T), ldb = t.b.ld * sizeof(T), all = ~static_cast<size_t>(0);
    const size_t mask_a = t.a.kept ? all : 1, mask_b = t.b.kept ? all : 1;
    const bool turns_a = t.a.turns, turns_b = t.b.turns;
    Place s{reinterpret_cast<const char*>(t.a.from), reinterpret_cast<const char*>(t.b.from), lda, ldb,
            {first_row(t.rows, 0) * lda, first_row(t.rows, 1) * lda}, t.columns % 2 != 0 ? 0 : ldb};
    T *const a = t.a.to, *const b = t.b.to;
    V acc[R][P];
    DOWNHILL_UNROLL
    for (size_t g = 0; g < R; ++g) {
      DOWNHILL_UNROLL
      for (size_t p = 0; p < P; ++p) acc[g][p] = broadcast<V>(0);
    }
    const char* row = s.b;
    if (turns_a) turn_halves<0, 2 * R>(s, a);
    if (turns_b) turn_pairs<0, P>(s, row, b);
    size_t batch = 0;
    for (; batch + 1 < batches; ++batch) {
      const size_t step = (batch + 2 < batches ? kSteps : kSteps - absent) * sizeof(T);  // the last batch overlaps the one before
      s.a += step;
      s.b += step;
      row = s.b;
      steps<0>(acc, a + (batch & mask_a) * kBatchA, b + (batch & mask_b) * kBatchB, s, row, turns_a, a + ((batch + 1) & mask_a) * kBatchA,
               turns_b, b + ((batch + 1) & mask_b) * kBatchB);
    }
    rest(acc, a + (batch & mask_a) * kBatchA, b + (batch & mask_b) * kBatchB, absent);
    finish(t, acc);
  }
};
