// Patterns of 32 bits in VecF32 lanes, and state in fewer bits; the names are listed in isa/README.md. No include guard: see vec.h.

inline VecF32 load_bits(const uint32_t* p) { return {from_bits(*p)}; }
inline VecF32 add_bits(VecF32 a, VecF32 b) { return {from_bits(bits_of(a.v) + bits_of(b.v))}; }
template <int kBits> inline VecF32 shift_bits(VecF32 a) {
  if constexpr (kBits >= 0) return {from_bits(bits_of(a.v) << kBits)};
  else return {from_bits(bits_of(a.v) >> -kBits)};
}
inline VecF32 load_upper_halves(const uint16_t* p) { return {from_bits(uint32_t{*p} << 16)}; }
inline void store_upper_halves(uint16_t* p, VecF32 a) { *p = static_cast<uint16_t>(bits_of(a.v) >> 16); }
inline VecF32 load_signed_bytes(const int8_t* p) { return {static_cast<float>(*p)}; }
inline void store_low_bytes(int8_t* p, VecF32 a) { *p = static_cast<int8_t>(static_cast<uint8_t>(bits_of(a.v))); }
inline float largest_lane(VecF32 a) { return a.v; }
// a > b ? a : b and a < b ? a : b of lanes that are no subnormals: then compilers may take the processor's own.
inline VecF32 maximum_normal(VecF32 a, VecF32 b) { return {a.v > b.v ? a.v : b.v}; }
inline VecF32 minimum_normal(VecF32 a, VecF32 b) { return {a.v < b.v ? a.v : b.v}; }
