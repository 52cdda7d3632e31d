// 64-bit lanes for counter-based random bits; the names are listed in isa/README.md. No include guard: see vec.h.

struct VecU64 {
  static constexpr size_t kLanes = 1;
  uint64_t v;
};

inline VecU64 load_u64(const uint64_t* p) { return {*p}; }
inline VecU64 broadcast_u64(uint64_t x) { return {x}; }
inline VecU64 add(VecU64 a, VecU64 b) { return {a.v + b.v}; }
inline VecU64 multiply_low_halves(VecU64 a, VecU64 b) { return {(a.v & 0xffffffffu) * (b.v & 0xffffffffu)}; }
inline VecU64 high_halves(VecU64 a) { return {a.v >> 32}; }
inline VecU64 bits_xor(VecU64 a, VecU64 b) { return {a.v ^ b.v}; }
inline VecU64 bits_xor(VecU64 a, VecU64 b, VecU64 c) { return bits_xor(bits_xor(a, b), c); }
inline void store_low_halves(uint32_t* p, VecU64 a) { *p = static_cast<uint32_t>(a.v); }
