// RMSprop with the mean of the last squared gradients: H their ring. Twin of src/optim/rules/rmsprop-window.ts.
// No include guard: see driver.h.

template <class V, bool kInside> struct RmspropWindowForm {
  using Vector = V;
  static constexpr const char* kName = kInside ? "rmsprop-window.inside" : "rmsprop-window";
  static constexpr bool kHistory = true;
  static constexpr size_t kSlots = 1;
  static constexpr const char* kSlotNames = "H";
  static constexpr const char* kCoefficients = "rate epsilon inverse row";
  V rate, epsilon, inverse;
  size_t row;
  explicit RmspropWindowForm(const typename V::Scalar* c)
      : rate(broadcast<V>(c[0])), epsilon(broadcast<V>(c[1])), inverse(broadcast<V>(c[2])), row(static_cast<size_t>(c[3])) {}
  void operator()(V& p, V g, V* s) const {
    const V square = mul(s[0], inverse);
    const V root = kInside ? sqrt(add(square, epsilon)) : add(sqrt(square), epsilon);
    p = sub(p, mul(rate, div(g, root)));
  }
};
template <class V> using RmspropWindow = RmspropWindowForm<V, false>;
template <class V> using RmspropWindowInside = RmspropWindowForm<V, true>;
