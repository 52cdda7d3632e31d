// Adamax: m the mean gradient, u the decayed maximum of |g|. Twin of src/optim/rules/adamax.ts. No include guard: see driver.h.

template <class V> struct Adamax {
  using Vector = V;
  static constexpr const char* kName = "adamax";
  static constexpr size_t kSlots = 2;
  static constexpr const char* kSlotNames = "m u";
  static constexpr const char* kCoefficients = "beta1 gain1 beta2 rate epsilon";
  V beta1, gain1, beta2, rate, epsilon;
  explicit Adamax(const typename V::Scalar* c)
      : beta1(broadcast<V>(c[0])), gain1(broadcast<V>(c[1])), beta2(broadcast<V>(c[2])), rate(broadcast<V>(c[3])),
        epsilon(broadcast<V>(c[4])) {}
  void operator()(V& p, V g, V* s) const {
    s[0] = add(mul(beta1, s[0]), mul(gain1, g));
    s[1] = maximum(mul(beta2, s[1]), add(abs(g), epsilon));
    p = sub(p, div(mul(rate, s[0]), s[1]));
  }
};
