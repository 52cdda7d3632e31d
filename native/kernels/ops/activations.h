// Activations that are evaluated in float64 and rounded once (math.h), for the element-wise operations and for the
// epilogue of matrix multiply. No include guard: included once, inside the region.

// y = f(x) over n elements; x and y may be equal.
template <class V, class F>
inline void map1(size_t n, const typename V::Scalar* x, typename V::Scalar* y, F f) {
  size_t i = 0;
  for (; i + V::kLanes <= n; i += V::kLanes) store(y + i, f(load<V>(x + i)));
  if (i < n) store_n(y + i, f(load_n<V>(x + i, n - i)), n - i);
}

// f in float64, for lanes of either type.
template <class V, class F>
struct Widened {
  F f;
  V operator()(V x) const { return widened(f, x); }
  V operator()(V x, V y) const { return widened(f, x, y); }
};

struct Silu64 { VecF64 operator()(VecF64 x) const { return mul(x, sigmoid64(x)); } };
struct Gelu64 {
  VecF64 operator()(VecF64 x) const {
    return mul(mul(k64(0.5), x), add(k64(1.0), erf64(mul(x, k64(0.7071067811865476)))));
  }
};
inline VecF64 gelu_inner(VecF64 x) {
  return mul(k64(0.7978845608028654), add(x, mul(k64(0.044715), mul(x, mul(x, x)))));
}
struct GeluTanh64 {
  VecF64 operator()(VecF64 x) const { return mul(mul(k64(0.5), x), add(k64(1.0), tanh64(gelu_inner(x)))); }
};
struct Sigmoid64 { VecF64 operator()(VecF64 x) const { return sigmoid64(x); } };
struct Tanh64 { VecF64 operator()(VecF64 x) const { return tanh64(x); } };
