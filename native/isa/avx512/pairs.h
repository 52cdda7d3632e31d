// What the tile of pairs (gemm/kernels/pairs.h) moves between registers. Included inside the AVX-512 region.

// 32 bytes from p, then 32 from q.
inline __attribute__((always_inline)) VecF32 load_two(const float* p, const float* q) {
  return {_mm512_insertf32x8(_mm512_castps256_ps512(_mm256_loadu_ps(p)), _mm256_loadu_ps(q), 1)};
}

// Eight steps of k of rows 0 and 2, 1 and 3, 4 and 6, 5 and 7 become two steps of all eight, side by side in each row.
inline __attribute__((always_inline)) void turn_rows(VecF32 (&x)[4]) {
  const __m512d even0 = _mm512_castps_pd(_mm512_shuffle_f32x4(x[0].v, x[2].v, 0x88));
  const __m512d even1 = _mm512_castps_pd(_mm512_shuffle_f32x4(x[0].v, x[2].v, 0xdd));
  const __m512d odd0 = _mm512_castps_pd(_mm512_shuffle_f32x4(x[1].v, x[3].v, 0x88));
  const __m512d odd1 = _mm512_castps_pd(_mm512_shuffle_f32x4(x[1].v, x[3].v, 0xdd));
  x[0] = {_mm512_castpd_ps(_mm512_unpacklo_pd(even0, odd0))};
  x[1] = {_mm512_castpd_ps(_mm512_unpackhi_pd(even0, odd0))};
  x[2] = {_mm512_castpd_ps(_mm512_unpacklo_pd(even1, odd1))};
  x[3] = {_mm512_castpd_ps(_mm512_unpackhi_pd(even1, odd1))};
}

// Steps 0, 1, 4, 5, 8, 9, 12, 13 of both, side by side, and steps 2, 3, 6, 7, 10, 11, 14, 15.
inline __attribute__((always_inline)) void interleave(VecF32& x, VecF32& y) {
  const __m512 low = _mm512_unpacklo_ps(x.v, y.v);
  y = {_mm512_unpackhi_ps(x.v, y.v)};
  x = {low};
}

// The first (kOdd: second) of each two lanes in both.
template <bool kOdd>
inline __attribute__((always_inline)) VecF32 spread_pairs(VecF32 x) {
  return {_mm512_permute_ps(x.v, kOdd ? 0xf5 : 0xa0)};
}

// p[0] and p[1] in all lanes by turns: eight bytes are loaded so without a shuffle, sixteen are not.
inline __attribute__((always_inline)) VecF32 broadcast_pair(const float* p) {
  using Pair = double __attribute__((aligned(4), may_alias));
  return {_mm512_castpd_ps(_mm512_set1_pd(*reinterpret_cast<const Pair*>(p)))};
}

// x[i] holds pairs of lanes: pair j of x[i] becomes pair i of x[j].
inline __attribute__((always_inline)) void transpose_pairs(VecF32 (&x)[8]) {
  VecF64 y[8];
  DOWNHILL_UNROLL
  for (size_t i = 0; i < 8; ++i) y[i] = {_mm512_castps_pd(x[i].v)};
  transpose_registers(y);
  DOWNHILL_UNROLL
  for (size_t i = 0; i < 8; ++i) x[i] = {_mm512_castpd_ps(y[i].v)};
}
