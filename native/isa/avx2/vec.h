// AVX2 + FMA primitives; the names are listed in isa/README.md. No include guard: included once, inside the region.
// A comparison gives a full register of ones and zeros, so the mask of a vector is a vector of the same shape.

struct VecF32 {
  using Scalar = float;
  using Mask = __m256;
  static constexpr size_t kLanes = 8;
  __m256 v;
};

struct VecF64 {
  using Scalar = double;
  using Mask = __m256d;
  static constexpr size_t kLanes = 4;
  __m256d v;
};

// Windows of this row are the masks of maskload and maskstore: starting at 8 − n, the first n of 8 words are set.
alignas(64) const int32_t kFirstLanes[16] = {-1, -1, -1, -1, -1, -1, -1, -1, 0, 0, 0, 0, 0, 0, 0, 0};

// The first n of 8 (or 4) lanes; n at most the number of lanes. A lane outside is neither read nor written.
inline __m256i first8(size_t n) { return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(kFirstLanes + 8 - n)); }
inline __m256i first4(size_t n) { return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(kFirstLanes + 8 - 2 * n)); }

template <class V> inline V load(const typename V::Scalar* p);
template <> inline VecF32 load<VecF32>(const float* p) { return {_mm256_loadu_ps(p)}; }
template <> inline VecF64 load<VecF64>(const double* p) { return {_mm256_loadu_pd(p)}; }
template <class V> inline V load_n(const typename V::Scalar* p, size_t n);
template <> inline VecF32 load_n<VecF32>(const float* p, size_t n) { return {_mm256_maskload_ps(p, first8(n))}; }
template <> inline VecF64 load_n<VecF64>(const double* p, size_t n) { return {_mm256_maskload_pd(p, first4(n))}; }
template <class V> inline V broadcast(typename V::Scalar x);
template <> inline VecF32 broadcast<VecF32>(float x) { return {_mm256_set1_ps(x)}; }
template <> inline VecF64 broadcast<VecF64>(double x) { return {_mm256_set1_pd(x)}; }

inline void store(float* p, VecF32 a) { _mm256_storeu_ps(p, a.v); }
inline void store(double* p, VecF64 a) { _mm256_storeu_pd(p, a.v); }
inline void store_n(float* p, VecF32 a, size_t n) { _mm256_maskstore_ps(p, first8(n), a.v); }
inline void store_n(double* p, VecF64 a, size_t n) { _mm256_maskstore_pd(p, first4(n), a.v); }

inline VecF32 add(VecF32 a, VecF32 b) { return {_mm256_add_ps(a.v, b.v)}; }
inline VecF32 sub(VecF32 a, VecF32 b) { return {_mm256_sub_ps(a.v, b.v)}; }
inline VecF32 mul(VecF32 a, VecF32 b) { return {_mm256_mul_ps(a.v, b.v)}; }
inline VecF32 div(VecF32 a, VecF32 b) { return {_mm256_div_ps(a.v, b.v)}; }
inline VecF32 sqrt(VecF32 a) { return {_mm256_sqrt_ps(a.v)}; }
inline VecF32 fma(VecF32 a, VecF32 b, VecF32 c) { return {_mm256_fmadd_ps(a.v, b.v, c.v)}; }
inline VecF32 bits_and(VecF32 a, VecF32 b) { return {_mm256_and_ps(a.v, b.v)}; }
inline VecF32 bits_or(VecF32 a, VecF32 b) { return {_mm256_or_ps(a.v, b.v)}; }
inline VecF32 bits_xor(VecF32 a, VecF32 b) { return {_mm256_xor_ps(a.v, b.v)}; }
inline VecF32 neg(VecF32 a) { return bits_xor(a, broadcast<VecF32>(-0.0f)); }
inline VecF32 abs(VecF32 a) { return {_mm256_andnot_ps(_mm256_set1_ps(-0.0f), a.v)}; }
inline __m256 less(VecF32 a, VecF32 b) { return _mm256_cmp_ps(a.v, b.v, _CMP_LT_OQ); }
inline __m256 equal(VecF32 a, VecF32 b) { return _mm256_cmp_ps(a.v, b.v, _CMP_EQ_OQ); }
// select keeps bits. The empty assembly hides where the mask comes from: a compiler that sees less(b, a) would make the
// processor's maximum of it, which reads a subnormal as zero.
#if defined(__GNUC__)
#define DOWNHILL_OPAQUE(mask) __asm__("" : "+x"(mask))
#else
#define DOWNHILL_OPAQUE(mask)
#endif
inline VecF32 select(__m256 m, VecF32 a, VecF32 b) {
  DOWNHILL_OPAQUE(m);
  return {_mm256_blendv_ps(b.v, a.v, m)};
}
inline VecF32 round_even(VecF32 a) { return {_mm256_round_ps(a.v, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC)}; }

inline VecF64 add(VecF64 a, VecF64 b) { return {_mm256_add_pd(a.v, b.v)}; }
inline VecF64 sub(VecF64 a, VecF64 b) { return {_mm256_sub_pd(a.v, b.v)}; }
inline VecF64 mul(VecF64 a, VecF64 b) { return {_mm256_mul_pd(a.v, b.v)}; }
inline VecF64 div(VecF64 a, VecF64 b) { return {_mm256_div_pd(a.v, b.v)}; }
inline VecF64 sqrt(VecF64 a) { return {_mm256_sqrt_pd(a.v)}; }
inline VecF64 fma(VecF64 a, VecF64 b, VecF64 c) { return {_mm256_fmadd_pd(a.v, b.v, c.v)}; }
inline VecF64 bits_and(VecF64 a, VecF64 b) { return {_mm256_and_pd(a.v, b.v)}; }
inline VecF64 bits_or(VecF64 a, VecF64 b) { return {_mm256_or_pd(a.v, b.v)}; }
inline VecF64 bits_xor(VecF64 a, VecF64 b) { return {_mm256_xor_pd(a.v, b.v)}; }
inline VecF64 neg(VecF64 a) { return bits_xor(a, broadcast<VecF64>(-0.0)); }
inline VecF64 abs(VecF64 a) { return {_mm256_andnot_pd(_mm256_set1_pd(-0.0), a.v)}; }
inline __m256d less(VecF64 a, VecF64 b) { return _mm256_cmp_pd(a.v, b.v, _CMP_LT_OQ); }
inline __m256d equal(VecF64 a, VecF64 b) { return _mm256_cmp_pd(a.v, b.v, _CMP_EQ_OQ); }
inline VecF64 select(__m256d m, VecF64 a, VecF64 b) {
  DOWNHILL_OPAQUE(m);
  return {_mm256_blendv_pd(b.v, a.v, m)};
}
inline VecF64 round_even(VecF64 a) { return {_mm256_round_pd(a.v, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC)}; }

inline VecF64 widen_low(VecF32 a) { return {_mm256_cvtps_pd(_mm256_castps256_ps128(a.v))}; }
inline VecF64 widen_high(VecF32 a) { return {_mm256_cvtps_pd(_mm256_extractf128_ps(a.v, 1))}; }
inline VecF32 narrow(VecF64 low, VecF64 high) {
  return {_mm256_insertf128_ps(_mm256_castps128_ps256(_mm256_cvtpd_ps(low.v)), _mm256_cvtpd_ps(high.v), 1)};
}
