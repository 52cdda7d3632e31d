// Adam, Lion and momentum with their moments in bfloat16, or in 8 bits with a scale per block of 256; of Adam's 28 bytes per
// parameter memory then sees 20 or 16. bfloat16 is one pass; 8 bits take two over a block, whose widened moments stay in the first cache between them.
// Twin of src/optim/rules/low-state.ts. No include guard: see sweep.h.

inline VecF32 pattern(uint32_t word) {
  float x;
  __builtin_memcpy(&x, &word, 4);
  return broadcast<VecF32>(x);
}

// Random bits of a block: elements of its first half have the lower halves of the words, those of the second half the upper
// halves; the first moment has the lower byte of a half word, the second one the upper.
constexpr size_t kHalf = kStateBlock / 2;

// The byte of moment kWhich of the lanes, moved to bit kTo; other bits are noise.
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

// What a rule keeps: `Rule` over numbers, `RootRule` where moment kRoot is kept as its root in 8 bits.
struct AdamMoments {
  static constexpr size_t kMoments = 2, kRoot = 1;
  template <class V> using Rule = Adam<V>;
  template <class V> using RootRule = AdamRoot<V>;
};
constexpr size_t kNoRoot = 2;
struct LionMoments {
  static constexpr size_t kMoments = 1, kRoot = kNoRoot;
  template <class V> using Rule = Lion<V>;
  template <class V> using RootRule = Lion<V>;
};
struct MomentumMoments {
  static constexpr size_t kMoments = 1, kRoot = kNoRoot;
  template <class V> using Rule = SgdHeavyBall<V>;
  template <class V> using RootRule = SgdHeavyBall<V>;
};
struct NesterovMoments {
  static constexpr size_t kMoments = 1, kRoot = kNoRoot;
  template <class V> using Rule = SgdNesterov<V>;
  template <class V> using RootRule = SgdNesterov<V>;
};

template <class Moments> struct Bf16State {
  using Element = uint16_t;
  template <class V> using Rule = typename Moments::template Rule<V>;
  static constexpr size_t kMoments = Moments::kMoments;
  static constexpr bool kScaled = false;
  static constexpr Element zero(size_t) { return 0; }

  template <Rounding kRounding, size_t kPart, class L>
  static inline void half(const L& lanes, float* p, const float* g, Element* const* state, const uint32_t* random) {
    constexpr size_t kFirst = kPart * kHalf;
    for (size_t i = 0; i < kHalf; i += VecF32::kLanes) {
      VecF32 s[kMoments];
      for (size_t k = 0; k < kMoments; ++k) s[k] = load_upper_halves(state[k] + kFirst + i);
      lanes.step(p + kFirst + i, g + kFirst + i, s);
      const VecF32 words = kRounding == kStochastic ? load_bits(random + i) : s[0];
      store_bf16<kRounding, kPart, 0>(state[0] + kFirst + i, s[0], words);
      if constexpr (kMoments > 1) store_bf16<kRounding, kPart, 1>(state[1] + kFirst + i, s[1], words);
    }
  }
  template <Rounding kRounding, class L>
  static inline void block(const L& lanes, float* p, const float* g, Element* const* state, float* const*, Draws& draws) {
    half<kRounding, 0>(lanes, p, g, state, draws.now());
    half<kRounding, 1>(lanes, p, g, state, draws.now());
    draws.template next<kRounding>();
  }
};

template <class Moments> struct Int8State {
  using Element = int8_t;
  template <class V> using Rule = typename Moments::template RootRule<V>;
  static constexpr size_t kMoments = Moments::kMoments;
  static constexpr bool kScaled = true;
  static constexpr bool is_root(size_t k) { return k == Moments::kRoot; }
  static constexpr float high(size_t k) { return is_root(k) ? 255.0f : 127.0f; }
  static constexpr Element zero(size_t k) { return is_root(k) ? -128 : 0; }

  template <Rounding kRounding, size_t kPart, size_t kMoment>
  static inline void narrow(Element* to, const float* wide, float inverse, VecF32 words) {
    // A root never goes down to zero: a parameter with a mean gradient must not be divided by epsilon alone.
    store_int8<kRounding, kPart, kMoment>(to, load<VecF32>(wide), words, inverse, is_root(kMoment) ? 1 : -127, high(kMoment),
                                          is_root(kMoment) ? 128 : 0);
  }
  template <Rounding kRounding, size_t kPart>
  static inline void half(Element* const* state, const float (&wide)[kMoments][kStateBlock], const float (&inverse)[kMoments],
                          const uint32_t* random) {
    for (size_t i = 0; i < kHalf; i += VecF32::kLanes) {
      const size_t at = kPart * kHalf + i;
      const VecF32 words = kRounding == kStochastic ? load_bits(random + i) : broadcast<VecF32>(0);
      narrow<kRounding, kPart, 0>(state[0] + at, wide[0] + at, inverse[0], words);
      if constexpr (kMoments > 1) narrow<kRounding, kPart, 1>(state[1] + at, wide[1] + at, inverse[1], words);
    }
  }
  template <Rounding kRounding, class L>
  static inline void block(const L& lanes, float* p, const float* g, Element* const* state, float* const* scales, Draws& draws) {
    alignas(64) float wide[kMoments][kStateBlock];
    VecF32 step[kMoments], most[kMoments];  // most: the largest magnitude; NaN is passed over
    for (size_t k = 0; k < kMoments; ++k) {
      step[k] = broadcast<VecF32>(*scales[k]);
      most[k] = broadcast<VecF32>(0);
    }
    const VecF32 offset = broadcast<VecF32>(128);
    for (size_t i = 0; i < kStateBlock; i += VecF32::kLanes) {
      VecF32 s[kMoments];
      for (size_t k = 0; k < kMoments; ++k) {
        VecF32 x = load_signed_bytes(state[k] + i);
        if (is_root(k)) x = add(x, offset);
        s[k] = mul(x, step[k]);
      }
      lanes.step(p + i, g + i, s);
      for (size_t k = 0; k < kMoments; ++k) {
        store(wide[k] + i, s[k]);
        most[k] = maximum_normal(abs(s[k]), most[k]);
      }
    }
    float inverse[kMoments];
    for (size_t k = 0; k < kMoments; ++k) {
      const float largest = largest_lane(most[k]);
      *scales[k] = largest / high(k);
      inverse[k] = largest > 0 ? high(k) / largest : 0;
    }
    // The next block's random bits wait for nothing and so fill the time until the scales are known.
    const uint32_t* const random = draws.now();
    draws.template next<kRounding>();
    half<kRounding, 0>(state, wide, inverse, random);
    half<kRounding, 1>(state, wide, inverse, random);
  }
};

template <class State, Rounding kRounding, class P> void low_state_step(const StateSlice& slice, const void* coefficients) {
  using Element = typename State::Element;
  constexpr size_t kMoments = State::kMoments;
  const Lanes<typename State::template Rule<VecF32>, P> lanes(static_cast<const float*>(coefficients));
  Element* state[kMoments];
  float* scales[kMoments];
  for (size_t k = 0; k < kMoments; ++k) {
    state[k] = static_cast<Element*>(slice.slots[k]);
    scales[k] = State::kScaled ? static_cast<float*>(slice.slots[kMoments + k]) : nullptr;
  }
  Draws draws{slice, slice.first_block, {}};
  draws.start<kRounding>();
  float* p = slice.p;
  const float* g = slice.g;
  size_t start = 0;
  for (; start + kStateBlock <= slice.count; start += kStateBlock) {
    State::template block<kRounding>(lanes, p + start, g + start, state, scales, draws);
    for (size_t k = 0; k < kMoments; ++k) {
      state[k] += kStateBlock;
      if constexpr (State::kScaled) ++scales[k];
    }
  }
  const size_t rest = slice.count - start;
  if (rest == 0) return;
  alignas(64) float p_part[kStateBlock] = {}, g_part[kStateBlock] = {};
  alignas(64) Element parts[kMoments][kStateBlock];
  Element* part[kMoments];
  __builtin_memcpy(p_part, p + start, rest * sizeof(float));
  __builtin_memcpy(g_part, g + start, rest * sizeof(float));
  for (size_t k = 0; k < kMoments; ++k) {
    part[k] = parts[k];
    for (size_t i = 0; i < kStateBlock; ++i) parts[k][i] = State::zero(k);
    __builtin_memcpy(parts[k], state[k], rest * sizeof(Element));
  }
  State::template block<kRounding>(lanes, p_part, g_part, part, scales, draws);
  __builtin_memcpy(p + start, p_part, rest * sizeof(float));
  for (size_t k = 0; k < kMoments; ++k) __builtin_memcpy(state[k], parts[k], rest * sizeof(Element));
}
