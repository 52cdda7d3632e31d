// AVX-512 primitives; the names are listed in isa/README.md. No include guard: included once, inside the region.

struct VecF32 {
  using Scalar = float;
  using Mask = __mmask16;
  static constexpr size_t kLanes = 16;
  __m512 v;
};

struct VecF64 {
  using Scalar = double;
  using Mask = __mmask8;
  static constexpr size_t kLanes = 8;
  __m512d v;
};

// The first n of 16 (or 8) lanes; n at most the number of lanes.
inline __mmask16 first16(size_t n) { return static_cast<__mmask16>(_bzhi_u32(0xffff, static_cast<unsigned>(n))); }
inline __mmask8 first8(size_t n) { return static_cast<__mmask8>(_bzhi_u32(0xff, static_cast<unsigned>(n))); }

template <class V> inline V load(const typename V::Scalar* p);
template <> inline VecF32 load<VecF32>(const float* p) { return {_mm512_loadu_ps(p)}; }
template <> inline VecF64 load<VecF64>(const double* p) { return {_mm512_loadu_pd(p)}; }
template <class V> inline V load_n(const typename V::Scalar* p, size_t n);
template <> inline VecF32 load_n<VecF32>(const float* p, size_t n) { return {_mm512_maskz_loadu_ps(first16(n), p)}; }
template <> inline VecF64 load_n<VecF64>(const double* p, size_t n) { return {_mm512_maskz_loadu_pd(first8(n), p)}; }
template <class V> inline V broadcast(typename V::Scalar x);
template <> inline VecF32 broadcast<VecF32>(float x) { return {_mm512_set1_ps(x)}; }
template <> inline VecF64 broadcast<VecF64>(double x) { return {_mm512_set1_pd(x)}; }

inline void store(float* p, VecF32 a) { _mm512_storeu_ps(p, a.v); }
inline void store(double* p, VecF64 a) { _mm512_storeu_pd(p, a.v); }
inline void store_n(float* p, VecF32 a, size_t n) { _mm512_mask_storeu_ps(p, first16(n), a.v); }
inline void store_n(double* p, VecF64 a, size_t n) { _mm512_mask_storeu_pd(p, first8(n), a.v); }

inline VecF32 add(VecF32 a, VecF32 b) { return {_mm512_add_ps(a.v, b.v)}; }
inline VecF32 sub(VecF32 a, VecF32 b) { return {_mm512_sub_ps(a.v, b.v)}; }
inline VecF32 mul(VecF32 a, VecF32 b) { return {_mm512_mul_ps(a.v, b.v)}; }
inline VecF32 div(VecF32 a, VecF32 b) { return {_mm512_div_ps(a.v, b.v)}; }
inline VecF32 sqrt(VecF32 a) { return {_mm512_sqrt_ps(a.v)}; }
inline VecF32 fma(VecF32 a, VecF32 b, VecF32 c) { return {_mm512_fmadd_ps(a.v, b.v, c.v)}; }
inline VecF32 bits_and(VecF32 a, VecF32 b) { return {_mm512_and_ps(a.v, b.v)}; }
inline VecF32 bits_or(VecF32 a, VecF32 b) { return {_mm512_or_ps(a.v, b.v)}; }
inline VecF32 bits_xor(VecF32 a, VecF32 b) { return {_mm512_xor_ps(a.v, b.v)}; }
inline VecF32 neg(VecF32 a) { return bits_xor(a, broadcast<VecF32>(-0.0f)); }
inline VecF32 abs(VecF32 a) { return {_mm512_abs_ps(a.v)}; }
inline __mmask16 less(VecF32 a, VecF32 b) { return _mm512_cmp_ps_mask(a.v, b.v, _CMP_LT_OQ); }
inline __mmask16 equal(VecF32 a, VecF32 b) { return _mm512_cmp_ps_mask(a.v, b.v, _CMP_EQ_OQ); }
// select keeps bits. The empty assembly hides where the mask comes from: a compiler that sees less(b, a) would make the
// processor's maximum of it, which reads a subnormal as zero.
#if defined(__GNUC__)
#define DOWNHILL_OPAQUE(mask) __asm__("" : "+Yk"(mask))
#else
#define DOWNHILL_OPAQUE(mask)
#endif
inline VecF32 select(__mmask16 m, VecF32 a, VecF32 b) {
  DOWNHILL_OPAQUE(m);
  return {_mm512_mask_blend_ps(m, b.v, a.v)};
}
inline VecF32 round_even(VecF32 a) { return {_mm512_roundscale_ps(a.v, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC)}; }

inline VecF64 add(VecF64 a, VecF64 b) { return {_mm512_add_pd(a.v, b.v)}; }
inline VecF64 sub(VecF64 a, VecF64 b) { return {_mm512_sub_pd(a.v, b.v)}; }
inline VecF64 mul(VecF64 a, VecF64 b) { return {_mm512_mul_pd(a.v, b.v)}; }
inline VecF64 div(VecF64 a, VecF64 b) { return {_mm512_div_pd(a.v, b.v)}; }
inline VecF64 sqrt(VecF64 a) { return {_mm512_sqrt_pd(a.v)}; }
inline VecF64 fma(VecF64 a, VecF64 b, VecF64 c) { return {_mm512_fmadd_pd(a.v, b.v, c.v)}; }
inline VecF64 bits_and(VecF64 a, VecF64 b) { return {_mm512_and_pd(a.v, b.v)}; }
inline VecF64 bits_or(VecF64 a, VecF64 b) { return {_mm512_or_pd(a.v, b.v)}; }
inline VecF64 bits_xor(VecF64 a, VecF64 b) { return {_mm512_xor_pd(a.v, b.v)}; }
inline VecF64 neg(VecF64 a) { return bits_xor(a, broadcast<VecF64>(-0.0)); }
inline VecF64 abs(VecF64 a) { return {_mm512_abs_pd(a.v)}; }
inline __mmask8 less(VecF64 a, VecF64 b) { return _mm512_cmp_pd_mask(a.v, b.v, _CMP_LT_OQ); }
inline __mmask8 equal(VecF64 a, VecF64 b) { return _mm512_cmp_pd_mask(a.v, b.v, _CMP_EQ_OQ); }
inline VecF64 select(__mmask8 m, VecF64 a, VecF64 b) {
  DOWNHILL_OPAQUE(m);
  return {_mm512_mask_blend_pd(m, b.v, a.v)};
}
inline VecF64 round_even(VecF64 a) { return {_mm512_roundscale_pd(a.v, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC)}; }

inline VecF64 widen_low(VecF32 a) { return {_mm512_cvtps_pd(_mm512_castps512_ps256(a.v))}; }
inline VecF64 widen_high(VecF32 a) { return {_mm512_cvtps_pd(_mm512_extractf32x8_ps(a.v, 1))}; }
inline VecF32 narrow(VecF64 low, VecF64 high) {
  return {_mm512_insertf32x8(_mm512_castps256_ps512(_mm512_cvtpd_ps(low.v)), _mm512_cvtpd_ps(high.v), 1)};
}
