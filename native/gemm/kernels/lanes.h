// Operations on some lanes of a register, for ISAs whose instructions take no masks: AVX-512 brings its own with
// isa/avx512/combine.h. Included inside an ISA's region.

// a * b + c in the first n lanes, c in the others.
template <class V>
inline V fma_first(V a, V b, V c, size_t n) noexcept {
  using T = typename V::Scalar;
  constexpr T kIndex[8] = {0, 1, 2, 3, 4, 5, 6, 7};
  return select(less(load<V>(kIndex), broadcast<V>(static_cast<T>(n))), fma(a, b, c), c);
}

// Lanes kFirst to kEnd - 1 to p[0 ..].
template <size_t kFirst, size_t kEnd, class V>
inline __attribute__((always_inline)) void store_lanes(typename V::Scalar* p, V a) {
  if constexpr (kEnd - kFirst == V::kLanes) {
    store(p, a);
  } else {
    typename V::Scalar lane[V::kLanes];
    store(lane, a);
    DOWNHILL_UNROLL
    for (size_t i = kFirst; i < kEnd; ++i) p[i - kFirst] = lane[i];
  }
}
