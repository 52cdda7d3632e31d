// Square blocks of registers, transposed. Included inside the AVX2 region.

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
