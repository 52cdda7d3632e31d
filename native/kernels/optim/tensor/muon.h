// Muon's element-wise parts; the iterations between them are matrix multiplies. Twin of src/optim/rules/muon.ts. No include
// guard: see sweep.h.

// Slot 0 is v, slot 1 receives what is to be orthogonalised.
template <class V> struct MuonMomentum : SweepBase<V> {
  using T = typename V::Scalar;
  static constexpr size_t kSlots = 2, kWrites = 3, kSums = 1;
  V momentum, gain;
  bool nesterov;
  MuonMomentum(const T* c, const T*) : momentum(broadcast<V>(c[0])), gain(broadcast<V>(c[1])), nesterov(c[2] != 0) {}
  void operator()(V, V&, V g, V* s, V* terms) const {
    s[0] = add(mul(momentum, s[0]), mul(gain, g));
    s[1] = nesterov ? add(mul(momentum, s[0]), mul(gain, g)) : s[0];
    terms[0] = s[1];
  }
};

// Divides slot 0.
template <class V> struct MuonDivide : SweepBase<V> {
  using T = typename V::Scalar;
  static constexpr size_t kSlots = 1, kWrites = 1;
  static constexpr bool kReadsP = false, kReadsG = false;
  V divisor;
  MuonDivide(const T*, const T* own) : divisor(broadcast<V>(own[0])) {}
  void operator()(V, V&, V, V* s, V*) const { s[0] = div(s[0], divisor); }
};

template <class V> struct MuonApply : SweepBase<V> {
  using T = typename V::Scalar;
  static constexpr size_t kSlots = 1;
  static constexpr bool kReadsG = false, kWritesP = true;
  V rate;
  MuonApply(const T*, const T* own) : rate(broadcast<V>(own[0])) {}
  void operator()(V, V& p, V, V* s, V*) const { p = sub(p, mul(rate, s[0])); }
};
