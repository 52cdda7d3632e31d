// RMSprop normalised by the loss: s the mean of squares; the root of the mean squared loss is a coefficient.
// Twin of src/optim/rules/rmsprop-loss.ts. No include guard: see driver.h.

template <class V, bool kSigned> struct RmspropLossForm {
  using Vector = V;
  static constexpr const char* kName = kSigned ? "rmsprop-loss.signed" : "rmsprop-loss.literal";
  static constexpr size_t kSlots = 1;
  static constexpr const char* kSlotNames = "s";
  static constexpr const char* kCoefficients = "rate decay gain root";
  V rate, decay, gain, root;
  explicit RmspropLossForm(const typename V::Scalar* c)
      : rate(broadcast<V>(c[0])), decay(broadcast<V>(c[1])), gain(broadcast<V>(c[2])), root(broadcast<V>(c[3])) {}
  void operator()(V& p, V g, V* s) const {
    s[0] = add(mul(decay, s[0]), mul(mul(gain, g), g));
    const V step = kSigned ? mul(sign(g), s[0]) : s[0];
    p = sub(p, div(mul(rate, step), root));
  }
};
template <class V> using RmspropLossSigned = RmspropLossForm<V, true>;
template <class V> using RmspropLossLiteral = RmspropLossForm<V, false>;
