// Patterns of 32 bits in VecF32 lanes, and state in fewer bits; the names are listed in isa/README.md. No include guard: see vec.h.

inline VecF32 from_words(uint32x4_t a) { return {vreinterpretq_f32_u32(a)}; }
inline uint32x4_t words_of(VecF32 a) { return vreinterpretq_u32_f32(a.v); }
inline VecF32 load_bits(const uint32_t* p) { return from_words(vld1q_u32(p)); }
inline VecF32 add_bits(VecF32 a, VecF32 b) { return from_words(vaddq_u32(words_of(a), words_of(b))); }
template <int kBits> inline VecF32 shift_bits(VecF32 a) {
  if constexpr (kBits >= 0) return from_words(vshlq_n_u32(words_of(a), kBits));
  else return from_words(vshrq_n_u32(words_of(a), -kBits));
}
inline VecF32 load_upper_halves(const uint16_t* p) { return from_words(vshlq_n_u32(vmovl_u16(vld1_u16(p)), 16)); }
inline void store_upper_halves(uint16_t* p, VecF32 a) { vst1_u16(p, vshrn_n_u32(words_of(a), 16)); }
inline VecF32 load_signed_bytes(const int8_t* p) {
  uint32_t four;
  __builtin_memcpy(&four, p, 4);
  const int16x8_t halves = vmovl_s8(vreinterpret_s8_u32(vdup_n_u32(four)));
  return {vcvtq_f32_s32(vmovl_s16(vget_low_s16(halves)))};
}
inline void store_low_bytes(int8_t* p, VecF32 a) {
  const uint16x4_t halves = vmovn_u32(words_of(a));
  const uint32_t four = vget_lane_u32(vreinterpret_u32_u8(vmovn_u16(vcombine_u16(halves, halves))), 0);
  __builtin_memcpy(p, &four, 4);
}
// The largest lane; no lane may be NaN or negative.
inline float largest_lane(VecF32 a) { return vmaxvq_f32(a.v); }
// a > b ? a : b and a < b ? a : b of lanes that are no subnormals. Not vmaxq: it gives NaN where one is.
inline VecF32 maximum_normal(VecF32 a, VecF32 b) { return select(less(b, a), a, b); }
inline VecF32 minimum_normal(VecF32 a, VecF32 b) { return select(less(a, b), a, b); }
