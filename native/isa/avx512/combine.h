// Sums of 16 lanes at distance 8, 4, 2, 1 for up to eight dot products at once: each step adds the halves of two
// registers into one. Included inside the AVX-512 region in place of gemm/kernels/combine.h.

template <size_t S>
inline __attribute__((always_inline)) void combine_lanes(const VecF32 (&acc)[S][1], float* out) {
  __m512 pair[4], quad[2];
  DOWNHILL_UNROLL
  for (size_t i = 0; i < 4; ++i) {
    const __m512 a = acc[2 * i % S][0].v, b = acc[(2 * i + 1) % S][0].v;
    pair[i] = _mm512_add_ps(_mm512_shuffle_f32x4(a, b, 0x44), _mm512_shuffle_f32x4(a, b, 0xee));
  }
  DOWNHILL_UNROLL
  for (size_t i = 0; i < 2; ++i) {
    quad[i] = _mm512_add_ps(_mm512_shuffle_f32x4(pair[2 * i], pair[2 * i + 1], 0x88),
                            _mm512_shuffle_f32x4(pair[2 * i], pair[2 * i + 1], 0xdd));
  }
  const __m512 twos = _mm512_add_ps(_mm512_shuffle_ps(quad[0], quad[1], 0x44), _mm512_shuffle_ps(quad[0], quad[1], 0xee));
  const __m512 ones = _mm512_add_ps(_mm512_shuffle_ps(twos, twos, 0x88), _mm512_shuffle_ps(twos, twos, 0xdd));
  const __m512i order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 0, 0, 0, 0, 0, 0, 0, 0);
  _mm512_mask_storeu_ps(out, static_cast<__mmask16>((1u << S) - 1), _mm512_permutexvar_ps(order, ones));
}

template <size_t S>
inline __attribute__((always_inline)) void combine_lanes(const VecF64 (&acc)[S][2], double* out) {
  __m512d pair[4];
  DOWNHILL_UNROLL
  for (size_t i = 0; i < 4; ++i) {
    const size_t f = 2 * i % S, g = (2 * i + 1) % S;
    const __m512d a = _mm512_add_pd(acc[f][0].v, acc[f][1].v), b = _mm512_add_pd(acc[g][0].v, acc[g][1].v);
    pair[i] = _mm512_add_pd(_mm512_shuffle_f64x2(a, b, 0x44), _mm512_shuffle_f64x2(a, b, 0xee));
  }
  const __m512d p = _mm512_add_pd(_mm512_shuffle_f64x2(pair[0], pair[1], 0x88), _mm512_shuffle_f64x2(pair[0], pair[1], 0xdd));
  const __m512d q = _mm512_add_pd(_mm512_shuffle_f64x2(pair[2], pair[3], 0x88), _mm512_shuffle_f64x2(pair[2], pair[3], 0xdd));
  const __m512d ones = _mm512_add_pd(_mm512_unpacklo_pd(p, q), _mm512_unpackhi_pd(p, q));
  const __m512i order = _mm512_setr_epi64(0, 2, 4, 6, 1, 3, 5, 7);
  _mm512_mask_storeu_pd(out, static_cast<__mmask8>((1u << S) - 1), _mm512_permutexvar_pd(order, ones));
}
