// Adam and AMSGrad: m, v the moments, h the highest v so far. Twin of src/optim/rules/adam.ts. No include guard: see driver.h.
// (gain2·g)·g, not gain2·(g·g): a float32 gradient of 1e20 then still has a finite square.

template <class V, bool kAmsgrad> struct AdamForm {
  using Vector = V;
  static constexpr const char* kName = kAmsgrad ? "adam.amsgrad" : "adam";
  static constexpr size_t kSlots = kAmsgrad ? 3 : 2;
  static constexpr const char* kSlotNames = kAmsgrad ? "m v h" : "m v";
  static constexpr const char* kCoefficients = "beta1 gain1 beta2 gain2 rate root epsilon";
  V beta1, gain1, beta2, gain2, rate, root, epsilon;
  explicit AdamForm(const typename V::Scalar* c)
      : beta1(broadcast<V>(c[0])), gain1(broadcast<V>(c[1])), beta2(broadcast<V>(c[2])), gain2(broadcast<V>(c[3])),
        rate(broadcast<V>(c[4])), root(broadcast<V>(c[5])), epsilon(broadcast<V>(c[6])) {}
  void operator()(V& p, V g, V* s) const {
    s[0] = add(mul(beta1, s[0]), mul(gain1, g));
    s[1] = add(mul(beta2, s[1]), mul(mul(gain2, g), g));
    V square = s[1];
    if constexpr (kAmsgrad) {
      s[2] = maximum(s[2], s[1]);
      square = s[2];
    }
    p = sub(p, div(mul(rate, s[0]), add(mul(root, sqrt(square)), epsilon)));
  }
};
template <class V> using Adam = AdamForm<V, false>;
template <class V> using AdamAmsgrad = AdamForm<V, true>;
