// LAMB in two sweeps: moments and norms, then the update at the tensor's rate. Twin of src/optim/rules/lamb.ts. No include
// guard: see sweep.h.

template <class V> struct LambDirection {
  V mean, root, epsilon, decay;
  explicit LambDirection(const typename V::Scalar* c)
      : mean(broadcast<V>(c[4])), root(broadcast<V>(c[5])), epsilon(broadcast<V>(c[6])), decay(broadcast<V>(c[7])) {}
  V operator()(V m, V v, V x) const {
    return add(div(mul(mean, m), add(mul(root, sqrt(v)), epsilon)), mul(decay, x));
  }
};

template <class V> struct LambMoments : SweepBase<V> {
  using T = typename V::Scalar;
  static constexpr size_t kSlots = 2, kWrites = 3, kSums = 2;
  V beta1, gain1, beta2, gain2;
  LambDirection<V> direction;
  LambMoments(const T* c, const T*)
      : beta1(broadcast<V>(c[0])), gain1(broadcast<V>(c[1])), beta2(broadcast<V>(c[2])), gain2(broadcast<V>(c[3])), direction(c) {}
  void operator()(V x, V&, V g, V* s, V* terms) const {
    s[0] = add(mul(beta1, s[0]), mul(gain1, g));
    s[1] = add(mul(beta2, s[1]), mul(mul(gain2, g), g));
    terms[0] = x;
    terms[1] = direction(s[0], s[1], x);
  }
};

template <class V> struct LambApply : SweepBase<V> {
  using T = typename V::Scalar;
  static constexpr size_t kSlots = 2;
  static constexpr bool kReadsG = false, kWritesP = true;
  LambDirection<V> direction;
  V rate;
  LambApply(const T* c, const T* own) : direction(c), rate(broadcast<V>(own[0])) {}
  void operator()(V x, V& p, V, V* s, V*) const { p = sub(p, mul(rate, direction(s[0], s[1], x))); }
};
