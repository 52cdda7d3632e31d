// Sums of 16 lanes at distance 8, 4, 2, 1 for several dot products at once: each step adds the halves of two registers
// into one. Included inside the AVX2 region in place of gemm/kernels/combine.h.

template <size_t S>
inline __attribute__((always_inline)) void combine_lanes(const VecF32 (&acc)[S][2], float* out) {
  static_assert(S <= 4);
  __m256 pair[2];
  DOWNHILL_UNROLL
  for (size_t i = 0; i < 2; ++i) {
    const size_t f = 2 * i % S, g = (2 * i + 1) % S;
    const __m256 a = _mm256_add_ps(acc[f][0].v, acc[f][1].v), b = _mm256_add_ps(acc[g][0].v, acc[g][1].v);
    pair[i] = _mm256_add_ps(_mm256_permute2f128_ps(a, b, 0x20), _mm256_permute2f128_ps(a, b, 0x31));
  }
  const __m256 twos = _mm256_add_ps(_mm256_shuffle_ps(pair[0], pair[1], 0x44), _mm256_shuffle_ps(pair[0], pair[1], 0xee));
  const __m256 ones = _mm256_add_ps(_mm256_shuffle_ps(twos, twos, 0x88), _mm256_shuffle_ps(twos, twos, 0xdd));
  // Sums 0, 2 in the lower half of the register, 1, 3 in the upper one.
  const __m128 sums = _mm_unpacklo_ps(_mm256_castps256_ps128(ones), _mm256_extractf128_ps(ones, 1));
  if (S == 4) {
    _mm_storeu_ps(out, sums);
  } else if (S == 1) {
    _mm_store_ss(out, sums);
  } else {
    _mm_maskstore_ps(out, _mm256_castsi256_si128(first8(S)), sums);
  }
}

template <size_t S>
inline __attribute__((always_inline)) void combine_lanes(const VecF64 (&acc)[S][4], double* out) {
  static_assert(S <= 2);
  __m256d four[S];
  DOWNHILL_UNROLL
  for (size_t s = 0; s < S; ++s) {
    four[s] = _mm256_add_pd(_mm256_add_pd(acc[s][0].v, acc[s][2].v), _mm256_add_pd(acc[s][1].v, acc[s][3].v));
  }
  const __m256d a = four[0], b = four[S - 1];
  const __m256d twos = _mm256_add_pd(_mm256_permute2f128_pd(a, b, 0x20), _mm256_permute2f128_pd(a, b, 0x31));
  const __m256d ones = _mm256_add_pd(_mm256_unpacklo_pd(twos, twos), _mm256_unpackhi_pd(twos, twos));
  _mm_store_sd(out, _mm256_castpd256_pd128(ones));
  if (S == 2) _mm_store_sd(out + 1, _mm256_extractf128_pd(ones, 1));
}
