// Every primitive of isa/*/vec.h as a function over arrays, one table per ISA, so that ISAs can be compared.
#pragma once

#include <cstddef>
#include <cstdint>

namespace downhill::test {

enum Primitive { kAdd, kSub, kMul, kDiv, kSqrt, kFma, kNeg, kAbs, kAnd, kOr, kXor, kRound, kSelectLess, kSelectEqual, kMax, kMin,
                 kPrimitives };

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
};

}  // namespace downhill::test
