// Adagrad: G the sum of squared gradients. Twin of src/optim/rules/adagrad.ts. No include guard: see driver.h.

template <class V> struct Adagrad {
  using Vector = V;
  static constexpr const char* kName = "adagrad";
  static constexpr size_t kSlots = 1;
  static constexpr const char* kSlotNames = "G";
  static constexpr const char* kCoefficients = "rate epsilon";
  V rate, epsilon;
  explicit Adagrad(const typename V::Scalar* c) : rate(broadcast<V>(c[0])), epsilon(broadcast<V>(c[1])) {}
  void operator()(V& p, V g, V* s) const {
    s[0] = add(s[0], mul(g, g));
    p = sub(p, div(mul(rate, g), add(sqrt(s[0]), epsilon)));
  }
};
