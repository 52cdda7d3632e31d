// Averages of weights as rules: the parameter is the average and the gradient are the weights, or for look-ahead the parameter
// are the weights and f the slow ones. Twins of src/optim/rules/average.ts. No include guard: see driver.h.

template <class V> struct Average {
  using Vector = V;
  static constexpr const char* kName = "average";
  static constexpr size_t kSlots = 0;
  static constexpr const char* kSlotNames = "";
  static constexpr const char* kCoefficients = "weight";
  V weight;
  explicit Average(const typename V::Scalar* c) : weight(broadcast<V>(c[0])) {}
  void operator()(V& p, V g, V*) const { p = add(p, mul(weight, sub(g, p))); }
};

template <class V> struct LookAhead {
  using Vector = V;
  static constexpr const char* kName = "lookahead";
  static constexpr size_t kSlots = 1;
  static constexpr const char* kSlotNames = "f";
  static constexpr const char* kCoefficients = "alpha";
  V alpha;
  explicit LookAhead(const typename V::Scalar* c) : alpha(broadcast<V>(c[0])) {}
  void operator()(V& p, V, V* s) const {
    s[0] = add(s[0], mul(alpha, sub(p, s[0])));
    p = s[0];
  }
};
