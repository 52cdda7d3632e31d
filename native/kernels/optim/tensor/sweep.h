// The loop around every sweep: one pass over a run of elements that may change state and parameter and sums squares on
// the way. A sweep is a struct over a vector type V with
//   kSlots, kWrites (bit j: slot j is stored), kReadsP, kReadsG, kWritesP, kSums (0 to 2),
//   a constructor from the rule's coefficients and those of the tensor, and
//   void operator()(V x, V& p, V g, V* s, V* terms) const: x the parameter as it is, p after decoupled decay, g the
//   prepared gradient, terms[k] what sum k adds the square of. No FMA, one rounding per operation.
// No include guard: included once per ISA, inside the region.

template <class V, bool kWhole> inline V sweep_load(const typename V::Scalar* p, size_t rest) {
  if constexpr (kWhole) return load<V>(p);
  return load_n<V>(p, rest);
}
template <bool kWhole, class V> inline void sweep_store(typename V::Scalar* p, V v, size_t rest) {
  if constexpr (kWhole) {
    store(p, v);
  } else {
    store_n(p, v, rest);
  }
}

// The first n lanes, +0 in the others: what a sum may see of a tail.
template <class V> inline V first_lanes(V v, size_t n) {
  typename V::Scalar lanes[V::kLanes];
  store(lanes, v);
  return load_n<V>(lanes, n);
}

template <class S, class P, bool kWhole>
inline void sweep_lanes(const S& rule, const P& prelude, typename S::Vector keep, const SweepSlice& slice, size_t i, size_t rest,
                        size_t position, LaneSums* sums) {
  using V = typename S::Vector;
  using T = typename V::Scalar;
  V s[S::kSlots + 1], terms[S::kSums + 1];
  for (size_t j = 0; j < S::kSlots; ++j) s[j] = sweep_load<V, kWhole>(static_cast<T*>(slice.slots[j]) + i, rest);
  V x = broadcast<V>(0), g = x;
  if constexpr (S::kReadsP || S::kReadsG) x = sweep_load<V, kWhole>(static_cast<T*>(slice.p) + i, rest);
  if constexpr (S::kReadsG) g = prelude(sweep_load<V, kWhole>(static_cast<const T*>(slice.g) + i, rest), x);
  V p = mul(x, keep);
  rule(x, p, g, s, terms);
  for (size_t j = 0; j < S::kSlots; ++j) {
    if (S::kWrites >> j & 1) sweep_store<kWhole>(static_cast<T*>(slice.slots[j]) + i, s[j], rest);
  }
  if constexpr (S::kWritesP) sweep_store<kWhole>(static_cast<T*>(slice.p) + i, p, rest);
  for (size_t k = 0; k < S::kSums; ++k) {
    sums[k].add_term(position, kWhole ? terms[k] : first_lanes(terms[k], rest), SquareTerm{});
  }
}

template <class S, class P> void sweep(const SweepSlice& slice, const void* coefficients) {
  using V = typename S::Vector;
  using T = typename V::Scalar;
  const T* c = static_cast<const T*>(coefficients);
  const P prelude(c);
  const V keep = broadcast<V>(c[kKeep]);
  const S rule(c + kCommonCoefficients, static_cast<const T*>(slice.own));
  for (size_t start = 0, b = 0; start < slice.count; start += kReduceBlock, ++b) {
    const size_t end = slice.count - start < kReduceBlock ? slice.count : start + kReduceBlock;
    LaneSums sums[S::kSums + 1];
    for (size_t k = 0; k < S::kSums; ++k) sums[k].clear();
    size_t i = start;
    for (; i + LaneSums::kLanes <= end; i += LaneSums::kLanes) {
      for (size_t at = 0; at < LaneSums::kLanes; at += V::kLanes) {
        sweep_lanes<S, P, true>(rule, prelude, keep, slice, i + at, 0, at, sums);
      }
    }
    for (size_t at = 0; i + at < end; at += V::kLanes) {
      const size_t rest = end - i - at;
      if (rest >= V::kLanes) {
        sweep_lanes<S, P, true>(rule, prelude, keep, slice, i + at, 0, at, sums);
      } else {
        sweep_lanes<S, P, false>(rule, prelude, keep, slice, i + at, rest, at, sums);
      }
    }
    for (size_t k = 0; k < S::kSums; ++k) slice.sums[k][b] = sums[k].combine();
  }
}

// Defaults of the constants; a sweep overrides what it needs.
template <class V> struct SweepBase {
  using Vector = V;
  static constexpr size_t kSlots = 0, kWrites = 0, kSums = 0;
  static constexpr bool kReadsP = true, kReadsG = true, kWritesP = false;
};

template <template <class> class S> constexpr Sweep sweep_row() {
  using F = VecF32;
  using D = VecF64;
  return {{sweep<S<F>, NoPrelude<F>>, sweep<S<F>, L2Prelude<F>>, sweep<S<F>, FullPrelude<F>>},
          {sweep<S<D>, NoPrelude<D>>, sweep<S<D>, L2Prelude<D>>, sweep<S<D>, FullPrelude<D>>}};
}

// A sweep that sees no gradient needs no prelude.
template <template <class> class S> constexpr Sweep plain_sweep_row() {
  constexpr SweepKernel f32 = sweep<S<VecF32>, NoPrelude<VecF32>>, f64 = sweep<S<VecF64>, NoPrelude<VecF64>>;
  return {{f32, f32, f32}, {f64, f64, f64}};
}
