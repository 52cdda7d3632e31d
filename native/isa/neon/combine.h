// Sums of 16 lanes at distance 8, 4, 2, 1 for several dot products at once. Included inside the NEON region in place of
// gemm/kernels/combine.h.

template <size_t S>
inline __attribute__((always_inline)) void combine_lanes(const VecF32 (&acc)[S][4], float* out) {
  static_assert(S <= 4);
  float32x4_t pair[2];
  DOWNHILL_UNROLL
  for (size_t i = 0; i < 2; ++i) {
    const size_t f = 2 * i % S, g = (2 * i + 1) % S;
    const float32x4_t a = vaddq_f32(vaddq_f32(acc[f][0].v, acc[f][2].v), vaddq_f32(acc[f][1].v, acc[f][3].v));
    const float32x4_t b = vaddq_f32(vaddq_f32(acc[g][0].v, acc[g][2].v), vaddq_f32(acc[g][1].v, acc[g][3].v));
    pair[i] = vaddq_f32(vcombine_f32(vget_low_f32(a), vget_low_f32(b)), vcombine_f32(vget_high_f32(a), vget_high_f32(b)));
  }
  store_n(out, VecF32{vpaddq_f32(pair[0], pair[1])}, S);
}

template <size_t S>
inline __attribute__((always_inline)) void combine_lanes(const VecF64 (&acc)[S][8], double* out) {
  static_assert(S <= 2);
  float64x2_t two[S];
  DOWNHILL_UNROLL
  for (size_t s = 0; s < S; ++s) {
    float64x2_t eight[4];
    DOWNHILL_UNROLL
    for (size_t q = 0; q < 4; ++q) eight[q] = vaddq_f64(acc[s][q].v, acc[s][q + 4].v);
    two[s] = vaddq_f64(vaddq_f64(eight[0], eight[2]), vaddq_f64(eight[1], eight[3]));
  }
  store_n(out, VecF64{vpaddq_f64(two[0], two[S - 1])}, S);
}
