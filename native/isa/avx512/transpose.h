// Square blocks of registers and of 16 bytes, transposed. Included inside the AVX-512 region.

// Interleave pairs, then quadruples, within 128-bit lanes; then gather the lanes in two shuffles.
inline __attribute__((always_inline)) void transpose_registers(VecF32 (&x)[16]) {
  VecF32 u[16];
  DOWNHILL_UNROLL
  for (size_t g = 0; g < 16; g += 4) {
    const __m512 t0 = _mm512_unpacklo_ps(x[g].v, x[g + 1].v), t1 = _mm512_unpackhi_ps(x[g].v, x[g + 1].v);
    const __m512 t2 = _mm512_unpacklo_ps(x[g + 2].v, x[g + 3].v), t3 = _mm512_unpackhi_ps(x[g + 2].v, x[g + 3].v);
    u[g] = {_mm512_castpd_ps(_mm512_unpacklo_pd(_mm512_castps_pd(t0), _mm512_castps_pd(t2)))};
    u[g + 1] = {_mm512_castpd_ps(_mm512_unpackhi_pd(_mm512_castps_pd(t0), _mm512_castps_pd(t2)))};
    u[g + 2] = {_mm512_castpd_ps(_mm512_unpacklo_pd(_mm512_castps_pd(t1), _mm512_castps_pd(t3)))};
    u[g + 3] = {_mm512_castpd_ps(_mm512_unpackhi_pd(_mm512_castps_pd(t1), _mm512_castps_pd(t3)))};
  }
  DOWNHILL_UNROLL
  for (size_t q = 0; q < 4; ++q) {
    const __m512 even0 = _mm512_shuffle_f32x4(u[q].v, u[4 + q].v, 0x88);
    const __m512 even1 = _mm512_shuffle_f32x4(u[8 + q].v, u[12 + q].v, 0x88);
    const __m512 odd0 = _mm512_shuffle_f32x4(u[q].v, u[4 + q].v, 0xdd);
    const __m512 odd1 = _mm512_shuffle_f32x4(u[8 + q].v, u[12 + q].v, 0xdd);
    x[q] = {_mm512_shuffle_f32x4(even0, even1, 0x88)};
    x[4 + q] = {_mm512_shuffle_f32x4(odd0, odd1, 0x88)};
    x[8 + q] = {_mm512_shuffle_f32x4(even0, even1, 0xdd)};
    x[12 + q] = {_mm512_shuffle_f32x4(odd0, odd1, 0xdd)};
  }
}

inline __attribute__((always_inline)) void transpose_registers(VecF64 (&x)[8]) {
  VecF64 t[8];
  DOWNHILL_UNROLL
  for (size_t g = 0; g < 8; g += 2) {
    t[g] = {_mm512_unpacklo_pd(x[g].v, x[g + 1].v)};
    t[g + 1] = {_mm512_unpackhi_pd(x[g].v, x[g + 1].v)};
  }
  DOWNHILL_UNROLL
  for (size_t h = 0; h < 2; ++h) {
    const __m512d even0 = _mm512_shuffle_f64x2(t[h].v, t[2 + h].v, 0x88);
    const __m512d even1 = _mm512_shuffle_f64x2(t[4 + h].v, t[6 + h].v, 0x88);
    const __m512d odd0 = _mm512_shuffle_f64x2(t[h].v, t[2 + h].v, 0xdd);
    const __m512d odd1 = _mm512_shuffle_f64x2(t[4 + h].v, t[6 + h].v, 0xdd);
    x[h] = {_mm512_shuffle_f64x2(even0, even1, 0x88)};
    x[2 + h] = {_mm512_shuffle_f64x2(odd0, odd1, 0x88)};
    x[4 + h] = {_mm512_shuffle_f64x2(even0, even1, 0xdd)};
    x[6 + h] = {_mm512_shuffle_f64x2(odd0, odd1, 0xdd)};
  }
}

// Group g of x: 16 bytes from p[g] + at. Inserts are cheaper than broadcasts under masks (.23 and .26 cycles an element of
// an edge of four columns).
inline __attribute__((always_inline)) void load_groups(VecF32& x, const float* const (&p)[4], size_t at) {
  const __m256 low = _mm256_insertf128_ps(_mm256_castps128_ps256(_mm_loadu_ps(p[0] + at)), _mm_loadu_ps(p[1] + at), 1);
  const __m256 high = _mm256_insertf128_ps(_mm256_castps128_ps256(_mm_loadu_ps(p[2] + at)), _mm_loadu_ps(p[3] + at), 1);
  x = {_mm512_insertf32x8(_mm512_castps256_ps512(low), high, 1)};
}

inline __attribute__((always_inline)) void load_groups(VecF64& x, const double* const (&p)[4], size_t at) {
  const __m256d low = _mm256_insertf128_pd(_mm256_castpd128_pd256(_mm_loadu_pd(p[0] + at)), _mm_loadu_pd(p[1] + at), 1);
  const __m256d high = _mm256_insertf128_pd(_mm256_castpd128_pd256(_mm_loadu_pd(p[2] + at)), _mm_loadu_pd(p[3] + at), 1);
  x = {_mm512_insertf64x4(_mm512_castpd256_pd512(low), high, 1)};
}

// 16 bytes from p to group g of x; the first one first.
template <size_t g>
inline __attribute__((always_inline)) void insert_group(VecF32& x, const float* p) {
  if constexpr (g == 0) {
    __asm__("vmovups %1, %x0" : "=v"(x.v) : "m"(*reinterpret_cast<const __m128_u*>(p)));
  } else {
    x = {_mm512_insertf32x4(x.v, _mm_loadu_ps(p), g)};
  }
}

template <size_t g>
inline __attribute__((always_inline)) void insert_group(VecF64& x, const double* p) {
  if constexpr (g == 0) {
    __asm__("vmovupd %1, %x0" : "=v"(x.v) : "m"(*reinterpret_cast<const __m128d_u*>(p)));
  } else {
    x = {_mm512_insertf64x2(x.v, _mm_loadu_pd(p), g)};
  }
}

// Transposes a block of 4 x 4 (float64: 2 x 2) in each group.
inline __attribute__((always_inline)) void transpose_groups(VecF32 (&x)[4]) {
  const __m512 t0 = _mm512_unpacklo_ps(x[0].v, x[1].v), t1 = _mm512_unpackhi_ps(x[0].v, x[1].v);
  const __m512 t2 = _mm512_unpacklo_ps(x[2].v, x[3].v), t3 = _mm512_unpackhi_ps(x[2].v, x[3].v);
  x[0] = {_mm512_castpd_ps(_mm512_unpacklo_pd(_mm512_castps_pd(t0), _mm512_castps_pd(t2)))};
  x[1] = {_mm512_castpd_ps(_mm512_unpackhi_pd(_mm512_castps_pd(t0), _mm512_castps_pd(t2)))};
  x[2] = {_mm512_castpd_ps(_mm512_unpacklo_pd(_mm512_castps_pd(t1), _mm512_castps_pd(t3)))};
  x[3] = {_mm512_castpd_ps(_mm512_unpackhi_pd(_mm512_castps_pd(t1), _mm512_castps_pd(t3)))};
}

inline __attribute__((always_inline)) void transpose_groups(VecF64 (&x)[2]) {
  const __m512d low = _mm512_unpacklo_pd(x[0].v, x[1].v);
  x[1] = {_mm512_unpackhi_pd(x[0].v, x[1].v)};
  x[0] = {low};
}

// The first n elements of group g. The masked store must stay apart from the extraction: the instruction that does both touches
// the memory of masked lanes (Intel's manual: VEXTRACTF32X4, exceptions of type E6NF, no suppression of faults), and GCC would use it.
inline __attribute__((always_inline)) void store_group(float* p, VecF32 x, size_t g, size_t n) {
  __m128 group = g == 0   ? _mm512_castps512_ps128(x.v)
                 : g == 1 ? _mm512_extractf32x4_ps(x.v, 1)
                 : g == 2 ? _mm512_extractf32x4_ps(x.v, 2)
                          : _mm512_extractf32x4_ps(x.v, 3);
  if (n == 4) {
    _mm_storeu_ps(p, group);
  } else {
    __asm__("" : "+v"(group));
    _mm_mask_storeu_ps(p, static_cast<__mmask8>((1u << n) - 1), group);
  }
}

inline __attribute__((always_inline)) void store_group(double* p, VecF64 x, size_t g, size_t n) {
  const __m128d group = g == 0   ? _mm512_castpd512_pd128(x.v)
                        : g == 1 ? _mm512_extractf64x2_pd(x.v, 1)
                        : g == 2 ? _mm512_extractf64x2_pd(x.v, 2)
                                 : _mm512_extractf64x2_pd(x.v, 3);
  if (n == 2) {
    _mm_storeu_pd(p, group);
  } else {
    _mm_store_sd(p, group);
  }
}

// Halves of a register: the first n elements, up to eight (kWhole: all of them), from `low` and `high`; zeros behind them.
template <bool kWhole>
inline __attribute__((always_inline)) VecF32 load_halves(const float* low, const float* high, size_t n, VecF32) {
  const __mmask8 first = kWhole ? 0xff : first8(n);
  const __m256 a = kWhole ? _mm256_loadu_ps(low) : _mm256_maskz_loadu_ps(first, low);
  const __m256 b = kWhole ? _mm256_loadu_ps(high) : _mm256_maskz_loadu_ps(first, high);
  return {_mm512_insertf32x8(_mm512_castps256_ps512(a), b, 1)};
}

// Halves of a register: 32 bytes of row p, of which the first N elements are read (none where there is no row), and of row p + kApart.
template <size_t N, bool kWhole, size_t kApart>
inline __attribute__((always_inline)) __m512 load_halves(const float* from, size_t ld, size_t p, size_t rows) {
  constexpr __mmask8 kFirst = (1u << N) - 1;
  const float* const low = from + p * ld;
  const float* const high = low + kApart * ld;
  if constexpr (kWhole && N == 8) {
    return _mm512_insertf32x8(_mm512_castps256_ps512(_mm256_loadu_ps(low)), _mm256_loadu_ps(high), 1);
  } else {
    const __mmask8 in_low = kWhole || p < rows ? kFirst : 0, in_high = kWhole || p + kApart < rows ? kFirst : 0;
    return _mm512_insertf32x8(_mm512_castps256_ps512(_mm256_maskz_loadu_ps(in_low, low)), _mm256_maskz_loadu_ps(in_high, high), 1);
  }
}

// x[j] = column j of 16 rows of up to eight columns each. Rows from `rows` on are not read (kWhole: there are 16) but zero. Rows p and
// p + 4 share a register, so that the last step needs two sources only.
template <bool kWhole, size_t N>
inline __attribute__((always_inline)) void turn_columns(const float* from, size_t ld, size_t rows, VecF32 (&x)[N]) {
  static_assert(N <= 8);
  __m512 u[8];
  DOWNHILL_UNROLL
  for (size_t h = 0; h < 2; ++h) {
    __m512 r[4];
    DOWNHILL_UNROLL
    for (size_t i = 0; i < 4; ++i) r[i] = load_halves<N, kWhole, 4>(from, ld, 8 * h + i, rows);
    const __m512 t0 = _mm512_unpacklo_ps(r[0], r[1]), t1 = _mm512_unpackhi_ps(r[0], r[1]);
    const __m512 t2 = _mm512_unpacklo_ps(r[2], r[3]), t3 = _mm512_unpackhi_ps(r[2], r[3]);
    u[4 * h] = _mm512_castpd_ps(_mm512_unpacklo_pd(_mm512_castps_pd(t0), _mm512_castps_pd(t2)));
    u[4 * h + 1] = _mm512_castpd_ps(_mm512_unpackhi_pd(_mm512_castps_pd(t0), _mm512_castps_pd(t2)));
    u[4 * h + 2] = _mm512_castpd_ps(_mm512_unpacklo_pd(_mm512_castps_pd(t1), _mm512_castps_pd(t3)));
    u[4 * h + 3] = _mm512_castpd_ps(_mm512_unpackhi_pd(_mm512_castps_pd(t1), _mm512_castps_pd(t3)));
  }
  DOWNHILL_UNROLL
  for (size_t j = 0; j < N; ++j) {
    x[j] = {j < 4 ? _mm512_shuffle_f32x4(u[j], u[4 + j], 0x88) : _mm512_shuffle_f32x4(u[j - 4], u[j], 0xdd)};
  }
}

// The same of 8 rows.
template <size_t kFirst, size_t N, bool kWhole, size_t kCount>
inline __attribute__((always_inline)) void turn_four(const double* from, size_t ld, size_t rows, VecF64 (&x)[kCount]) {
  constexpr __mmask8 kMask = (1u << N) - 1;
  __m512d r[4];
  DOWNHILL_UNROLL
  for (size_t i = 0; i < 4; ++i) {
    const size_t p = i < 2 ? i : i + 2;
    const double* const low = from + p * ld + kFirst;
    const double* const high = low + 2 * ld;
    if constexpr (kWhole && N == 4) {
      r[i] = _mm512_insertf64x4(_mm512_castpd256_pd512(_mm256_loadu_pd(low)), _mm256_loadu_pd(high), 1);
    } else {
      const __mmask8 in_low = kWhole || p < rows ? kMask : 0, in_high = kWhole || p + 2 < rows ? kMask : 0;
      r[i] = _mm512_insertf64x4(_mm512_castpd256_pd512(_mm256_maskz_loadu_pd(in_low, low)), _mm256_maskz_loadu_pd(in_high, high), 1);
    }
  }
  const __m512d even0 = _mm512_unpacklo_pd(r[0], r[1]), odd0 = _mm512_unpackhi_pd(r[0], r[1]);
  const __m512d even1 = _mm512_unpacklo_pd(r[2], r[3]), odd1 = _mm512_unpackhi_pd(r[2], r[3]);
  x[kFirst] = {_mm512_shuffle_f64x2(even0, even1, 0x88)};
  if constexpr (N > 1) x[kFirst + 1] = {_mm512_shuffle_f64x2(odd0, odd1, 0x88)};
  if constexpr (N > 2) x[kFirst + 2] = {_mm512_shuffle_f64x2(even0, even1, 0xdd)};
  if constexpr (N > 3) x[kFirst + 3] = {_mm512_shuffle_f64x2(odd0, odd1, 0xdd)};
}

template <bool kWhole, size_t N>
inline __attribute__((always_inline)) void turn_columns(const double* from, size_t ld, size_t rows, VecF64 (&x)[N]) {
  turn_four<0, (N < 4 ? N : 4), kWhole>(from, ld, rows, x);
  if constexpr (N > 4) turn_four<4, N - 4, kWhole>(from, ld, rows, x);
}
