// Sums of one block in the contract's order (NUMERICS, Reductions): 32 float64 lanes, element i in lane i mod 32, lanes
// combined at distance 16, 8, 4, 2, 1. The caller adds the blocks (kReduceBlock elements each, the last shorter) in
// ascending order, so neither threads nor ISA change bits. Twin of src/backend/reference/reduce.ts.
// Arrays may have any alignment; count 0 gives +0. No include guard: included once, inside the region.

// 32 running sums in registers. A fused kernel keeps one of these beside its own work.
struct LaneSums {
  static constexpr size_t kLanes = 32;
  static constexpr size_t kRegisters = kLanes / VecF64::kLanes;
  VecF64 sums[kRegisters];

  inline void clear() {
    for (size_t r = 0; r < kRegisters; ++r) sums[r] = broadcast<VecF64>(0.0);
  }
  // The total; lanes at distance 16, 8, 4, 2, 1.
  inline double combine() const {
    double lane[kLanes];
    for (size_t r = 0; r < kRegisters; ++r) store(lane + r * VecF64::kLanes, sums[r]);
    for (size_t distance = kLanes / 2; distance > 0; distance /= 2) {
      for (size_t i = 0; i < distance; ++i) lane[i] += lane[i + distance];
    }
    return lane[0];
  }
  // Adds term(x) of the vector whose first element has index `position` modulo 32; absent lanes must give terms of +0.
  template <class Term> inline void add_term(size_t position, VecF64 x, const Term& term) {
    VecF64& sum = sums[position / VecF64::kLanes];
    sum = add(sum, term(x));
  }
  template <class Term, class V32> inline void add_wide(size_t position, V32 x, const Term& term) {
    add_term(position, widen_low(x), term);
    if constexpr (V32::kLanes > VecF64::kLanes) add_term(position + VecF64::kLanes, widen_high(x), term);
  }
  template <class Term> inline void add_term(size_t position, VecF32 x, const Term& term) { add_wide(position, x, term); }
};

// Terms: functors over VecF64. term(0) must be +0.
struct IdentityTerm {
  inline VecF64 operator()(VecF64 x) const { return x; }
};
struct SquareTerm {
  inline VecF64 operator()(VecF64 x) const { return mul(x, x); }
};

// One block: count at most kReduceBlock.
template <class V, class Term> inline double reduce_block(const typename V::Scalar* x, size_t count, const Term& term) {
  LaneSums sums;
  sums.clear();
  size_t i = 0;
  for (; i + LaneSums::kLanes <= count; i += LaneSums::kLanes) {
    for (size_t p = 0; p < LaneSums::kLanes; p += V::kLanes) sums.add_term(p, load<V>(x + i + p), term);
  }
  for (size_t p = 0; i + p < count; p += V::kLanes) {
    const size_t rest = count - i - p;
    sums.add_term(p, rest >= V::kLanes ? load<V>(x + i + p) : load_n<V>(x + i + p, rest), term);
  }
  return sums.combine();
}

template <class V, class Term> void reduce_blocks(const typename V::Scalar* x, size_t count, double* block_sums) {
  const Term term{};
  for (size_t start = 0, b = 0; start < count; start += kReduceBlock, ++b) {
    const size_t rest = count - start;
    block_sums[b] = reduce_block<V, Term>(x + start, rest < kReduceBlock ? rest : kReduceBlock, term);
  }
}
