// The probe over one ISA's vec.h. No include guard: included inside the ISA's region, like a kernel.

template <class V> inline V apply_one(Primitive primitive, V a, V b, V c) {
  switch (primitive) {
    case kAdd: return add(a, b);
    case kSub: return sub(a, b);
    case kMul: return mul(a, b);
    case kDiv: return div(a, b);
    case kSqrt: return sqrt(a);
    case kFma: return fma(a, b, c);
    case kNeg: return neg(a);
    case kAbs: return abs(a);
    case kAnd: return bits_and(a, b);
    case kOr: return bits_or(a, b);
    case kXor: return bits_xor(a, b);
    case kRound: return round_even(a);
    case kSelectLess: return select(less(a, b), a, c);
    case kSelectEqual: return select(equal(a, b), c, a);
    case kMax: return maximum(a, b);
    case kMin: return minimum(a, b);
    default: return a;
  }
}

template <class V> void apply(Primitive primitive, const typename V::Scalar* a, const typename V::Scalar* b,
                              const typename V::Scalar* c, typename V::Scalar* out, size_t count) {
  size_t i = 0;
  for (; i + V::kLanes <= count; i += V::kLanes) {
    store(out + i, apply_one(primitive, load<V>(a + i), load<V>(b + i), load<V>(c + i)));
  }
  const size_t rest = count - i;
  if (rest > 0) {
    store_n(out + i, apply_one(primitive, load_n<V>(a + i, rest), load_n<V>(b + i, rest), load_n<V>(c + i, rest)), rest);
  }
}

template <class V> void probe_load_n(const typename V::Scalar* p, size_t n, typename V::Scalar* out) { store(out, load_n<V>(p, n)); }
template <class V> void probe_store_n(typename V::Scalar* p, typename V::Scalar x, size_t n) { store_n(p, broadcast<V>(x), n); }

#if DOWNHILL_SCALAR_PROBE
void widen(const float* in, double* out, size_t count) {
  for (size_t i = 0; i < count; ++i) store(out + i, widen_low(load<VecF32>(in + i)));
}
void narrow_all(const double* in, float* out, size_t count) {
  for (size_t i = 0; i < count; ++i) store(out + i, narrow(load<VecF64>(in + i), load<VecF64>(in + i)));
}
#else
void widen(const float* in, double* out, size_t count) {
  for (size_t i = 0; i < count; i += VecF32::kLanes) {
    const VecF32 v = load<VecF32>(in + i);
    store(out + i, widen_low(v));
    store(out + i + VecF64::kLanes, widen_high(v));
  }
}
void narrow_all(const double* in, float* out, size_t count) {
  for (size_t i = 0; i < count; i += VecF32::kLanes) {
    store(out + i, narrow(load<VecF64>(in + i), load<VecF64>(in + i + VecF64::kLanes)));
  }
}
#endif

template <class V> constexpr Probe<typename V::Scalar> probe() {
  return {apply<V>, probe_load_n<V>, probe_store_n<V>, V::kLanes};
}
