// The literal momentum accelerator: h the corrected gradient, m the sum of steps. Twin of
// src/optim/rules/momentum-accelerator.ts. No include guard: see driver.h.

template <class V> struct MomentumAccelerator {
  using Vector = V;
  static constexpr const char* kName = "momentum-accelerator.literal";
  static constexpr size_t kSlots = 2;
  static constexpr const char* kSlotNames = "h m";
  static constexpr const char* kCoefficients = "rate beta1 correction";
  V rate, beta1, correction;
  explicit MomentumAccelerator(const typename V::Scalar* c)
      : rate(broadcast<V>(c[0])), beta1(broadcast<V>(c[1])), correction(broadcast<V>(c[2])) {}
  void operator()(V& p, V g, V* s) const {
    s[0] = div(sub(g, mul(beta1, s[0])), correction);
    s[1] = add(s[1], mul(rate, s[0]));
    p = sub(p, s[1]);
  }
};
