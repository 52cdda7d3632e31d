// One lane, in plain C++; the names are listed in isa/README.md. No include guard: included once, inside the region. All are noexcept:
// at -O0, where they are calls, kernels would get code for unwinding, which stands in a symbol that all ISAs share.

struct VecF32 {
  using Scalar = float;
  using Mask = bool;
  static constexpr size_t kLanes = 1;
  float v;
};

struct VecF64 {
  using Scalar = double;
  using Mask = bool;
  static constexpr size_t kLanes = 1;
  double v;
};

template <class V> inline V load(const typename V::Scalar* p) noexcept { return {*p}; }
template <class V> inline V load_n(const typename V::Scalar* p, size_t n) noexcept { return {n ? *p : 0}; }
template <class V> inline V broadcast(typename V::Scalar x) noexcept { return {x}; }
inline void store(float* p, VecF32 a) noexcept { *p = a.v; }
inline void store(double* p, VecF64 a) noexcept { *p = a.v; }
inline void store_n(float* p, VecF32 a, size_t n) noexcept { if (n) *p = a.v; }
inline void store_n(double* p, VecF64 a, size_t n) noexcept { if (n) *p = a.v; }

inline uint32_t bits_of(float x) noexcept { uint32_t u; __builtin_memcpy(&u, &x, 4); return u; }
inline uint64_t bits_of(double x) noexcept { uint64_t u; __builtin_memcpy(&u, &x, 8); return u; }
inline float from_bits(uint32_t u) noexcept { float x; __builtin_memcpy(&x, &u, 4); return x; }
inline double from_bits(uint64_t u) noexcept { double x; __builtin_memcpy(&x, &u, 8); return x; }

// The double sum to round where it lies on a float32 midpoint. Apart, because it is rare and fused() is in hundreds of places.
#if defined(__GNUC__)
__attribute__((noinline, cold))
#endif
inline double off_midpoint(double product, double addend, double sum) noexcept {
  const double part = sum - product;
  const double error = (product - (sum - part)) + (addend - part);
  if (error == 0.0) return sum;
  const bool away_from_zero = (error > 0.0) == (sum > 0.0);
  return from_bits(away_from_zero ? bits_of(sum) + 1 : bits_of(sum) - 1);
}

// a·b + c with one rounding where the base target has no fused multiply-add. The product of two float32 is exact in
// double; the sum is inexact only below its last bit, which matters for the rounding to float32 only where the double
// sum lies exactly on a float32 midpoint: TwoSum's error then says to which side it belongs.
inline float fused(float a, float b, float c) noexcept {
#if defined(__FMA__) || defined(__aarch64__)
  return __builtin_fmaf(a, b, c);
#else
  const double product = static_cast<double>(a) * static_cast<double>(b);
  const double addend = c;
  double sum = product + addend;
  if ((bits_of(sum) & 0x1fffffffu) == 0x10000000u) sum = off_midpoint(product, addend, sum);
  return static_cast<float>(sum);
#endif
}

inline double fused(double a, double b, double c) noexcept { return __builtin_fma(a, b, c); }

inline VecF32 add(VecF32 a, VecF32 b) noexcept { return {a.v + b.v}; }
inline VecF32 sub(VecF32 a, VecF32 b) noexcept { return {a.v - b.v}; }
inline VecF32 mul(VecF32 a, VecF32 b) noexcept { return {a.v * b.v}; }
inline VecF32 div(VecF32 a, VecF32 b) noexcept { return {a.v / b.v}; }
inline VecF32 sqrt(VecF32 a) noexcept { return {__builtin_sqrtf(a.v)}; }
inline VecF32 fma(VecF32 a, VecF32 b, VecF32 c) noexcept { return {fused(a.v, b.v, c.v)}; }
inline VecF32 bits_and(VecF32 a, VecF32 b) noexcept { return {from_bits(bits_of(a.v) & bits_of(b.v))}; }
inline VecF32 bits_or(VecF32 a, VecF32 b) noexcept { return {from_bits(bits_of(a.v) | bits_of(b.v))}; }
inline VecF32 bits_xor(VecF32 a, VecF32 b) noexcept { return {from_bits(bits_of(a.v) ^ bits_of(b.v))}; }
inline VecF32 neg(VecF32 a) noexcept { return {-a.v}; }
inline VecF32 abs(VecF32 a) noexcept { return {__builtin_fabsf(a.v)}; }
inline bool less(VecF32 a, VecF32 b) noexcept { return a.v < b.v; }
inline bool equal(VecF32 a, VecF32 b) noexcept { return a.v == b.v; }
// Through the bits, with a condition the compiler cannot look through: it would make a processor's maximum of
// a > b ? a : b, and that instruction reads a subnormal as zero where select keeps its bits.
template <class Word> inline Word all_ones_where(bool m) noexcept {
  Word mask = Word(0) - static_cast<Word>(m);
#if defined(__GNUC__)
  __asm__("" : "+r"(mask));
#endif
  return mask;
}
inline VecF32 select(bool m, VecF32 a, VecF32 b) noexcept {
  const uint32_t mask = all_ones_where<uint32_t>(m);
  return {from_bits((bits_of(a.v) & mask) | (bits_of(b.v) & ~mask))};
}
// Adding and subtracting 1.5·2²³ rounds to an integer in the current (nearest, even) mode; larger values are integers.
inline VecF32 round_even(VecF32 a) noexcept {
  const float big = 8388608.0f;
  if (!(__builtin_fabsf(a.v) < big)) return a;
  const float r = (__builtin_fabsf(a.v) + big) - big;
  return {__builtin_copysignf(r, a.v)};
}

inline VecF64 add(VecF64 a, VecF64 b) noexcept { return {a.v + b.v}; }
inline VecF64 sub(VecF64 a, VecF64 b) noexcept { return {a.v - b.v}; }
inline VecF64 mul(VecF64 a, VecF64 b) noexcept { return {a.v * b.v}; }
inline VecF64 div(VecF64 a, VecF64 b) noexcept { return {a.v / b.v}; }
inline VecF64 sqrt(VecF64 a) noexcept { return {__builtin_sqrt(a.v)}; }
inline VecF64 fma(VecF64 a, VecF64 b, VecF64 c) noexcept { return {fused(a.v, b.v, c.v)}; }
inline VecF64 bits_and(VecF64 a, VecF64 b) noexcept { return {from_bits(bits_of(a.v) & bits_of(b.v))}; }
inline VecF64 bits_or(VecF64 a, VecF64 b) noexcept { return {from_bits(bits_of(a.v) | bits_of(b.v))}; }
inline VecF64 bits_xor(VecF64 a, VecF64 b) noexcept { return {from_bits(bits_of(a.v) ^ bits_of(b.v))}; }
inline VecF64 neg(VecF64 a) noexcept { return {-a.v}; }
inline VecF64 abs(VecF64 a) noexcept { return {__builtin_fabs(a.v)}; }
inline bool less(VecF64 a, VecF64 b) noexcept { return a.v < b.v; }
inline bool equal(VecF64 a, VecF64 b) noexcept { return a.v == b.v; }
inline VecF64 select(bool m, VecF64 a, VecF64 b) noexcept {
  const uint64_t mask = all_ones_where<uint64_t>(m);
  return {from_bits((bits_of(a.v) & mask) | (bits_of(b.v) & ~mask))};
}
inline VecF64 round_even(VecF64 a) noexcept {
  const double big = 4503599627370496.0;
  if (!(__builtin_fabs(a.v) < big)) return a;
  const double r = (__builtin_fabs(a.v) + big) - big;
  return {__builtin_copysign(r, a.v)};
}

inline VecF64 widen_low(VecF32 a) noexcept { return {static_cast<double>(a.v)}; }
inline VecF32 narrow(VecF64 low, VecF64) noexcept { return {static_cast<float>(low.v)}; }
