// Adam with moments in bfloat16, or in 8 bits with a scale per block of 256. Every block is widened into buffers that stay
// in the first cache, updated there, and rounded back; so memory sees 20 or 16 bytes per parameter instead of 28.
// Conversions are plain loops over integers and floats that compilers vectorise; they contain no reductions over floats
// but a maximum, so their bits are those of src/optim/rules/low-state.ts. No include guard: see sweep.h.

inline uint32_t word_of(float x) {
  uint32_t u;
  __builtin_memcpy(&u, &x, 4);
  return u;
}
inline float float_of(uint32_t u) {
  float x;
  __builtin_memcpy(&x, &u, 4);
  return x;
}

// Elements whose random bits are the lower halves of the words; those of the others are the upper halves.
constexpr size_t kHalf = kStateBlock / 2;

struct BlockBuffers {
  alignas(64) float m[kStateBlock];
  alignas(64) float v[kStateBlock];
  float m_most, v_most;  // the largest magnitudes; NaN is passed over
  alignas(64) uint32_t random[kHalf];
};

// The 8 random bits of element `half`·128 + i: of m from shift 0, of v from shift 8 of the element's half word.
inline uint32_t random_byte(const uint32_t* random, size_t i, int shift) { return random[i] >> shift & 0xffu; }

inline void widen_bf16(float* to, const uint16_t* from) {
  for (size_t i = 0; i < kStateBlock; ++i) to[i] = float_of(uint32_t{from[i]} << 16);
}

// Half to even, or up with the probability of the part that is cut off, to 1/256 and from the middle of each such step.
template <Rounding kRounding> inline void narrow_bf16(uint16_t* to, const float* from, const uint32_t* random, int shift) {
  for (size_t i = 0; i < kHalf; ++i) {
    const uint32_t u = word_of(from[i]);
    const uint32_t added = kRounding == kStochastic ? (random_byte(random, i, shift) << 8 | 0x80u) : 0x7fffu + (u >> 16 & 1u);
    const uint32_t rounded = (u + added) >> 16;
    to[i] = static_cast<uint16_t>((u & 0x7fffffffu) > 0x7f800000u ? 0x7fc0u : rounded);
  }
}

// The largest lane.
inline float largest(VecF32 x) {
  float lanes[VecF32::kLanes];
  store(lanes, x);
  for (size_t distance = VecF32::kLanes / 2; distance > 0; distance /= 2) {
    for (size_t l = 0; l < distance; ++l) lanes[l] = lanes[l + distance] > lanes[l] ? lanes[l + distance] : lanes[l];
  }
  return lanes[0];
}

// x[i]·inverse, moved by up to half a step where rounding is stochastic, clamped (NaN to `low`), rounded half to even.
template <Rounding kRounding>
inline void quantise(int8_t* to, const float* x, float inverse, float low, float high, uint32_t offset, const uint32_t* random,
                     int shift) {
  alignas(64) float moves[kHalf], rounded[kHalf];
  if constexpr (kRounding == kStochastic) {
    // (byte + 1/2) / 256 - 1/2, exact
    for (size_t i = 0; i < kHalf; ++i) {
      moves[i] = (static_cast<float>(static_cast<int32_t>(random_byte(random, i, shift))) - 127.5f) * (1.0f / 256.0f);
    }
  }
  const VecF32 scale = broadcast<VecF32>(inverse), least = broadcast<VecF32>(low), most = broadcast<VecF32>(high);
  const VecF32 magic = broadcast<VecF32>(12582912.0f);  // 1.5·2²³: adding it leaves the nearest integer in the low bits
  for (size_t i = 0; i < kHalf; i += VecF32::kLanes) {
    VecF32 y = mul(load<VecF32>(x + i), scale);
    if constexpr (kRounding == kStochastic) y = add(y, load<VecF32>(moves + i));
    y = minimum(maximum(y, least), most);
    store(rounded + i, add(y, magic));
  }
  for (size_t i = 0; i < kHalf; ++i) to[i] = static_cast<int8_t>(static_cast<uint8_t>(word_of(rounded[i]) - offset));
}

inline void dequantise(float* to, const int8_t* from, float scale, int offset) {
  for (size_t i = 0; i < kStateBlock; ++i) to[i] = static_cast<float>(from[i] + offset) * scale;
}

// Adam over m and the root of v, which 8-bit state keeps: its range is the square root of v's.
template <class V> struct AdamRoot {
  using Vector = V;
  V beta1, gain1, beta2, gain2, rate, root, epsilon;
  explicit AdamRoot(const typename V::Scalar* c)
      : beta1(broadcast<V>(c[0])), gain1(broadcast<V>(c[1])), beta2(broadcast<V>(c[2])), gain2(broadcast<V>(c[3])),
        rate(broadcast<V>(c[4])), root(broadcast<V>(c[5])), epsilon(broadcast<V>(c[6])) {}
  void operator()(V& p, V g, V* s) const {
    s[0] = add(mul(beta1, s[0]), mul(gain1, g));
    s[1] = sqrt(add(mul(beta2, mul(s[1], s[1])), mul(mul(gain2, g), g)));
    p = sub(p, div(mul(rate, s[0]), add(mul(root, s[1]), epsilon)));
  }
};

template <class Rule, class P>
inline void update_block(const Rule& rule, const P& prelude, VecF32 keep, float* p, const float* g, BlockBuffers& state) {
  VecF32 m_most = broadcast<VecF32>(0), v_most = m_most;
  for (size_t i = 0; i < kStateBlock; i += VecF32::kLanes) {
    VecF32 s[2] = {load<VecF32>(state.m + i), load<VecF32>(state.v + i)};
    VecF32 x = load<VecF32>(p + i);
    const VecF32 gradient = prelude(load<VecF32>(g + i), x);
    x = mul(x, keep);
    rule(x, gradient, s);
    store(state.m + i, s[0]);
    store(state.v + i, s[1]);
    store(p + i, x);
    m_most = maximum(abs(s[0]), m_most);
    v_most = maximum(s[1], v_most);
  }
  state.m_most = largest(m_most);
  state.v_most = largest(v_most);
}

struct Bf16State {
  using Element = uint16_t;
  template <class V> using Rule = Adam<V>;
  static constexpr bool kScaled = false;
  static constexpr Element kEmptyV = 0;
  static inline void widen(BlockBuffers& to, const Element* m, const Element* v, const float*, const float*) {
    widen_bf16(to.m, m);
    widen_bf16(to.v, v);
  }
  template <Rounding kRounding>
  static inline void narrow(Element* m, Element* v, float*, float*, const BlockBuffers& from) {
    for (int half = 0; half < 2; ++half) {
      const size_t at = static_cast<size_t>(half) * kHalf;
      narrow_bf16<kRounding>(m + at, from.m + at, from.random, 16 * half);
      narrow_bf16<kRounding>(v + at, from.v + at, from.random, 16 * half + 8);
    }
  }
};

struct Int8State {
  using Element = int8_t;
  template <class V> using Rule = AdamRoot<V>;
  static constexpr bool kScaled = true;
  static constexpr Element kEmptyV = -128;
  static inline void widen(BlockBuffers& to, const Element* m, const Element* v, const float* m_scale, const float* v_scale) {
    dequantise(to.m, m, *m_scale, 0);
    dequantise(to.v, v, *v_scale, 128);
  }
  template <Rounding kRounding>
  static inline void narrow(Element* m, Element* v, float* m_scale, float* v_scale, const BlockBuffers& from) {
    *m_scale = from.m_most / 127.0f;
    *v_scale = from.v_most / 255.0f;
    const float m_inverse = from.m_most > 0 ? 127.0f / from.m_most : 0, v_inverse = from.v_most > 0 ? 255.0f / from.v_most : 0;
    for (int half = 0; half < 2; ++half) {
      const size_t at = static_cast<size_t>(half) * kHalf;
      quantise<kRounding>(m + at, from.m + at, m_inverse, -127, 127, 0, from.random, 16 * half);
      // Never down to zero: a parameter with a mean gradient must not be divided by epsilon alone.
      quantise<kRounding>(v + at, from.v + at, v_inverse, 1, 255, 128, from.random, 16 * half + 8);
    }
  }
};

template <class State, Rounding kRounding, class P> void adam_low_state(const StateSlice& slice, const void* coefficients) {
  using Element = typename State::Element;
  const float* c = static_cast<const float*>(coefficients);
  const P prelude(c);
  const VecF32 keep = broadcast<VecF32>(c[kKeep]);
  const typename State::template Rule<VecF32> rule(c + kCommonCoefficients);
  Element* m = static_cast<Element*>(slice.slots[0]);
  Element* v = static_cast<Element*>(slice.slots[1]);
  float* m_scale = static_cast<float*>(slice.slots[2]);
  float* v_scale = static_cast<float*>(slice.slots[3]);
  BlockBuffers state;
  float* p = slice.p;
  const float* g = slice.g;
  for (size_t start = 0, b = slice.first_block; start < slice.count; start += kStateBlock, ++b) {
    if constexpr (kRounding == kStochastic) {
      philox_block(state.random, static_cast<uint32_t>(b * kDraws), slice.step, slice.stream, slice.seed);
    }
    const size_t rest = slice.count - start;
    if (rest >= kStateBlock) {
      State::widen(state, m, v, m_scale, v_scale);
      update_block(rule, prelude, keep, p, g, state);
      State::template narrow<kRounding>(m, v, m_scale, v_scale, state);
    } else {
      alignas(64) float p_part[kStateBlock] = {}, g_part[kStateBlock] = {};
      alignas(64) Element m_part[kStateBlock] = {}, v_part[kStateBlock];
      for (size_t i = 0; i < kStateBlock; ++i) v_part[i] = State::kEmptyV;
      __builtin_memcpy(p_part, p, rest * sizeof(float));
      __builtin_memcpy(g_part, g, rest * sizeof(float));
      __builtin_memcpy(m_part, m, rest * sizeof(Element));
      __builtin_memcpy(v_part, v, rest * sizeof(Element));
      State::widen(state, m_part, v_part, m_scale, v_scale);
      update_block(rule, prelude, keep, p_part, g_part, state);
      State::template narrow<kRounding>(m_part, v_part, m_scale, v_scale, state);
      __builtin_memcpy(p, p_part, rest * sizeof(float));
      __builtin_memcpy(m, m_part, rest * sizeof(Element));
      __builtin_memcpy(v, v_part, rest * sizeof(Element));
    }
    p += kStateBlock;
    g += kStateBlock;
    m += kStateBlock;
    v += kStateBlock;
    if constexpr (State::kScaled) {
      ++m_scale;
      ++v_scale;
    }
  }
}
