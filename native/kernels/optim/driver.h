// The loop around every element-wise rule. A rule is a struct over a vector type V with
//   kName, kSlots (count), kSlotNames, kCoefficients, a constructor that broadcasts its coefficients, and
//   void operator()(V& p, V g, V* s) const: one update of the lanes, without FMA, one rounding per operation.
// No include guard: included once per ISA, inside the region.

// sign(0) = 0 of its sign, sign(NaN) = NaN.
template <class V> inline V sign(V x) {
  const V one = broadcast<V>(1), zero = broadcast<V>(0);
  return select(less(zero, x), one, select(less(x, zero), neg(one), mul(x, zero)));
}

// Clamped to [-limit, limit]; NaN stays NaN.
template <class V> inline V clamp(V x, V limit) {
  const V low = neg(limit);
  return select(less(limit, x), limit, select(less(x, low), low, x));
}

template <class V> struct NoPrelude {
  explicit NoPrelude(const typename V::Scalar*) {}
  V operator()(V g, V) const { return g; }
};

template <class V> struct L2Prelude {
  V l2;
  explicit L2Prelude(const typename V::Scalar* c) : l2(broadcast<V>(c[kL2])) {}
  V operator()(V g, V p) const { return add(g, mul(l2, p)); }
};

template <class V> struct FullPrelude {
  V scale, clip, l1, l2;
  explicit FullPrelude(const typename V::Scalar* c)
      : scale(broadcast<V>(c[kScale])), clip(broadcast<V>(c[kClip])), l1(broadcast<V>(c[kL1])), l2(broadcast<V>(c[kL2])) {}
  V operator()(V g, V p) const { return add(add(clamp(mul(g, scale), clip), mul(l2, p)), mul(l1, sign(p))); }
};

template <class Rule, class P> void step_slices(const StepSlice* slices, size_t count, const void* coefficients) {
  using V = typename Rule::Vector;
  using T = typename V::Scalar;
  const T* c = static_cast<const T*>(coefficients);
  const P prelude(c);
  const V keep = broadcast<V>(c[kKeep]);
  const Rule rule(c + kCommonCoefficients);
  for (size_t k = 0; k < count; ++k) {
    const StepSlice& slice = slices[k];
    T* const p = static_cast<T*>(slice.p);
    const T* const g = static_cast<const T*>(slice.g);
    T* slots[Rule::kSlots + 1];
    for (size_t j = 0; j < Rule::kSlots; ++j) slots[j] = static_cast<T*>(slice.slots[j]);
    const size_t n = slice.count;
    size_t i = 0;
    for (; i + V::kLanes <= n; i += V::kLanes) {
      V s[Rule::kSlots + 1];
      for (size_t j = 0; j < Rule::kSlots; ++j) s[j] = load<V>(slots[j] + i);
      V x = load<V>(p + i);
      const V gradient = prelude(load<V>(g + i), x);
      x = mul(x, keep);
      rule(x, gradient, s);
      for (size_t j = 0; j < Rule::kSlots; ++j) store(slots[j] + i, s[j]);
      store(p + i, x);
    }
    if (i < n) {
      const size_t rest = n - i;
      V s[Rule::kSlots + 1];
      for (size_t j = 0; j < Rule::kSlots; ++j) s[j] = load_n<V>(slots[j] + i, rest);
      V x = load_n<V>(p + i, rest);
      const V gradient = prelude(load_n<V>(g + i, rest), x);
      x = mul(x, keep);
      rule(x, gradient, s);
      for (size_t j = 0; j < Rule::kSlots; ++j) store_n(slots[j] + i, s[j], rest);
      store_n(p + i, x, rest);
    }
  }
}
