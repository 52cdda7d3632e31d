// NAdam: m, v the moments; look-ahead of the momentum is in the two rates. Twin of src/optim/rules/nadam.ts.
// No include guard: see driver.h.

template <class V> struct Nadam {
  using Vector = V;
  static constexpr const char* kName = "nadam";
  static constexpr size_t kSlots = 2;
  static constexpr const char* kSlotNames = "m v";
  static constexpr const char* kCoefficients = "beta1 gain1 beta2 gain2 gradientRate momentumRate root epsilon";
  V beta1, gain1, beta2, gain2, gradient_rate, momentum_rate, root, epsilon;
  explicit Nadam(const typename V::Scalar* c)
      : beta1(broadcast<V>(c[0])), gain1(broadcast<V>(c[1])), beta2(broadcast<V>(c[2])), gain2(broadcast<V>(c[3])),
        gradient_rate(broadcast<V>(c[4])), momentum_rate(broadcast<V>(c[5])), root(broadcast<V>(c[6])),
        epsilon(broadcast<V>(c[7])) {}
  void operator()(V& p, V g, V* s) const {
    s[0] = add(mul(beta1, s[0]), mul(gain1, g));
    s[1] = add(mul(beta2, s[1]), mul(mul(gain2, g), g));
    const V step = add(mul(gradient_rate, g), mul(momentum_rate, s[0]));
    p = sub(p, div(step, add(mul(root, sqrt(s[1])), epsilon)));
  }
};
