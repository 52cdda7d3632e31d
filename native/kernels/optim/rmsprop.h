// RMSprop in its eight forms: s the mean of squares, a the mean gradient (centered), b the velocity (momentum).
// Twin of src/optim/rules/rmsprop.ts. No include guard: see driver.h.

template <class V, bool kInside, bool kCentered, bool kMomentum> struct RmspropForm {
  using Vector = V;
  static constexpr size_t kSlots = 1 + kCentered + kMomentum;
  static constexpr const char* kName = kInside
      ? (kCentered ? (kMomentum ? "rmsprop.inside.centered.momentum" : "rmsprop.inside.centered")
                   : (kMomentum ? "rmsprop.inside.momentum" : "rmsprop.inside"))
      : (kCentered ? (kMomentum ? "rmsprop.centered.momentum" : "rmsprop.centered")
                   : (kMomentum ? "rmsprop.momentum" : "rmsprop"));
  static constexpr const char* kSlotNames = kCentered ? (kMomentum ? "s a b" : "s a") : (kMomentum ? "s b" : "s");
  static constexpr const char* kCoefficients = "rate decay gain epsilon momentum";
  V rate, decay, gain, epsilon, momentum;
  explicit RmspropForm(const typename V::Scalar* c)
      : rate(broadcast<V>(c[0])), decay(broadcast<V>(c[1])), gain(broadcast<V>(c[2])), epsilon(broadcast<V>(c[3])),
        momentum(broadcast<V>(c[4])) {}
  void operator()(V& p, V g, V* s) const {
    s[0] = add(mul(decay, s[0]), mul(mul(gain, g), g));
    V square = s[0];
    if constexpr (kCentered) {
      s[1] = add(mul(decay, s[1]), mul(gain, g));
      // Rounding can take the variance below zero where the gradient hardly changes.
      square = maximum(sub(s[0], mul(s[1], s[1])), broadcast<V>(0));
    }
    const V root = kInside ? sqrt(add(square, epsilon)) : add(sqrt(square), epsilon);
    const V direction = div(g, root);
    if constexpr (kMomentum) {
      V& b = s[kSlots - 1];
      b = add(mul(momentum, b), direction);
      p = sub(p, mul(rate, b));
    } else {
      p = sub(p, mul(rate, direction));
    }
  }
};
template <class V> using Rmsprop = RmspropForm<V, false, false, false>;
template <class V> using RmspropMomentum = RmspropForm<V, false, false, true>;
template <class V> using RmspropCentered = RmspropForm<V, false, true, false>;
template <class V> using RmspropCenteredMomentum = RmspropForm<V, false, true, true>;
template <class V> using RmspropInside = RmspropForm<V, true, false, false>;
template <class V> using RmspropInsideMomentum = RmspropForm<V, true, false, true>;
template <class V> using RmspropInsideCentered = RmspropForm<V, true, true, false>;
template <class V> using RmspropInsideCenteredMomentum = RmspropForm<V, true, true, true>;
