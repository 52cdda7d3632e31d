// Patterns of 32 bits in VecF32 lanes, and state in fewer bits; the names are listed in isa/README.md. No include guard: see vec.h.

inline VecF32 from_words(__m256i a) { return {_mm256_castsi256_ps(a)}; }
inline __m256i words_of(VecF32 a) { return _mm256_castps_si256(a.v); }
inline VecF32 load_bits(const uint32_t* p) { return from_words(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(p))); }
inline VecF32 add_bits(VecF32 a, VecF32 b) { return from_words(_mm256_add_epi32(words_of(a), words_of(b))); }
template <int kBits> inline VecF32 shift_bits(VecF32 a) {
  if constexpr (kBits >= 0) return from_words(_mm256_slli_epi32(words_of(a), kBits));
  else return from_words(_mm256_srli_epi32(words_of(a), -kBits));
}
inline VecF32 load_upper_halves(const uint16_t* p) {
  return from_words(_mm256_slli_epi32(_mm256_cvtepu16_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p))), 16));
}
// Words below 65,536 as 16 bits each.
inline __m128i packed_words(__m256i a) {
  return _mm256_castsi256_si128(_mm256_permute4x64_epi64(_mm256_packus_epi32(a, a), 0x08));
}
inline void store_upper_halves(uint16_t* p, VecF32 a) {
  _mm_storeu_si128(reinterpret_cast<__m128i*>(p), packed_words(_mm256_srli_epi32(words_of(a), 16)));
}
inline VecF32 load_signed_bytes(const int8_t* p) {
  return {_mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(p))))};
}
inline void store_low_bytes(int8_t* p, VecF32 a) {
  const __m128i halves = packed_words(_mm256_and_si256(words_of(a), _mm256_set1_epi32(0xff)));
  _mm_storel_epi64(reinterpret_cast<__m128i*>(p), _mm_packus_epi16(halves, halves));
}
// The largest lane; no lane may be NaN or negative.
inline float largest_lane(VecF32 a) {
  __m128 x = _mm_max_ps(_mm256_castps256_ps128(a.v), _mm256_extractf128_ps(a.v, 1));
  x = _mm_max_ps(x, _mm_movehl_ps(x, x));
  return _mm_cvtss_f32(_mm_max_ss(x, _mm_movehdup_ps(x)));
}
// a > b ? a : b and a < b ? a : b of lanes that are no subnormals, which these instructions read as zero.
inline VecF32 maximum_normal(VecF32 a, VecF32 b) { return {_mm256_max_ps(a.v, b.v)}; }
inline VecF32 minimum_normal(VecF32 a, VecF32 b) { return {_mm256_min_ps(a.v, b.v)}; }
