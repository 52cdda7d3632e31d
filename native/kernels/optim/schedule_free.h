// Schedule-free SGD and AdamW: p holds y, z the base iterate, v the mean of squares. Twin of src/optim/rules/schedule-free.ts.
// No include guard: see driver.h.

template <class V> struct ScheduleFreeSgd {
  using Vector = V;
  static constexpr const char* kName = "schedule-free.sgd";
  static constexpr size_t kSlots = 1;
  static constexpr const char* kSlotNames = "z";
  static constexpr const char* kCoefficients = "rate weight pull decay";
  V rate, weight, pull, decay;
  explicit ScheduleFreeSgd(const typename V::Scalar* c)
      : rate(broadcast<V>(c[0])), weight(broadcast<V>(c[1])), pull(broadcast<V>(c[2])), decay(broadcast<V>(c[3])) {}
  void operator()(V& p, V g, V* s) const {
    const V d = add(g, mul(decay, p));
    p = add(add(p, mul(weight, sub(s[0], p))), mul(pull, d));
    s[0] = sub(s[0], mul(rate, d));
  }
};

template <class V> struct ScheduleFreeAdamw {
  using Vector = V;
  static constexpr const char* kName = "schedule-free.adamw";
  static constexpr size_t kSlots = 2;
  static constexpr const char* kSlotNames = "z v";
  static constexpr const char* kCoefficients = "rate weight pull decay beta2 gain2 root epsilon";
  V rate, weight, pull, decay, beta2, gain2, root, epsilon;
  explicit ScheduleFreeAdamw(const typename V::Scalar* c)
      : rate(broadcast<V>(c[0])), weight(broadcast<V>(c[1])), pull(broadcast<V>(c[2])), decay(broadcast<V>(c[3])),
        beta2(broadcast<V>(c[4])), gain2(broadcast<V>(c[5])), root(broadcast<V>(c[6])), epsilon(broadcast<V>(c[7])) {}
  void operator()(V& p, V g, V* s) const {
    s[1] = add(mul(beta2, s[1]), mul(mul(gain2, g), g));
    const V d = add(div(g, add(mul(root, sqrt(s[1])), epsilon)), mul(decay, p));
    p = add(add(p, mul(weight, sub(s[0], p))), mul(pull, d));
    s[0] = sub(s[0], mul(rate, d));
  }
};
