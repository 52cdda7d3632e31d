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

inline VecF32 apply_few(FewBits primitive, const uint32_t* a, const uint32_t* b, size_t i) {
  const VecF32 x = load_bits(a + i), y = load_bits(b + i);
  switch (primitive) {
    case kAddBits: return add_bits(x, y);
    case kShiftLeft: return shift_bits<7>(x);
    case kShiftRight: return shift_bits<-9>(x);
    case kMaximumNormal: return maximum_normal(x, y);
    case kMinimumNormal: return minimum_normal(x, y);
    case kUpperHalves: return load_upper_halves(reinterpret_cast<const uint16_t*>(a) + i);
    case kSignedBytes: return load_signed_bytes(reinterpret_cast<const int8_t*>(a) + i);
    default: return x;
  }
}

void apply_few_bits(FewBits primitive, const uint32_t* a, const uint32_t* b, uint32_t* out, size_t count) {
  for (size_t i = 0; i < count; i += VecF32::kLanes) {
    float lanes[VecF32::kLanes];
    store(lanes, apply_few(primitive, a, b, i));
    __builtin_memcpy(out + i, lanes, sizeof lanes);
  }
}
void probe_upper_halves(uint16_t* out, const uint32_t* in, size_t count) {
  for (size_t i = 0; i < count; i += VecF32::kLanes) store_upper_halves(out + i, load_bits(in + i));
}
void probe_low_bytes(int8_t* out, const uint32_t* in, size_t count) {
  for (size_t i = 0; i < count; i += VecF32::kLanes) store_low_bytes(out + i, load_bits(in + i));
}
void probe_largest(const float* in, float* out, size_t count) {
  for (size_t i = 0; i < count; ++i) {
    VecF32 most = load<VecF32>(in + 16 * i);
    for (size_t j = VecF32::kLanes; j < 16; j += VecF32::kLanes) most = maximum_normal(load<VecF32>(in + 16 * i + j), most);
    out[i] = largest_lane(most);
  }
}
constexpr FewBitsProbe kFewBitsProbe = {apply_few_bits, probe_upper_halves, probe_low_bytes, probe_largest};
