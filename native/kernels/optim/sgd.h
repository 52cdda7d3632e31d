// Gradient descent, plain and with a velocity v. Twin of src/optim/rules/sgd.ts. No include guard: see driver.h.

template <class V> struct Sgd {
  using Vector = V;
  static constexpr const char* kName = "sgd";
  static constexpr size_t kSlots = 0;
  static constexpr const char* kSlotNames = "";
  static constexpr const char* kCoefficients = "rate";
  V rate;
  explicit Sgd(const typename V::Scalar* c) : rate(broadcast<V>(c[0])) {}
  void operator()(V& p, V g, V*) const { p = sub(p, mul(rate, g)); }
};

template <class V, bool kNesterov> struct SgdMomentum {
  using Vector = V;
  static constexpr const char* kName = kNesterov ? "sgd.nesterov" : "sgd.momentum";
  static constexpr size_t kSlots = 1;
  static constexpr const char* kSlotNames = "v";
  static constexpr const char* kCoefficients = "rate momentum gain";
  V rate, momentum, gain;
  explicit SgdMomentum(const typename V::Scalar* c)
      : rate(broadcast<V>(c[0])), momentum(broadcast<V>(c[1])), gain(broadcast<V>(c[2])) {}
  void operator()(V& p, V g, V* s) const {
    s[0] = add(mul(momentum, s[0]), mul(gain, g));
    const V direction = kNesterov ? add(g, mul(momentum, s[0])) : s[0];
    p = sub(p, mul(rate, direction));
  }
};
template <class V> using SgdHeavyBall = SgdMomentum<V, false>;
template <class V> using SgdNesterov = SgdMomentum<V, true>;
