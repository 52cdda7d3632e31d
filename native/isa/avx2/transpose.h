// Square blocks of registers and of 16 bytes, transposed. Included inside the AVX2 region.

// Interleave pairs, then quadruples, within 128-bit lanes; then exchange the lanes.
inline __attribute__((always_inline)) void transpose_registers(VecF32 (&x)[8]) {
  __m256 u[8];
  DOWNHILL_UNROLL
  for (size_t g = 0; g < 8; g += 4) {
    const __m256 t0 = _mm256_unpacklo_ps(x[g].v, x[g + 1].v), t1 = _mm256_unpackhi_ps(x[g].v, x[g + 1].v);
    const __m256 t2 = _mm256_unpacklo_ps(x[g + 2].v, x[g + 3].v), t3 = _mm256_unpackhi_ps(x[g + 2].v, x[g + 3].v);
    u[g] = _mm256_shuffle_ps(t0, t2, 0x44);
    u[g + 1] = _mm256_shuffle_ps(t0, t2, 0xee);
    u[g + 2] = _mm256_shuffle_ps(t1, t3, 0x44);
    u[g + 3] = _mm256_shuffle_ps(t1, t3, 0xee);
  }
  DOWNHILL_UNROLL
  for (size_t q = 0; q < 4; ++q) {
    x[q] = {_mm256_permute2f128_ps(u[q], u[4 + q], 0x20)};
    x[4 + q] = {_mm256_permute2f128_ps(u[q], u[4 + q], 0x31)};
  }
}

inline __attribute__((always_inline)) void transpose_registers(VecF64 (&x)[4]) {
  const __m256d t0 = _mm256_unpacklo_pd(x[0].v, x[1].v), t1 = _mm256_unpackhi_pd(x[0].v, x[1].v);
  const __m256d t2 = _mm256_unpacklo_pd(x[2].v, x[3].v), t3 = _mm256_unpackhi_pd(x[2].v, x[3].v);
  x[0] = {_mm256_permute2f128_pd(t0, t2, 0x20)};
  x[1] = {_mm256_permute2f128_pd(t1, t3, 0x20)};
  x[2] = {_mm256_permute2f128_pd(t0, t2, 0x31)};
  x[3] = {_mm256_permute2f128_pd(t1, t3, 0x31)};
}

// Group g of x: 16 bytes from p[g] + at.
inline __attribute__((always_inline)) void load_groups(VecF32& x, const float* const (&p)[2], size_t at) {
  x = {_mm256_insertf128_ps(_mm256_castps128_ps256(_mm_loadu_ps(p[0] + at)), _mm_loadu_ps(p[1] + at), 1)};
}

inline __attribute__((always_inline)) void load_groups(VecF64& x, const double* const (&p)[2], size_t at) {
  x = {_mm256_insertf128_pd(_mm256_castpd128_pd256(_mm_loadu_pd(p[0] + at)), _mm_loadu_pd(p[1] + at), 1)};
}

// Transposes a block of 4 x 4 (float64: 2 x 2) in each group.
inline __attribute__((always_inline)) void transpose_groups(VecF32 (&x)[4]) {
  const __m256 t0 = _mm256_unpacklo_ps(x[0].v, x[1].v), t1 = _mm256_unpackhi_ps(x[0].v, x[1].v);
  const __m256 t2 = _mm256_unpacklo_ps(x[2].v, x[3].v), t3 = _mm256_unpackhi_ps(x[2].v, x[3].v);
  x[0] = {_mm256_shuffle_ps(t0, t2, 0x44)};
  x[1] = {_mm256_shuffle_ps(t0, t2, 0xee)};
  x[2] = {_mm256_shuffle_ps(t1, t3, 0x44)};
  x[3] = {_mm256_shuffle_ps(t1, t3, 0xee)};
}

inline __attribute__((always_inline)) void transpose_groups(VecF64 (&x)[2]) {
  const __m256d low = _mm256_unpacklo_pd(x[0].v, x[1].v);
  x[1] = {_mm256_unpackhi_pd(x[0].v, x[1].v)};
  x[0] = {low};
}

// The first n elements of group g.
inline __attribute__((always_inline)) void store_group(float* p, VecF32 x, size_t g, size_t n) {
  const __m128 group = g == 0 ? _mm256_castps256_ps128(x.v) : _mm256_extractf128_ps(x.v, 1);
  if (n == 4) {
    _mm_storeu_ps(p, group);
  } else {
    _mm_maskstore_ps(p, _mm_loadu_si128(reinterpret_cast<const __m128i*>(kFirstLanes + 8 - n)), group);
  }
}

inline __attribute__((always_inline)) void store_group(double* p, VecF64 x, size_t g, size_t n) {
  const __m128d group = g == 0 ? _mm256_castpd256_pd128(x.v) : _mm256_extractf128_pd(x.v, 1);
  if (n == 2) {
    _mm_storeu_pd(p, group);
  } else {
    _mm_store_sd(p, group);
  }
}
