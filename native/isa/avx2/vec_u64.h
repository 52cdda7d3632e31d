// 64-bit lanes for counter-based random bits; the names are listed in isa/README.md. No include guard: see vec.h.

struct VecU64 {
  static constexpr size_t kLanes = 4;
  __m256i v;
};

inline VecU64 load_u64(const uint64_t* p) { return {_mm256_loadu_si256(reinterpret_cast<const __m256i*>(p))}; }
inline VecU64 broadcast_u64(uint64_t x) { return {_mm256_set1_epi64x(static_cast<long long>(x))}; }
inline VecU64 add(VecU64 a, VecU64 b) { return {_mm256_add_epi64(a.v, b.v)}; }
inline VecU64 multiply_low_halves(VecU64 a, VecU64 b) { return {_mm256_mul_epu32(a.v, b.v)}; }
inline VecU64 high_halves(VecU64 a) { return {_mm256_srli_epi64(a.v, 32)}; }
inline VecU64 bits_xor(VecU64 a, VecU64 b) { return {_mm256_xor_si256(a.v, b.v)}; }
inline VecU64 bits_xor(VecU64 a, VecU64 b, VecU64 c) { return bits_xor(bits_xor(a, b), c); }
inline void store_low_halves(uint32_t* p, VecU64 a) {
  const __m256i packed = _mm256_permutevar8x32_epi32(a.v, _mm256_setr_epi32(0, 2, 4, 6, 0, 2, 4, 6));
  _mm_storeu_si128(reinterpret_cast<__m128i*>(p), _mm256_castsi256_si128(packed));
}
