// Adam with moments in bfloat16, or in 8 bits with a scale per block of 256; memory sees 20 or 16 bytes per parameter instead
// of 28. bfloat16 is one pass; 8 bits take two over a block, whose widened moments stay in the first cache between them.
// Twin of src/optim/rules/low-state.ts. No include guard: see sweep.h.

inline VecF32 pattern(uint32_t word) {
  float x;
  __builtin_memcpy(&x, &word, 4);
  return broadcast<VecF32>(x);
}

// Random bits of a block: elements of its first half have the lower halves of the words, those of the second half the upper
// halves; m has the lower byte of a half word, v the upper one.
constexpr size_t kHalf = kStateBlock / 2;

// The byte of m (kWhich 0) or v (1) of the lanes, moved to bit kTo; other bits are noise.
template <size_t kPart, size_t kWhich, int kTo> inline VecF32 random_byte(VecF32 words) {
  return shift_bits<kTo - static_cast<int>(16 * kPart + 8 * kWhich)>(words);
}

// The upper 16 bits: half to even, or up with the probability of the part that is cut off, to 1/256 and from the middle of
// each such step. NaN stays.
template <Rounding kRounding, size_t kPart, size_t kWhich> inline void store_bf16(uint16_t* to, VecF32 x, VecF32 words) {
  VecF32 added;
  if constexpr (kRounding == kStochastic) {
    added = bits_or(bits_and(random_byte<kPart, kWhich, 8>(words), pattern(0xff00)), pattern(0x80));
  } else {
    added = add_bits(bits_and(shift_bits<-16>(x), pattern(1)), pattern(0x7fff));
  }
  store_upper_halves(to, select(equal(x, x), add_bits(x, added), pattern(0x7fc00000)));
}

// x·inverse, moved by up to half a step where rounding is stochastic, clamped (NaN to `low`), rounded half to even; stored
// less `offset`.
template <Rounding kRounding, size_t kPart, size_t kWhich>
inline void store_int8(int8_t* to, VecF32 x, VecF32 words, float inverse, float low, float high, float offset) {
  VecF32 y = mul(x, broadcast<VecF32>(inverse));
  if constexpr (kRounding == kStochastic) {
    // 1 + (byte + 1/2) / 256 as a pattern; less 3/2 it is (byte + 1/2) / 256 - 1/2, exact.
    const VecF32 byte = bits_and(random_byte<kPart, kWhich, 15>(words), pattern(0x7f8000));
    y = add(y, sub(bits_or(byte, pattern(0x3f804000)), broadcast<VecF32>(1.5f)));
  }
  y = minimum_normal(maximum_normal(y, broadcast<VecF32>(low)), broadcast<VecF32>(high));
  // 1.5·2²³: adding it leaves the nearest integer in the low bits; an even offset does not change which one.
  store_low_bytes(to, add(y, broadcast<VecF32>(12582912.0f - offset)));
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

// Elements by which parameters and gradients are asked for ahead of time: 4 KiB. At 25 million parameters 10 % faster than the
// processor's own prefetching, which loses its streams between the stages of a block; 1 or 2 KiB gain half of that.
constexpr size_t kAhead = 1024;

// One rule, its prelude and decay over lanes of p and g with the moments s.
template <class Rule, class P> struct Lanes {
  Rule rule;
  P prelude;
  VecF32 keep;
  explicit Lanes(const float* c) : rule(c + kCommonCoefficients), prelude(c), keep(broadcast<VecF32>(c[kKeep])) {}
  void step(float* p, const float* g, VecF32* s) const {
    __builtin_prefetch(p + kAhead, 1);
    __builtin_prefetch(g + kAhead, 0);
    VecF32 x = load<VecF32>(p);
    const VecF32 gradient = prelude(load<VecF32>(g), x);
    x = mul(x, keep);
    rule(x, gradient, s);
    store(p, x);
  }
};

// The random bits of one block after the other.
struct Draws {
  const StateSlice& slice;
  size_t block;
  alignas(64) uint32_t words[2][kHalf];
  template <Rounding kRounding> void start() {
    if constexpr (kRounding == kStochastic) draw();
  }
  template <Rounding kRounding> void next() {
    ++block;
    if constexpr (kRounding == kStochastic) draw();
  }
  const uint32_t* now() const { return words[block % 2]; }
  void draw() { philox_block(words[block % 2], static_cast<uint32_t>(block * kDraws), slice.step, slice.stream, slice.seed); }
};

struct Bf16State {
  using Element = uint16_t;
  template <class V> using Rule = Adam<V>;
  static constexpr bool kScaled = false;
  static constexpr Element kEmptyV = 0;

  template <Rounding kRounding, size_t kPart, class L>
  static inline void half(const L& lanes, float* p, const float* g, Element* m, Element* v, const uint32_t* random) {
    for (size_t i = 0; i < kHalf; i += VecF32::kLanes) {
      VecF32 s[2] = {load_upper_halves(m + i), load_upper_halves(v + i)};
      lanes.step(p + i, g + i, s);
      const VecF32 words = kRounding == kStochastic ? load_bits(random + i) : s[0];
      store_bf16<kRounding, kPart, 0>(m + i, s[0], words);
      store_bf16<kRounding, kPart, 1>(v + i, s[1], words);
    }
  }
  template <Rounding kRounding, class L>
  static inline void block(const L& lanes, float* p, const float* g, Element* m, Element* v, float*, float*, Draws& draws) {
    half<kRounding, 0>(lanes, p, g, m, v, draws.now());
    half<kRounding, 1>(lanes, p + kHalf, g + kHalf, m + kHalf, v + kHalf, draws.now());
    draws.template next<kRounding>();
  }
};

struct Int8State {
  using Element = int8_t;
  template <class V> using Rule = AdamRoot<V>;
  static constexpr bool kScaled = true;
  static constexpr Element kEmptyV = -128;

  template <Rounding kRounding, size_t kPart>
  static inline void half(Element* m, Element* v, const float* wide_m, const float* wide_v, float m_inverse, float v_inverse,
                          const uint32_t* random) {
    for (size_t i = 0; i < kHalf; i += VecF32::kLanes) {
      const VecF32 x = load<VecF32>(wide_m + i);
      const VecF32 words = kRounding == kStochastic ? load_bits(random + i) : x;
      store_int8<kRounding, kPart, 0>(m + i, x, words, m_inverse, -127, 127, 0);
      // Never down to zero: a parameter with a mean gradient must not be divided by epsilon alone.
      store_int8<kRounding, kPart, 1>(v + i, load<VecF32>(wide_v + i), words, v_inverse, 1, 255, 128);
    }
  }
  template <Rounding kRounding, class L>
  static inline void block(const L& lanes, float* p, const float* g, Element* m, Element* v, float* m_scale, float* v_scale,
                           Draws& draws) {
    alignas(64) float wide_m[kStateBlock], wide_v[kStateBlock];
    const VecF32 m_step = broadcast<VecF32>(*m_scale), v_step = broadcast<VecF32>(*v_scale), offset = broadcast<VecF32>(128);
    VecF32 m_most = broadcast<VecF32>(0), v_most = m_most;  // the largest magnitudes; NaN is passed over
    for (size_t i = 0; i < kStateBlock; i += VecF32::kLanes) {
      VecF32 s[2] = {mul(load_signed_bytes(m + i), m_step), mul(add(load_signed_bytes(v + i), offset), v_step)};
      lanes.step(p + i, g + i, s);
      store(wide_m + i, s[0]);
      store(wide_v + i, s[1]);
      m_most = maximum_normal(abs(s[0]), m_most);
      v_most = maximum_normal(s[1], v_most);
    }
    const float most_m = largest_lane(m_most), most_v = largest_lane(v_most);
    // The next block's random bits wait for nothing and so fill the time until the scales are known.
    const uint32_t* const random = draws.now();
    draws.template next<kRounding>();
    *m_scale = most_m / 127.0f;
    *v_scale = most_v / 255.0f;
    const float m_inverse = most_m > 0 ? 127.0f / most_m : 0, v_inverse = most_v > 0 ? 255.0f / most_v : 0;
    half<kRounding, 0>(m, v, wide_m, wide_v, m_inverse, v_inverse, random);
    half<kRounding, 1>(m + kHalf, v + kHalf, wide_m + kHalf, wide_v + kHalf, m_inverse, v_inverse, random);
  }
};

template <class State, Rounding kRounding, class P> void adam_low_state(const StateSlice& slice, const void* coefficients) {
  using Element = typename State::Element;
  const Lanes<typename State::template Rule<VecF32>, P> lanes(static_cast<const float*>(coefficients));
  Element* m = static_cast<Element*>(slice.slots[0]);
  Element* v = static_cast<Element*>(slice.slots[1]);
  float* m_scale = static_cast<float*>(slice.slots[2]);
  float* v_scale = static_cast<float*>(slice.slots[3]);
  Draws draws{slice, slice.first_block, {}};
  draws.start<kRounding>();
  float* p = slice.p;
  const float* g = slice.g;
  for (size_t start = 0; start < slice.count; start += kStateBlock) {
    const size_t rest = slice.count - start;
    if (rest >= kStateBlock) {
      State::template block<kRounding>(lanes, p, g, m, v, m_scale, v_scale, draws);
    } else {
      alignas(64) float p_part[kStateBlock] = {}, g_part[kStateBlock] = {};
      alignas(64) Element m_part[kStateBlock] = {}, v_part[kStateBlock];
      for (size_t i = 0; i < kStateBlock; ++i) v_part[i] = State::kEmptyV;
      __builtin_memcpy(p_part, p, rest * sizeof(float));
      __builtin_memcpy(g_part, g, rest * sizeof(float));
      __builtin_memcpy(m_part, m, rest * sizeof(Element));
      __builtin_memcpy(v_part, v, rest * sizeof(Element));
      State::template block<kRounding>(lanes, p_part, g_part, m_part, v_part, m_scale, v_scale, draws);
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
