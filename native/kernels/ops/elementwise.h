// Element-wise operations: y = f(x), dx = f'(saved)·dy, c = a ∘ b with either side one scalar, and selections.
// Any pointers may be equal (in place); otherwise ranges do not overlap. n = 0 does nothing; tails use partial loads.
// No include guard: included once, inside the region.

template <class V, class F>
inline void map2(size_t n, const typename V::Scalar* a, const typename V::Scalar* b, typename V::Scalar* y, F f) {
  size_t i = 0;
  for (; i + V::kLanes <= n; i += V::kLanes) store(y + i, f(load<V>(a + i), load<V>(b + i)));
  if (i < n) store_n(y + i, f(load_n<V>(a + i, n - i), load_n<V>(b + i, n - i)), n - i);
}

// Moves and sign operations stay in the element type: they keep the bits of subnormals.
template <class V> struct Relu { V operator()(V x) const { return maximum(broadcast<V>(0), x); } };
template <class V> struct Abs { V operator()(V x) const { return abs(x); } };
template <class V> struct Negate { V operator()(V x) const { return neg(x); } };
template <class V> struct Copy { V operator()(V x) const { return x; } };
template <class V> struct Square { V operator()(V x) const { return mul(x, x); } };
template <class V> struct Sqrt { V operator()(V x) const { return sqrt(x); } };
template <class V> struct Reciprocal { V operator()(V x) const { return div(broadcast<V>(1), x); } };
template <class V> struct Scale { V a; V operator()(V x) const { return mul(x, a); } };
template <class V> struct Offset { V a; V operator()(V x) const { return add(x, a); } };
template <class V> struct LeakyRelu {
  V a;
  V operator()(V x) const { return select(less(broadcast<V>(0), x), x, mul(x, a)); }
};

// The rest is evaluated in float64 and rounded once.
struct Elu64 {
  VecF64 a;
  VecF64 operator()(VecF64 x) const { return select(less(k64(0), x), x, mul(a, expm1_64(x))); }
};
struct Softplus64 {
  VecF64 operator()(VecF64 x) const { return add(maximum(k64(0), x), log1p_64(exp64(neg(abs(x))))); }
};
struct Exp64 { VecF64 operator()(VecF64 x) const { return exp64(x); } };
struct Log64 { VecF64 operator()(VecF64 x) const { return log64(x); } };
struct Log1p64 { VecF64 operator()(VecF64 u) const { return log1p_64(u); } };

template <class V>
void unary(int kind, size_t n, const typename V::Scalar* x, typename V::Scalar* y, double alpha) {
  using T = typename V::Scalar;
  const V a = broadcast<V>(static_cast<T>(alpha));
  const VecF64 wide = k64(static_cast<T>(alpha));
  switch (static_cast<UnaryKind>(kind)) {
    case UnaryKind::relu: return map1<V>(n, x, y, Relu<V>{});
    case UnaryKind::leakyRelu: return map1<V>(n, x, y, LeakyRelu<V>{a});
    case UnaryKind::elu: return map1<V>(n, x, y, Widened<V, Elu64>{{wide}});
    case UnaryKind::silu: return map1<V>(n, x, y, Widened<V, Silu64>{});
    case UnaryKind::gelu: return map1<V>(n, x, y, Widened<V, Gelu64>{});
    case UnaryKind::geluTanh: return map1<V>(n, x, y, Widened<V, GeluTanh64>{});
    case UnaryKind::sigmoid: return map1<V>(n, x, y, Widened<V, Sigmoid64>{});
    case UnaryKind::tanh: return map1<V>(n, x, y, Widened<V, Tanh64>{});
    case UnaryKind::softplus: return map1<V>(n, x, y, Widened<V, Softplus64>{});
    case UnaryKind::exp: return map1<V>(n, x, y, Widened<V, Exp64>{});
    case UnaryKind::log: return map1<V>(n, x, y, Widened<V, Log64>{});
    case UnaryKind::sqrt: return map1<V>(n, x, y, Sqrt<V>{});
    case UnaryKind::square: return map1<V>(n, x, y, Square<V>{});
    case UnaryKind::abs: return map1<V>(n, x, y, Abs<V>{});
    case UnaryKind::negate: return map1<V>(n, x, y, Negate<V>{});
    case UnaryKind::reciprocal: return map1<V>(n, x, y, Reciprocal<V>{});
    case UnaryKind::scale: return map1<V>(n, x, y, Scale<V>{a});
    case UnaryKind::offset: return map1<V>(n, x, y, Offset<V>{a});
    case UnaryKind::log1p: return map1<V>(n, x, y, Widened<V, Log1p64>{});
    case UnaryKind::copy: return map1<V>(n, x, y, Copy<V>{});
    case UnaryKind::count: return;
  }
}

// Gradients take what the forward pass saved (s: its output for relu, sigmoid, tanh, exp and sqrt, else its input) and dy.
template <class V> struct ReluGrad {
  V operator()(V s, V dy) const { return select(less(broadcast<V>(0), s), dy, broadcast<V>(0)); }
};
template <class V> struct LeakyReluGrad {
  V a;
  V operator()(V s, V dy) const { return select(less(broadcast<V>(0), s), dy, mul(dy, a)); }
};
template <class V> struct AbsGrad {
  V operator()(V s, V dy) const {
    const V zero = broadcast<V>(0);
    return select(less(zero, s), dy, select(less(s, zero), neg(dy), zero));
  }
};
struct EluGrad64 {
  VecF64 a;
  VecF64 operator()(VecF64 s, VecF64 dy) const { return mul(dy, select(less(k64(0), s), k64(1.0), mul(a, exp64(s)))); }
};
struct SiluGrad64 {
  VecF64 operator()(VecF64 s, VecF64 dy) const {
    const VecF64 g = sigmoid64(s);
    return mul(dy, mul(g, add(k64(1.0), mul(s, sub(k64(1.0), g)))));
  }
};
struct GeluGrad64 {
  VecF64 operator()(VecF64 s, VecF64 dy) const {
    const VecF64 phi = mul(k64(0.5), add(k64(1.0), erf64(mul(s, k64(0.7071067811865476)))));
    const VecF64 density = mul(k64(0.3989422804014327), exp64(mul(k64(-0.5), mul(s, s))));
    return mul(dy, add(phi, mul(s, density)));
  }
};
struct GeluTanhGrad64 {
  VecF64 operator()(VecF64 s, VecF64 dy) const {
    const VecF64 t = tanh64(gelu_inner(s));
    const VecF64 slope = mul(k64(0.7978845608028654), add(k64(1.0), mul(k64(0.134145), mul(s, s))));
    const VecF64 tail = mul(mul(k64(0.5), s), mul(sub(k64(1.0), mul(t, t)), slope));
    return mul(dy, add(mul(k64(0.5), add(k64(1.0), t)), tail));
  }
};
struct SigmoidGrad64 {
  VecF64 operator()(VecF64 s, VecF64 dy) const { return mul(dy, mul(s, sub(k64(1.0), s))); }
};
struct TanhGrad64 {
  VecF64 operator()(VecF64 s, VecF64 dy) const { return mul(dy, sub(k64(1.0), mul(s, s))); }
};
struct SoftplusGrad64 { VecF64 operator()(VecF64 s, VecF64 dy) const { return mul(dy, sigmoid64(s)); } };
struct ExpGrad64 { VecF64 operator()(VecF64 s, VecF64 dy) const { return mul(dy, s); } };
struct LogGrad64 { VecF64 operator()(VecF64 s, VecF64 dy) const { return div(dy, s); } };
struct Log1pGrad64 { VecF64 operator()(VecF64 s, VecF64 dy) const { return div(dy, add(k64(1.0), s)); } };
struct SqrtGrad64 { VecF64 operator()(VecF64 s, VecF64 dy) const { return div(dy, mul(k64(2.0), s)); } };
struct SquareGrad64 { VecF64 operator()(VecF64 s, VecF64 dy) const { return mul(dy, mul(k64(2.0), s)); } };
struct ReciprocalGrad64 { VecF64 operator()(VecF64 s, VecF64 dy) const { return neg(div(dy, mul(s, s))); } };
struct ScaleGrad64 { VecF64 a; VecF64 operator()(VecF64, VecF64 dy) const { return mul(dy, a); } };
template <class V> struct Second { V operator()(V, V dy) const { return dy; } };
template <class V> struct NegateGrad { V operator()(V, V dy) const { return neg(dy); } };

template <class V>
void unary_gradient(int kind, size_t n, const typename V::Scalar* s, const typename V::Scalar* dy,
                    typename V::Scalar* dx, double alpha) {
  using T = typename V::Scalar;
  const V a = broadcast<V>(static_cast<T>(alpha));
  const VecF64 wide = k64(static_cast<T>(alpha));
  switch (static_cast<UnaryKind>(kind)) {
    case UnaryKind::relu: return map2<V>(n, s, dy, dx, ReluGrad<V>{});
    case UnaryKind::leakyRelu: return map2<V>(n, s, dy, dx, LeakyReluGrad<V>{a});
    case UnaryKind::elu: return map2<V>(n, s, dy, dx, Widened<V, EluGrad64>{{wide}});
    case UnaryKind::silu: return map2<V>(n, s, dy, dx, Widened<V, SiluGrad64>{});
    case UnaryKind::gelu: return map2<V>(n, s, dy, dx, Widened<V, GeluGrad64>{});
    case UnaryKind::geluTanh: return map2<V>(n, s, dy, dx, Widened<V, GeluTanhGrad64>{});
    case UnaryKind::sigmoid: return map2<V>(n, s, dy, dx, Widened<V, SigmoidGrad64>{});
    case UnaryKind::tanh: return map2<V>(n, s, dy, dx, Widened<V, TanhGrad64>{});
    case UnaryKind::softplus: return map2<V>(n, s, dy, dx, Widened<V, SoftplusGrad64>{});
    case UnaryKind::exp: return map2<V>(n, s, dy, dx, Widened<V, ExpGrad64>{});
    case UnaryKind::log: return map2<V>(n, s, dy, dx, Widened<V, LogGrad64>{});
    case UnaryKind::sqrt: return map2<V>(n, s, dy, dx, Widened<V, SqrtGrad64>{});
    case UnaryKind::square: return map2<V>(n, s, dy, dx, Widened<V, SquareGrad64>{});
    case UnaryKind::abs: return map2<V>(n, s, dy, dx, AbsGrad<V>{});
    case UnaryKind::negate: return map2<V>(n, s, dy, dx, NegateGrad<V>{});
    case UnaryKind::reciprocal: return map2<V>(n, s, dy, dx, Widened<V, ReciprocalGrad64>{});
    case UnaryKind::scale: return map2<V>(n, s, dy, dx, Widened<V, ScaleGrad64>{{wide}});
    case UnaryKind::offset: return map2<V>(n, s, dy, dx, Second<V>{});
    case UnaryKind::log1p: return map2<V>(n, s, dy, dx, Widened<V, Log1pGrad64>{});
    case UnaryKind::copy: return map2<V>(n, s, dy, dx, Second<V>{});
    case UnaryKind::count: return;
  }
}

template <class V> struct Add { V operator()(V a, V b) const { return add(a, b); } };
template <class V> struct Subtract { V operator()(V a, V b) const { return sub(a, b); } };
template <class V> struct Multiply { V operator()(V a, V b) const { return mul(a, b); } };
template <class V> struct Divide { V operator()(V a, V b) const { return div(a, b); } };
template <class V> struct Maximum { V operator()(V a, V b) const { return maximum(a, b); } };
template <class V> struct Minimum { V operator()(V a, V b) const { return minimum(a, b); } };
template <class V, class F> struct WithLeft { F f; V a; V operator()(V b) const { return f(a, b); } };
template <class V, class F> struct WithRight { F f; V b; V operator()(V a) const { return f(a, b); } };

template <class V, class F>
void binary_with(F f, size_t n, const typename V::Scalar* a, bool a_scalar, const typename V::Scalar* b, bool b_scalar,
                 typename V::Scalar* c) {
  if (a_scalar && n > 0) return map1<V>(n, b, c, WithLeft<V, F>{f, broadcast<V>(*a)});
  if (b_scalar && n > 0) return map1<V>(n, a, c, WithRight<V, F>{f, broadcast<V>(*b)});
  map2<V>(n, a, b, c, f);
}

// One row of c = a ∘ b; a side marked scalar is one element for the whole row (not both).
template <class V>
void binary(int kind, size_t n, const typename V::Scalar* a, bool a_scalar, const typename V::Scalar* b, bool b_scalar,
            typename V::Scalar* c) {
  switch (static_cast<BinaryKind>(kind)) {
    case BinaryKind::add: return binary_with<V>(Add<V>{}, n, a, a_scalar, b, b_scalar, c);
    case BinaryKind::subtract: return binary_with<V>(Subtract<V>{}, n, a, a_scalar, b, b_scalar, c);
    case BinaryKind::multiply: return binary_with<V>(Multiply<V>{}, n, a, a_scalar, b, b_scalar, c);
    case BinaryKind::divide: return binary_with<V>(Divide<V>{}, n, a, a_scalar, b, b_scalar, c);
    case BinaryKind::maximum: return binary_with<V>(Maximum<V>{}, n, a, a_scalar, b, b_scalar, c);
    case BinaryKind::minimum: return binary_with<V>(Minimum<V>{}, n, a, a_scalar, b, b_scalar, c);
    case BinaryKind::count: return;
  }
}

// out = a > b ? c : 0, or the other way round (the gradients of maximum and minimum).
template <class V>
void mask_greater(bool inverted, size_t n, const typename V::Scalar* a, const typename V::Scalar* b,
                  const typename V::Scalar* c, typename V::Scalar* out) {
  const V zero = broadcast<V>(0);
  for (size_t i = 0; i < n; i += V::kLanes) {
    const size_t count = n - i < V::kLanes ? n - i : V::kLanes;
    const auto greater = less(load_n<V>(b + i, count), load_n<V>(a + i, count));
    const V kept = load_n<V>(c + i, count);
    store_n(out + i, inverted ? select(greater, zero, kept) : select(greater, kept, zero), count);
  }
}

// y = y·decay + x·weight in three roundings: running statistics, and gradients averaged over parts.
template <class V>
void blend(size_t n, typename V::Scalar* y, typename V::Scalar decay, const typename V::Scalar* x,
           typename V::Scalar weight) {
  const V d = broadcast<V>(decay), w = broadcast<V>(weight);
  for (size_t i = 0; i < n; i += V::kLanes) {
    const size_t count = n - i < V::kLanes ? n - i : V::kLanes;
    store_n(y + i, add(mul(load_n<V>(y + i, count), d), mul(load_n<V>(x + i, count), w)), count);
  }
}

// out[r][c] = x[r]·y[c] for a row of the product xᵀ·y with one k: an FMA onto +0, as gemm starts its chains.
template <class V> struct Outer {
  V a;
  V operator()(V b) const { return fma(a, b, broadcast<V>(0)); }
};
template <class V>
void outer(size_t rows, size_t cols, const typename V::Scalar* x, const typename V::Scalar* y, typename V::Scalar* out) {
  for (size_t r = 0; r < rows; ++r) map1<V>(cols, y, out + r * cols, Outer<V>{broadcast<V>(x[r])});
}
