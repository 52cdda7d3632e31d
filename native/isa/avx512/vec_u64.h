// 64-bit lanes for counter-based random bits; the names are listed in isa/README.md. No include guard: see vec.h.

struct VecU64 {
  static constexpr size_t kLanes = 8;
  __m512i v;
};

inline VecU64 load_u64(const uint64_t* p) { return {_mm512_loadu_si512(p)}; }
inline VecU64 broadcast_u64(uint64_t x) { return {_mm512_set1_epi64(static_cast<long long>(x))}; }
inline VecU64 add(VecU64 a, VecU64 b) { return {_mm512_add_epi64(a.v, b.v)}; }
inline VecU64 multiply_low_halves(VecU64 a, VecU64 b) { return {_mm512_mul_epu32(a.v, b.v)}; }
inline VecU64 high_halves(VecU64 a) { return {_mm512_srli_epi64(a.v, 32)}; }
inline VecU64 bits_xor(VecU64 a, VecU64 b) { return {_mm512_xor_si512(a.v, b.v)}; }
inline VecU64 bits_xor(VecU64 a, VecU64 b, VecU64 c) { return {_mm512_ternarylogic_epi64(a.v, b.v, c.v, 0x96)}; }
inline void store_low_halves(uint32_t* p, VecU64 a) {
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), _mm512_cvtepi64_epi32(a.v));
}
