// Patterns of 32 bits in VecF32 lanes, and state in fewer bits; the names are listed in isa/README.md. No include guard: see vec.h.

inline VecF32 from_words(__m512i a) { return {_mm512_castsi512_ps(a)}; }
inline __m512i words_of(VecF32 a) { return _mm512_castps_si512(a.v); }
inline VecF32 load_bits(const uint32_t* p) { return from_words(_mm512_loadu_si512(p)); }
inline VecF32 add_bits(VecF32 a, VecF32 b) { return from_words(_mm512_add_epi32(words_of(a), words_of(b))); }
template <int kBits> inline VecF32 shift_bits(VecF32 a) {
  if constexpr (kBits >= 0) return from_words(_mm512_slli_epi32(words_of(a), kBits));
  else return from_words(_mm512_srli_epi32(words_of(a), -kBits));
}
inline VecF32 load_upper_halves(const uint16_t* p) {
  return from_words(_mm512_slli_epi32(_mm512_cvtepu16_epi32(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(p))), 16));
}
inline void store_upper_halves(uint16_t* p, VecF32 a) {
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), _mm512_cvtepi32_epi16(_mm512_srli_epi32(words_of(a), 16)));
}
inline VecF32 load_signed_bytes(const int8_t* p) {
  return {_mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p))))};
}
inline void store_low_bytes(int8_t* p, VecF32 a) {
  _mm_storeu_si128(reinterpret_cast<__m128i*>(p), _mm512_cvtepi32_epi8(words_of(a)));
}
// The largest lane; no lane may be NaN or negative.
inline float largest_lane(VecF32 a) { return _mm512_reduce_max_ps(a.v); }
// a > b ? a : b and a < b ? a : b of lanes that are no subnormals, which these instructions read as zero.
inline VecF32 maximum_normal(VecF32 a, VecF32 b) { return {_mm512_max_ps(a.v, b.v)}; }
inline VecF32 minimum_normal(VecF32 a, VecF32 b) { return {_mm512_min_ps(a.v, b.v)}; }
