// RMSprop with the mean of the last squared gradients, in eight forms: H their ring (of the gradients themselves where it is
// centered), b the velocity. Twin of src/optim/rules/rmsprop-window.ts. No include guard: see driver.h.

template <class V, bool kInside, bool kCentered, bool kMomentum> struct RmspropWindowForm {
  using Vector = V;
  static constexpr const char* kName = kInside
      ? (kCentered ? (kMomentum ? "rmsprop-window.inside.centered.momentum" : "rmsprop-window.inside.centered")
                   : (kMomentum ? "rmsprop-window.inside.momentum" : "rmsprop-window.inside"))
      : (kCentered ? (kMomentum ? "rmsprop-window.centered.momentum" : "rmsprop-window.centered")
                   : (kMomentum ? "rmsprop-window.momentum" : "rmsprop-window"));
  static constexpr bool kHistory = kCentered;
  static constexpr size_t kSlots = kMomentum ? 2 : 1;
  static constexpr const char* kSlotNames = kMomentum ? "H b" : "H";
  static constexpr const char* kCoefficients = "rate epsilon inverse row momentum";
  V rate, epsilon, inverse, momentum;
  size_t row;
  explicit RmspropWindowForm(const typename V::Scalar* c)
      : rate(broadcast<V>(c[0])), epsilon(broadcast<V>(c[1])), inverse(broadcast<V>(c[2])), momentum(broadcast<V>(c[4])),
        row(static_cast<size_t>(c[3])) {}
  void operator()(V& p, V g, V* s) const {
    V square = mul(s[0], inverse);
    if constexpr (kCentered) {
      const V mean = mul(s[kSlots], inverse);
      // Rounding can take the variance below zero where the gradient hardly changes.
      square = maximum(sub(square, mul(mean, mean)), broadcast<V>(0));
    }
    const V root = kInside ? sqrt(add(square, epsilon)) : add(sqrt(square), epsilon);
    const V direction = div(g, root);
    if constexpr (kMomentum) {
      s[1] = add(mul(momentum, s[1]), direction);
      p = sub(p, mul(rate, s[1]));
    } else {
      p = sub(p, mul(rate, direction));
    }
  }
};
template <class V> using RmspropWindow = RmspropWindowForm<V, false, false, false>;
template <class V> using RmspropWindowMomentum = RmspropWindowForm<V, false, false, true>;
template <class V> using RmspropWindowCentered = RmspropWindowForm<V, false, true, false>;
template <class V> using RmspropWindowCenteredMomentum = RmspropWindowForm<V, false, true, true>;
template <class V> using RmspropWindowInside = RmspropWindowForm<V, true, false, false>;
template <class V> using RmspropWindowInsideMomentum = RmspropWindowForm<V, true, false, true>;
template <class V> using RmspropWindowInsideCentered = RmspropWindowForm<V, true, true, false>;
template <class V> using RmspropWindowInsideCenteredMomentum = RmspropWindowForm<V, true, true, true>;
