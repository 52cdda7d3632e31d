// 64-bit lanes for counter-based random bits; the names are listed in isa/README.md. No include guard: see vec.h.

struct VecU64 {
  static constexpr size_t kLanes = 2;
  uint64x2_t v;
};

inline VecU64 load_u64(const uint64_t* p) { return {vld1q_u64(p)}; }
inline VecU64 broadcast_u64(uint64_t x) { return {vdupq_n_u64(x)}; }
inline VecU64 add(VecU64 a, VecU64 b) { return {vaddq_u64(a.v, b.v)}; }
inline VecU64 multiply_low_halves(VecU64 a, VecU64 b) { return {vmull_u32(vmovn_u64(a.v), vmovn_u64(b.v))}; }
inline VecU64 high_halves(VecU64 a) { return {vshrq_n_u64(a.v, 32)}; }
inline VecU64 bits_xor(VecU64 a, VecU64 b) { return {veorq_u64(a.v, b.v)}; }
inline VecU64 bits_xor(VecU64 a, VecU64 b, VecU64 c) { return bits_xor(bits_xor(a, b), c); }
inline void store_low_halves(uint32_t* p, VecU64 a) { vst1_u32(p, vmovn_u64(a.v)); }
