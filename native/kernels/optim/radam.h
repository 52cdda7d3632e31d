// RAdam: m, v the moments; the first steps, where plain is 1, do not divide. Twin of src/optim/rules/radam.ts.
// No include guard: see driver.h.

template <class V> struct Radam {
  using Vector = V;
  static constexpr const char* kName = "radam";
  static constexpr size_t kSlots = 2;
  static constexpr const char* kSlotNames = "m v";
  static constexpr const char* kCoefficients = "beta1 gain1 beta2 gain2 rate epsilon plain";
  V beta1, gain1, beta2, gain2, rate, epsilon, one;
  typename V::Mask plain;
  explicit Radam(const typename V::Scalar* c)
      : beta1(broadcast<V>(c[0])), gain1(broadcast<V>(c[1])), beta2(broadcast<V>(c[2])), gain2(broadcast<V>(c[3])),
        rate(broadcast<V>(c[4])), epsilon(broadcast<V>(c[5])), one(broadcast<V>(1)), plain(equal(broadcast<V>(c[6]), one)) {}
  void operator()(V& p, V g, V* s) const {
    s[0] = add(mul(beta1, s[0]), mul(gain1, g));
    s[1] = add(mul(beta2, s[1]), mul(mul(gain2, g), g));
    const V denominator = select(plain, one, add(sqrt(s[1]), epsilon));
    p = sub(p, div(mul(rate, s[0]), denominator));
  }
};
