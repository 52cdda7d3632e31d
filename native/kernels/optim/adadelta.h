// Adadelta: s the mean of squared gradients, a that of squared updates. Twin of src/optim/rules/adadelta.ts.
// No include guard: see driver.h.

template <class V> struct Adadelta {
  using Vector = V;
  static constexpr const char* kName = "adadelta";
  static constexpr size_t kSlots = 2;
  static constexpr const char* kSlotNames = "s a";
  static constexpr const char* kCoefficients = "rate rho gain epsilon";
  V rate, rho, gain, epsilon;
  explicit Adadelta(const typename V::Scalar* c)
      : rate(broadcast<V>(c[0])), rho(broadcast<V>(c[1])), gain(broadcast<V>(c[2])), epsilon(broadcast<V>(c[3])) {}
  void operator()(V& p, V g, V* s) const {
    s[0] = add(mul(rho, s[0]), mul(mul(gain, g), g));
    const V d = mul(div(sqrt(add(s[1], epsilon)), sqrt(add(s[0], epsilon))), g);
    s[1] = add(mul(rho, s[1]), mul(mul(gain, d), d));
    p = sub(p, mul(rate, d));
  }
};
