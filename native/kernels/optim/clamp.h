// Sign and clamp as the optimizers and the gradient tools define them. No include guard: included once per ISA, inside the
// region.

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
