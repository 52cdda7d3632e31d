// NEON primitives; the names are listed in isa/README.md. No include guard: included once, inside the region.
// A comparison gives a register of ones and zeros of the same width; select is the bitwise one.

struct VecF32 {
  using Scalar = float;
  using Mask = uint32x4_t;
  static constexpr size_t kLanes = 4;
  float32x4_t v;
};

struct VecF64 {
  using Scalar = double;
  using Mask = uint64x2_t;
  static constexpr size_t kLanes = 2;
  float64x2_t v;
};

template <class V> inline V load(const typename V::Scalar* p);
template <> inline VecF32 load<VecF32>(const float* p) { return {vld1q_f32(p)}; }
template <> inline VecF64 load<VecF64>(const double* p) { return {vld1q_f64(p)}; }
template <class V> inline V broadcast(typename V::Scalar x);
template <> inline VecF32 broadcast<VecF32>(float x) { return {vdupq_n_f32(x)}; }
template <> inline VecF64 broadcast<VecF64>(double x) { return {vdupq_n_f64(x)}; }

// NEON has no masked load; lanes are inserted one by one and nothing beyond p[n − 1] is read.
template <class V> inline V load_n(const typename V::Scalar* p, size_t n);
template <> inline VecF32 load_n<VecF32>(const float* p, size_t n) {
  if (n >= 4) return {vld1q_f32(p)};
  float32x4_t v = vdupq_n_f32(0.0f);
  if (n > 0) v = vld1q_lane_f32(p, v, 0);
  if (n > 1) v = vld1q_lane_f32(p + 1, v, 1);
  if (n > 2) v = vld1q_lane_f32(p + 2, v, 2);
  return {v};
}
template <> inline VecF64 load_n<VecF64>(const double* p, size_t n) {
  if (n >= 2) return {vld1q_f64(p)};
  float64x2_t v = vdupq_n_f64(0.0);
  if (n > 0) v = vld1q_lane_f64(p, v, 0);
  return {v};
}

inline void store(float* p, VecF32 a) { vst1q_f32(p, a.v); }
inline void store(double* p, VecF64 a) { vst1q_f64(p, a.v); }
inline void store_n(float* p, VecF32 a, size_t n) {
  if (n >= 4) return vst1q_f32(p, a.v);
  if (n > 0) vst1q_lane_f32(p, a.v, 0);
  if (n > 1) vst1q_lane_f32(p + 1, a.v, 1);
  if (n > 2) vst1q_lane_f32(p + 2, a.v, 2);
}
inline void store_n(double* p, VecF64 a, size_t n) {
  if (n >= 2) return vst1q_f64(p, a.v);
  if (n > 0) vst1q_lane_f64(p, a.v, 0);
}

inline uint32x4_t words(VecF32 a) { return vreinterpretq_u32_f32(a.v); }
inline uint64x2_t words(VecF64 a) { return vreinterpretq_u64_f64(a.v); }

inline VecF32 add(VecF32 a, VecF32 b) { return {vaddq_f32(a.v, b.v)}; }
inline VecF32 sub(VecF32 a, VecF32 b) { return {vsubq_f32(a.v, b.v)}; }
inline VecF32 mul(VecF32 a, VecF32 b) { return {vmulq_f32(a.v, b.v)}; }
inline VecF32 div(VecF32 a, VecF32 b) { return {vdivq_f32(a.v, b.v)}; }
inline VecF32 sqrt(VecF32 a) { return {vsqrtq_f32(a.v)}; }
inline VecF32 fma(VecF32 a, VecF32 b, VecF32 c) { return {vfmaq_f32(c.v, a.v, b.v)}; }
inline VecF32 bits_and(VecF32 a, VecF32 b) { return {vreinterpretq_f32_u32(vandq_u32(words(a), words(b)))}; }
inline VecF32 bits_or(VecF32 a, VecF32 b) { return {vreinterpretq_f32_u32(vorrq_u32(words(a), words(b)))}; }
inline VecF32 bits_xor(VecF32 a, VecF32 b) { return {vreinterpretq_f32_u32(veorq_u32(words(a), words(b)))}; }
inline VecF32 neg(VecF32 a) { return {vnegq_f32(a.v)}; }
inline VecF32 abs(VecF32 a) { return {vabsq_f32(a.v)}; }
inline uint32x4_t less(VecF32 a, VecF32 b) { return vcltq_f32(a.v, b.v); }
inline uint32x4_t equal(VecF32 a, VecF32 b) { return vceqq_f32(a.v, b.v); }
inline VecF32 select(uint32x4_t m, VecF32 a, VecF32 b) { return {vbslq_f32(m, a.v, b.v)}; }
inline VecF32 round_even(VecF32 a) { return {vrndnq_f32(a.v)}; }

inline VecF64 add(VecF64 a, VecF64 b) { return {vaddq_f64(a.v, b.v)}; }
inline VecF64 sub(VecF64 a, VecF64 b) { return {vsubq_f64(a.v, b.v)}; }
inline VecF64 mul(VecF64 a, VecF64 b) { return {vmulq_f64(a.v, b.v)}; }
inline VecF64 div(VecF64 a, VecF64 b) { return {vdivq_f64(a.v, b.v)}; }
inline VecF64 sqrt(VecF64 a) { return {vsqrtq_f64(a.v)}; }
inline VecF64 fma(VecF64 a, VecF64 b, VecF64 c) { return {vfmaq_f64(c.v, a.v, b.v)}; }
inline VecF64 bits_and(VecF64 a, VecF64 b) { return {vreinterpretq_f64_u64(vandq_u64(words(a), words(b)))}; }
inline VecF64 bits_or(VecF64 a, VecF64 b) { return {vreinterpretq_f64_u64(vorrq_u64(words(a), words(b)))}; }
inline VecF64 bits_xor(VecF64 a, VecF64 b) { return {vreinterpretq_f64_u64(veorq_u64(words(a), words(b)))}; }
inline VecF64 neg(VecF64 a) { return {vnegq_f64(a.v)}; }
inline VecF64 abs(VecF64 a) { return {vabsq_f64(a.v)}; }
inline uint64x2_t less(VecF64 a, VecF64 b) { return vcltq_f64(a.v, b.v); }
inline uint64x2_t equal(VecF64 a, VecF64 b) { return vceqq_f64(a.v, b.v); }
inline VecF64 select(uint64x2_t m, VecF64 a, VecF64 b) { return {vbslq_f64(m, a.v, b.v)}; }
inline VecF64 round_even(VecF64 a) { return {vrndnq_f64(a.v)}; }

inline VecF64 widen_low(VecF32 a) { return {vcvt_f64_f32(vget_low_f32(a.v))}; }
inline VecF64 widen_high(VecF32 a) { return {vcvt_high_f64_f32(a.v)}; }
inline VecF32 narrow(VecF64 low, VecF64 high) { return {vcvt_high_f32_f64(vcvt_f32_f64(low.v), high.v)}; }
