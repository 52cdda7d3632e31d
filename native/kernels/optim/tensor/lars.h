// LARS in two sweeps: norms, then momentum at the tensor's rate. Twin of src/optim/rules/lars.ts. No include guard: see sweep.h.

template <class V> struct LarsNorms : SweepBase<V> {
  using T = typename V::Scalar;
  static constexpr size_t kSums = 2;
  LarsNorms(const T*, const T*) {}
  void operator()(V x, V&, V g, V*, V* terms) const {
    terms[0] = x;
    terms[1] = g;
  }
};

template <class V> struct LarsApply : SweepBase<V> {
  using T = typename V::Scalar;
  static constexpr size_t kSlots = 1, kWrites = 1;
  static constexpr bool kWritesP = true;
  V momentum, decay, gain;
  LarsApply(const T* c, const T* own) : momentum(broadcast<V>(c[0])), decay(broadcast<V>(c[1])), gain(broadcast<V>(own[0])) {}
  void operator()(V x, V& p, V g, V* s, V*) const {
    s[0] = add(mul(momentum, s[0]), mul(gain, add(g, mul(decay, x))));
    p = sub(p, s[0]);
  }
};
