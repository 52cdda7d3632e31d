// ASGD: a the average of the parameter. Twin of src/optim/rules/asgd.ts. No include guard: see driver.h.

template <class V> struct Asgd {
  using Vector = V;
  static constexpr const char* kName = "asgd";
  static constexpr size_t kSlots = 1;
  static constexpr const char* kSlotNames = "a";
  static constexpr const char* kCoefficients = "rate shrink weight";
  V rate, shrink, weight;
  typename V::Mask copies;
  explicit Asgd(const typename V::Scalar* c)
      : rate(broadcast<V>(c[0])), shrink(broadcast<V>(c[1])), weight(broadcast<V>(c[2])),
        copies(equal(broadcast<V>(c[2]), broadcast<V>(1))) {}
  void operator()(V& p, V g, V* s) const {
    p = sub(mul(p, shrink), mul(rate, g));
    s[0] = select(copies, p, add(s[0], mul(sub(p, s[0]), weight)));
  }
};
