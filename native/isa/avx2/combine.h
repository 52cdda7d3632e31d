// Sums of lanes at distance 4, 2, 1 (float64: 2, 1), up to a register's lanes of them at once: each step adds the halves of
// two registers into one. Lane i of the result is the sum of x[i]. Included inside the AVX2 region in place of
// gemm/kernels/combine.h.

template <size_t N>
inline __attribute__((always_inline)) VecF32 combine_lanes(const VecF32 (&x)[N]) {
  static_assert(N <= 8);
  __m256 four[4];
  DOWNHILL_UNROLL
  for (size_t i = 0; i < 4; ++i) {
    const __m256 a = x[i < N ? i : 0].v, b = x[i + 4 < N ? i + 4 : i < N ? i : 0].v;
    four[i] = _mm256_add_ps(_mm256_blend_ps(a, b, 0xf0), _mm256_permute2f128_ps(a, b, 0x21));  // 128-bit lanes (i, i + 4)
  }
  const __m256 even = _mm256_add_ps(_mm256_blend_ps(four[0], four[2], 0xcc), _mm256_shuffle_ps(four[0], four[2], 0x4e));
  const __m256 odd = _mm256_add_ps(_mm256_blend_ps(four[1], four[3], 0xcc), _mm256_shuffle_ps(four[1], four[3], 0x4e));
  // In each 128-bit lane the sums 0, 2, 1, 3.
  const __m256 ones = _mm256_add_ps(_mm256_shuffle_ps(even, odd, 0x88), _mm256_shuffle_ps(even, odd, 0xdd));
  return {_mm256_permute_ps(ones, 0xd8)};
}

template <size_t N>
inline __attribute__((always_inline)) VecF64 combine_lanes(const VecF64 (&x)[N]) {
  static_assert(N <= 4);
  __m256d two[2];
  DOWNHILL_UNROLL
  for (size_t i = 0; i < 2; ++i) {
    const __m256d a = x[i < N ? i : 0].v, b = x[i + 2 < N ? i + 2 : i < N ? i : 0].v;
    two[i] = _mm256_add_pd(_mm256_blend_pd(a, b, 0xc), _mm256_permute2f128_pd(a, b, 0x21));  // 128-bit lanes (i, i + 2)
  }
  return {_mm256_add_pd(_mm256_blend_pd(two[0], two[1], 0xa), _mm256_shuffle_pd(two[0], two[1], 0x5))};
}
