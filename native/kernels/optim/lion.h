// Lion: m the mean gradient, the step is a sign. Twin of src/optim/rules/lion.ts. No include guard: see driver.h.

template <class V> struct Lion {
  using Vector = V;
  static constexpr const char* kName = "lion";
  static constexpr size_t kSlots = 1;
  static constexpr const char* kSlotNames = "m";
  static constexpr const char* kCoefficients = "rate beta1 gain1 beta2 gain2";
  V rate, beta1, gain1, beta2, gain2;
  explicit Lion(const typename V::Scalar* c)
      : rate(broadcast<V>(c[0])), beta1(broadcast<V>(c[1])), gain1(broadcast<V>(c[2])), beta2(broadcast<V>(c[3])),
        gain2(broadcast<V>(c[4])) {}
  void operator()(V& p, V g, V* s) const {
    const V u = add(mul(beta1, s[0]), mul(gain1, g));
    p = sub(p, mul(rate, sign(u)));
    s[0] = add(mul(beta2, s[0]), mul(gain2, g));
  }
};
