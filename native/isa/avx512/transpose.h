// Square blocks of registers, transposed. Included inside the AVX-512 region.

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
