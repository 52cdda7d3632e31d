// Sums of lanes at distance 2, 1 (float64: 1), up to a register's lanes of them at once. Lane i of the result is the sum of
// x[i]. Included inside the NEON region in place of gemm/kernels/combine.h.

template <size_t N>
inline __attribute__((always_inline)) VecF32 combine_lanes(const VecF32 (&x)[N]) {
  static_assert(N <= 4);
  float32x4_t two[2];
  DOWNHILL_UNROLL
  for (size_t i = 0; i < 2; ++i) {
    const float32x4_t a = x[2 * i < N ? 2 * i : 0].v, b = x[2 * i + 1 < N ? 2 * i + 1 : 2 * i < N ? 2 * i : 0].v;
    two[i] = vaddq_f32(vcombine_f32(vget_low_f32(a), vget_low_f32(b)), vcombine_f32(vget_high_f32(a), vget_high_f32(b)));
  }
  return {vpaddq_f32(two[0], two[1])};
}

template <size_t N>
inline __attribute__((always_inline)) VecF64 combine_lanes(const VecF64 (&x)[N]) {
  static_assert(N <= 2);
  return {vpaddq_f64(x[0].v, x[N - 1].v)};
}
