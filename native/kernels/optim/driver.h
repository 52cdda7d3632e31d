// The loop around every element-wise rule. A rule is a struct over a vector type V with
//   kName, kSlots (count), kSlotNames, kCoefficients, a constructor that broadcasts its coefficients, and
//   void operator()(V& p, V g, V* s) const: one update of the lanes, without FMA, one rounding per operation.
// A rule with kHistory has a ring of squared gradients as slot 0: the driver puts g² into row `row` and hands the rule the
// sum over the rows, added in ascending order. Where kHistory is true the ring holds gradients: the rule gets the sum of their
// squares as s[0] and their own sum as s[kSlots].
// No include guard: included once per ISA, inside the region.

#include "kernels/optim/clamp.h"

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

// A whole vector, or the first `rest` lanes.
template <class V, bool kWhole> inline V load_lanes(const typename V::Scalar* p, size_t rest) {
  if constexpr (kWhole) return load<V>(p);
  return load_n<V>(p, rest);
}
template <bool kWhole, class V> inline void store_lanes(typename V::Scalar* p, V v, size_t rest) {
  if constexpr (kWhole) {
    store(p, v);
  } else {
    store_n(p, v, rest);
  }
}

template <bool kWhole, class V> inline V history_sum(typename V::Scalar* ring, const StepSlice& slice, size_t row, V g, size_t rest) {
  store_lanes<kWhole>(ring + row * slice.stride, mul(g, g), rest);
  V sum = load_lanes<V, kWhole>(ring, rest);
  for (size_t k = 1; k < slice.rows; ++k) sum = add(sum, load_lanes<V, kWhole>(ring + k * slice.stride, rest));
  return sum;
}

// What arithmetic takes x for: a float32 subnormal is zero of its sign. (Compilers make x of x·1.)
template <class V> inline V counted(V x) {
  if constexpr (sizeof(typename V::Scalar) == 8) return x;
  return select(less(abs(x), broadcast<V>(1.17549435e-38f)), mul(x, broadcast<V>(0)), x);
}

// The same with a ring of gradients: `sum` receives their sum, the result is that of their squares.
template <bool kWhole, class V>
inline V history_sums(typename V::Scalar* ring, const StepSlice& slice, size_t row, V g, size_t rest, V& sum) {
  store_lanes<kWhole>(ring + row * slice.stride, counted(g), rest);
  sum = load_lanes<V, kWhole>(ring, rest);
  V squares = mul(sum, sum);
  for (size_t k = 1; k < slice.rows; ++k) {
    const V x = load_lanes<V, kWhole>(ring + k * slice.stride, rest);
    squares = add(squares, mul(x, x));
    sum = add(sum, x);
  }
  return squares;
}

// What the driver makes of a rule's ring, where it has one.
template <class Rule, bool kWhole, class V>
inline void fill_history(const Rule& rule, V* s, typename V::Scalar* ring, const StepSlice& slice, V g, size_t rest) {
  const size_t row = rule.row % slice.rows;
  if constexpr (Rule::kHistory) {
    s[0] = history_sums<kWhole>(ring, slice, row, g, rest, s[Rule::kSlots]);
  } else {
    s[0] = history_sum<kWhole>(ring, slice, row, g, rest);
  }
}

template <class Rule, class P, bool kWhole>
inline void step_lanes(const Rule& rule, const P& prelude, typename Rule::Vector keep, const StepSlice& slice,
                       typename Rule::Vector::Scalar* const* slots, size_t i, size_t rest) {
  using V = typename Rule::Vector;
  using T = typename V::Scalar;
  constexpr bool kHistory = requires { Rule::kHistory; };
  constexpr size_t kFirst = kHistory ? 1 : 0;
  T* const p = static_cast<T*>(slice.p) + i;
  V s[Rule::kSlots + 1];
  for (size_t j = kFirst; j < Rule::kSlots; ++j) s[j] = load_lanes<V, kWhole>(slots[j] + i, rest);
  V x = load_lanes<V, kWhole>(p, rest);
  const V gradient = prelude(load_lanes<V, kWhole>(static_cast<const T*>(slice.g) + i, rest), x);
  if constexpr (kHistory) fill_history<Rule, kWhole>(rule, s, slots[0] + i, slice, gradient, rest);
  x = mul(x, keep);
  rule(x, gradient, s);
  for (size_t j = kFirst; j < Rule::kSlots; ++j) store_lanes<kWhole>(slots[j] + i, s[j], rest);
  store_lanes<kWhole>(p, x, rest);
}

template <class Rule, class P> void step_slices(const StepSlice* slices, size_t count, const void* coefficients) {
  using V = typename Rule::Vector;
  using T = typename V::Scalar;
  const T* c = static_cast<const T*>(coefficients);
  const P prelude(c);
  const V keep = broadcast<V>(c[kKeep]);
  const Rule rule(c + kCommonCoefficients);
  for (size_t k = 0; k < count; ++k) {
    const StepSlice& slice = slices[k];
    T* slots[Rule::kSlots + 1];
    for (size_t j = 0; j < Rule::kSlots; ++j) slots[j] = static_cast<T*>(slice.slots[j]);
    size_t i = 0;
    for (; i + V::kLanes <= slice.count; i += V::kLanes) step_lanes<Rule, P, true>(rule, prelude, keep, slice, slots, i, 0);
    if (i < slice.count) step_lanes<Rule, P, false>(rule, prelude, keep, slice, slots, i, slice.count - i);
  }
}
