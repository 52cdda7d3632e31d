// Every primitive of isa/*/vec.h as a function over arrays, one table per ISA, so that ISAs can be compared.
#pragma once

#include <cstddef>
#include <cstdint>

namespace downhill::test {

enum Primitive { kAdd, kSub, kMul, kDiv, kSqrt, kFma, kNeg, kAbs, kAnd, kOr, kXor, kRound, kSelectLess, kSelectEqual, kMax, kMin,
                 kPrimitives };

// Primitives of isa/*/few_bits.h; the first ones take and give patterns of 32 bits.
enum FewBits { kAddBits, kShiftLeft, kShiftRight, kMaximumNormal, kMinimumNormal, kUpperHalves, kSignedBytes, kFewBits };

struct FewBitsProbe {
  // out[i] = primitive(a[i], b[i]), count a multiple of 16. kUpperHalves and kSignedBytes read the elements of the first
  // array of half words, or of bytes, that lies at a.
  void (*apply)(FewBits primitive, const uint32_t* a, const uint32_t* b, uint32_t* out, size_t count);
  void (*store_upper_halves)(uint16_t* out, const uint32_t* in, size_t count);
  void (*store_low_bytes)(int8_t* out, const uint32_t* in, size_t count);
  // out[i] = the largest of the i-th 16 elements.
  void (*largest)(const float* in, float* out, size_t count);
};

template <class T>
struct Probe {
  // out[i] = primitive(a[i], b[i], c[i]) for i < count: whole registers, then one partial load and store.
  void (*apply)(Primitive primitive, const T* a, const T* b, const T* c, T* out, size_t count);
  // store(out, load_n(p, n)): n elements of p and zeros, a whole register of `lanes`.
  void (*load_n)(const T* p, size_t n, T* out);
  // store_n(p, broadcast(x), n).
  void (*store_n)(T* p, T x, size_t n);
  size_t lanes;
};

struct VecProbe {
  const char* isa;
  Probe<float> f32;
  Probe<double> f64;
  // out[i] = double(in[i]) and out[i] = float(in[i]), count a multiple of the float32 lanes.
  void (*widen)(const float* in, double* out, size_t count);
  void (*narrow)(const double* in, float* out, size_t count);
  FewBitsProbe few_bits;
};

}  // namespace downhill::test
