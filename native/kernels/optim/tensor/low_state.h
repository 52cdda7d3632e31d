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

struct BlockBuffers {
  alignas(64) float m[kStateBlock];
  alignas(64) float v[kStateBlock];
  alignas(64) uint32_t random[kStateBlock];
};

inline void widen_bf16(float* to, const uint16_t* from) {
  for (size_t i = 0; i < kStateBlock; ++i) to[i] = float_of(uint32_t{from[i]} << 16);
}

// Half to even, or up with the probability of the part that is cut off: 16 of the random bits, from bit `shift`.
template <Rounding kRounding> inline void narrow_bf16(uint16_t* to, const float* from, const uint32_t* random, int shift) {
  for (size_t i = 0; i < kStateBlock; ++i) {
    const uint32_t u = word_of(from[i]);
    const uint32_t added = kRounding == kStochastic ? (random[i] >> shift & 0xffffu) : 0x7fffu + (u >> 16 & 1u);
    const uint32_t rounded = (u + added) >> 16;
    to[i] = static_cast<uint16_t>((u & 0x7fffffffu) > 0x7f800000u ? 0x7fc0u : rounded);
  }
}

// The largest of non-negative values; NaN is passed over.
inline float block_maximum(const float* x) {
  float lanes[32];
  for (size_t l = 0; l < 32; ++l) lanes[l] = 0;
  for (size_t i = 0; i < kStateBlock; i += 32) {
    for (size_t l = 0; l < 32; ++l) lanes[l] = x[i + l] > lanes[l] ? x[i + l] : lanes[l];
  }
  float most = 0;
  for (size_t l = 0; l < 32; ++l) most = lanes[l] > most ? lanes[l] : most;
  return most;
}

// x[i]·inverse, moved by up to half a step where rounding is stochastic, clamped (NaN to `low`), rounded half to even.
template <Rounding kRounding>
inline void quantise(int8_t* to, const float* x, float inverse, float low, float high, int offset, const uint32_t* random,
                     int shift) {
  constexpr float kMagic = 12582912.0f;  // 1.5·2²³: adding it leaves the nearest integer in the low bits
  for (size_t i = 0; i < kStateBlock; ++i) {
    float y = x[i] * inverse;
    if constexpr (kRounding == kStochastic) {
      y = y + (static_cast<float>(static_cast<int32_t>(random[i] >> shift & 0xffffu)) * (1.0f / 65536.0f) - 0.5f);
    }
    y = y > low ? y : low;
    y = y < high ? y : high;
    to[i] = static_cast<int8_t>(static_cast<int32_t>(word_of(y + kMagic) & 0x7fffffu) - 0x400000 - offset);
  }
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
  for (size_t i = 0; i < kStateBlock; i += VecF32::kLanes) {
    VecF32 s[2] = {load<VecF32>(state.m + i), load<VecF32>(state.v + i)};
    VecF32 x = load<VecF32>(p + i);
    const VecF32 gradient = prelude(load<VecF32>(g + i), x);
    x = mul(x, keep);
    rule(x, gradient, s);
    store(state.m + i, s[0]);
    store(state.v + i, s[1]);
    store(p + i, x);
  }
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
    narrow_bf16<kRounding>(m, from.m, from.random, 0);
    narrow_bf16<kRounding>(v, from.v, from.random, 16);
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
    alignas(64) float magnitudes[kStateBlock];
    for (size_t i = 0; i < kStateBlock; ++i) magnitudes[i] = float_of(word_of(from.m[i]) & 0x7fffffffu);
    const float m_most = block_maximum(magnitudes), v_most = block_maximum(from.v);
    *m_scale = m_most / 127.0f;
    *v_scale = v_most / 255.0f;
    quantise<kRounding>(m, from.m, m_most > 0 ? 127.0f / m_most : 0, -127, 127, 0, from.random, 0);
    // Never down to zero: a parameter with a mean gradient must not be divided by epsilon alone.
    quantise<kRounding>(v, from.v, v_most > 0 ? 255.0f / v_most : 0, 1, 255, 128, from.random, 16);
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
      philox_block(state.random, static_cast<uint32_t>(b * (kStateBlock / 4)), slice.step, slice.stream, slice.seed);
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
