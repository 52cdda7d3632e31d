// Rprop: h the gradient before, d the step size of each element. Twin of src/optim/rules/rprop.ts. No include guard: see driver.h.

template <class V> struct Rprop {
  using Vector = V;
  static constexpr const char* kName = "rprop";
  static constexpr size_t kSlots = 2;
  static constexpr const char* kSlotNames = "h d";
  static constexpr const char* kCoefficients = "etaMinus etaPlus minStep maxStep one";
  V eta_minus, eta_plus, min_step, max_step, one;
  explicit Rprop(const typename V::Scalar* c)
      : eta_minus(broadcast<V>(c[0])), eta_plus(broadcast<V>(c[1])), min_step(broadcast<V>(c[2])),
        max_step(broadcast<V>(c[3])), one(broadcast<V>(c[4])) {}
  void operator()(V& p, V g, V* s) const {
    // Signs multiply exactly; the gradients' product could underflow. `one` is a coefficient, so that a gradient from
    // memory is read by an operation (subnormals become zero) before it is stored.
    const V zero = broadcast<V>(0);
    const V agreement = mul(sign(g), sign(s[0]));
    const typename V::Mask flipped = less(agreement, zero);
    const V factor = select(less(zero, agreement), eta_plus, select(flipped, eta_minus, one));
    s[1] = maximum(minimum(mul(s[1], factor), max_step), min_step);
    s[0] = select(flipped, zero, mul(g, one));
    p = sub(p, mul(sign(s[0]), s[1]));
  }
};
