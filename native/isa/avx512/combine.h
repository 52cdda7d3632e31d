// Sums of lanes at distance 8, 4, 2, 1 (float64: 4, 2, 1), up to a register's lanes of them at once: each step adds the
// halves of two registers into one, so that N registers become one in N - 1 steps. Lane i of the result is the sum of x[i].
// Also the FMA and the store of some lanes. Included inside the AVX-512 region in place of gemm/kernels/combine.h.

// From sums of eight lanes each of two rows, i and i + 8 in a, i + 4 and i + 12 in b, those of four lanes: (i, i + 8, i + 4, i + 12).
inline __attribute__((always_inline)) VecF32 combine_halves(VecF32 a, VecF32 b) {
  return {_mm512_add_ps(_mm512_shuffle_f32x4(a.v, b.v, 0x88), _mm512_shuffle_f32x4(a.v, b.v, 0xdd))};
}

// The rest of the sums, of such registers for i = 0 to 3.
inline __attribute__((always_inline)) VecF32 combine_quarters(VecF32 a, VecF32 b, VecF32 c, VecF32 d) {
  const __m512 even = _mm512_add_ps(_mm512_mask_blend_ps(0xcccc, a.v, c.v), _mm512_shuffle_ps(a.v, c.v, 0x4e));
  const __m512 odd = _mm512_add_ps(_mm512_mask_blend_ps(0xcccc, b.v, d.v), _mm512_shuffle_ps(b.v, d.v, 0x4e));
  const __m512 ones = _mm512_add_ps(_mm512_shuffle_ps(even, odd, 0x88), _mm512_shuffle_ps(even, odd, 0xdd));
  // In each 128-bit lane of those the sums 0, 2, 1, 3.
  const __m512i order = _mm512_setr_epi32(0, 2, 1, 3, 8, 10, 9, 11, 4, 6, 5, 7, 12, 14, 13, 15);
  return {_mm512_permutexvar_ps(order, ones)};
}

template <size_t N>
inline __attribute__((always_inline)) VecF32 combine_lanes(const VecF32 (&x)[N]) {
  static_assert(N <= 16);
  // In brackets: whose sums the four 128-bit lanes hold.
  VecF32 eight[8], four[4];
  DOWNHILL_UNROLL
  for (size_t i = 0; i < 8; ++i) {
    if (i >= N) break;
    const __m512 a = x[i].v;
    if (i + 8 < N) {
      const __m512 b = x[i + 8].v;
      eight[i] = {_mm512_add_ps(_mm512_mask_blend_ps(0xff00, a, b), _mm512_shuffle_f32x4(a, b, 0x4e))};  // (i, i, i + 8, i + 8)
    } else {
      eight[i] = {_mm512_add_ps(a, _mm512_shuffle_f32x4(a, a, 0x4e))};
    }
  }
  DOWNHILL_UNROLL
  for (size_t i = 0; i < 4; ++i) {
    if (i >= N) break;
    four[i] = combine_halves(eight[i], eight[i + 4 < N ? i + 4 : i]);
  }
  return combine_quarters(four[0], four[N < 2 ? 0 : 1], four[N < 3 ? 0 : 2], four[N < 2 ? 0 : N < 4 ? 1 : 3]);
}

template <size_t N>
inline __attribute__((always_inline)) VecF64 combine_lanes(const VecF64 (&x)[N]) {
  static_assert(N <= 8);
  __m512d four[4], two[2];
  DOWNHILL_UNROLL
  for (size_t i = 0; i < 4; ++i) {
    if (i >= N) break;
    const __m512d a = x[i].v, b = i + 4 < N ? x[i + 4].v : a;
    four[i] = _mm512_add_pd(_mm512_mask_blend_pd(0xf0, a, b), _mm512_shuffle_f64x2(a, b, 0x4e));  // (i, i, i + 4, i + 4)
  }
  DOWNHILL_UNROLL
  for (size_t i = 0; i < 2; ++i) {
    if (i >= N) break;
    const __m512d a = four[i], b = i + 2 < N ? four[i + 2] : a;
    two[i] = _mm512_add_pd(_mm512_shuffle_f64x2(a, b, 0x88), _mm512_shuffle_f64x2(a, b, 0xdd));  // (i, i + 4, i + 2, i + 6)
  }
  const __m512d a = two[0], b = two[N > 1];
  const __m512d ones = _mm512_add_pd(_mm512_mask_blend_pd(0xaa, a, b), _mm512_shuffle_pd(a, b, 0x55));
  return {_mm512_shuffle_f64x2(ones, ones, 0xd8)};  // 128-bit lanes (0, 4, 2, 6)
}

// a * b + c in the first n lanes, c in the others.
inline VecF32 fma_first(VecF32 a, VecF32 b, VecF32 c, size_t n) { return {_mm512_mask3_fmadd_ps(a.v, b.v, c.v, first16(n))}; }
inline VecF64 fma_first(VecF64 a, VecF64 b, VecF64 c, size_t n) { return {_mm512_mask3_fmadd_pd(a.v, b.v, c.v, first8(n))}; }

// The same in the first n lanes of each half.
inline VecF32 fma_halves(VecF32 a, VecF32 b, VecF32 c, size_t n) {
  return {_mm512_mask3_fmadd_ps(a.v, b.v, c.v, static_cast<__mmask16>(first8(n) * 0x101))};
}

// Lanes kFirst to kEnd - 1 to p[0 ..].
template <size_t kFirst, size_t kEnd>
inline void store_lanes(float* p, VecF32 a) {
  _mm512_mask_storeu_ps(p - kFirst, static_cast<__mmask16>((1u << kEnd) - (1u << kFirst)), a.v);
}
template <size_t kFirst, size_t kEnd>
inline void store_lanes(double* p, VecF64 a) {
  _mm512_mask_storeu_pd(p - kFirst, static_cast<__mmask8>((1u << kEnd) - (1u << kFirst)), a.v);
}
