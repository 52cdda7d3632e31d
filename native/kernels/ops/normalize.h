// Layer normalisation (rows) and batch normalisation (columns) with their gradients, in float64, rounded once.
// Statistics are computed again in the backward pass: cheaper than keeping them in float64.
// No include guard: included once, inside the region.

struct Moments {
  double mean;
  double inverse;  // 1 / √(variance + ε)
};

template <class T>
inline Moments row_moments(size_t n, const T* x, double epsilon) {
  const double count = static_cast<double>(n);
  const double mean = sum_terms(n, Plain<T>{x}) / count;
  const double variance = sum_terms(n, SquaredDeviations<T>{x, k64(mean)}) / count;
  return {mean, 1.0 / __builtin_sqrt(variance + epsilon)};
}

// y = ((x − mean)·inverse)·γ + β over each row.
template <class V>
void layer_norm(size_t rows, size_t cols, const typename V::Scalar* x, const typename V::Scalar* gamma,
                const typename V::Scalar* beta, double epsilon, typename V::Scalar* y) {
  for (size_t r = 0; r < rows; ++r, x += cols, y += cols) {
    const Moments m = row_moments(cols, x, epsilon);
    for (size_t i = 0; i < cols; i += kWide) {
      const size_t n = at_most(cols - i, kWide);
      const VecF64 normal = mul(sub(wide_n(x + i, n), k64(m.mean)), k64(m.inverse));
      narrow_store_n(y + i, add(mul(normal, wide_n(gamma + i, n)), wide_n(beta + i, n)), n);
    }
  }
}

template <class T>
struct ScaledGradient {
  const T* gamma;
  const T* dy;
  VecF64 operator()(size_t i, size_t n) const { return mul(wide_n(dy + i, n), wide_n(gamma + i, n)); }
};
template <class T>
struct ScaledGradientTimesNormal {
  const T* gamma;
  const T* dy;
  const T* x;
  Moments m;
  VecF64 normal(size_t i, size_t n) const { return mul(sub(wide_n(x + i, n), k64(m.mean)), k64(m.inverse)); }
  VecF64 operator()(size_t i, size_t n) const {
    return mul(mul(wide_n(dy + i, n), wide_n(gamma + i, n)), normal(i, n));
  }
};

// dx = inverse·(g − mean(g) − x̂·mean(g·x̂)) with g = dy·γ; products = dy·x̂, whose column sums are dγ.
template <class V>
void layer_norm_gradient(size_t rows, size_t cols, const typename V::Scalar* x, const typename V::Scalar* gamma,
                         const typename V::Scalar* dy, double epsilon, typename V::Scalar* dx,
                         typename V::Scalar* products) {
  using T = typename V::Scalar;
  const double count = static_cast<double>(cols);
  for (size_t r = 0; r < rows; ++r, x += cols, dy += cols, dx += cols, products += cols) {
    const Moments m = row_moments(cols, x, epsilon);
    const ScaledGradientTimesNormal<T> weighted{gamma, dy, x, m};
    const VecF64 mean_g = k64(sum_terms(cols, ScaledGradient<T>{gamma, dy}) / count);
    const VecF64 mean_gx = k64(sum_terms(cols, weighted) / count);
    for (size_t i = 0; i < cols; i += kWide) {
      const size_t n = at_most(cols - i, kWide);
      const VecF64 normal = weighted.normal(i, n);
      const VecF64 d = wide_n(dy + i, n);
      const VecF64 g = mul(d, wide_n(gamma + i, n));
      narrow_store_n(dx + i, mul(k64(m.inverse), sub(sub(g, mean_g), mul(normal, mean_gx))), n);
      narrow_store_n(products + i, mul(d, normal), n);
    }
  }
}

struct ColumnMoments {
  VecF64 mean;
  VecF64 variance;  // biased
  VecF64 inverse;
};

template <class T>
inline ColumnMoments column_moments(size_t rows, size_t stride, size_t n, const T* x, double epsilon) {
  const VecF64 count = k64(static_cast<double>(rows));
  VecF64 total = k64(0);
  for (size_t r = 0; r < rows; ++r) total = add(total, wide_n(x + r * stride, n));
  const VecF64 mean = div(total, count);
  VecF64 squares = k64(0);
  for (size_t r = 0; r < rows; ++r) {
    const VecF64 d = sub(wide_n(x + r * stride, n), mean);
    squares = add(squares, mul(d, d));
  }
  const VecF64 variance = div(squares, count);
  return {mean, variance, div(k64(1.0), sqrt(add(variance, k64(epsilon))))};
}

// `cols` columns of a matrix with row stride `stride`: y = ((x − mean)·inverse)·γ + β. Writes the batch's mean and its
// variance with n − 1 (with n where there is one row), for the running statistics.
template <class V>
void batch_norm(size_t rows, size_t cols, size_t stride, const typename V::Scalar* x, const typename V::Scalar* gamma,
                const typename V::Scalar* beta, double epsilon, typename V::Scalar* y, typename V::Scalar* mean,
                typename V::Scalar* variance) {
  const double count = static_cast<double>(rows);
  const VecF64 correction = k64(rows > 1 ? count / (count - 1.0) : 1.0);
  for (size_t c = 0; c < cols; c += kWide) {
    const size_t n = at_most(cols - c, kWide);
    const ColumnMoments m = column_moments(rows, stride, n, x + c, epsilon);
    narrow_store_n(mean + c, m.mean, n);
    narrow_store_n(variance + c, mul(m.variance, correction), n);
    const VecF64 g = wide_n(gamma + c, n), b = wide_n(beta + c, n);
    for (size_t r = 0; r < rows; ++r) {
      const VecF64 normal = mul(sub(wide_n(x + r * stride + c, n), m.mean), m.inverse);
      narrow_store_n(y + r * stride + c, add(mul(normal, g), b), n);
    }
  }
}

// dβ = Σ dy, dγ = Σ dy·x̂, dx = (γ·inverse)·((dy − dβ/rows) − x̂·(dγ/rows)).
template <class V>
void batch_norm_gradient(size_t rows, size_t cols, size_t stride, const typename V::Scalar* x,
                         const typename V::Scalar* gamma, const typename V::Scalar* dy, double epsilon,
                         typename V::Scalar* dx, typename V::Scalar* dgamma, typename V::Scalar* dbeta) {
  const VecF64 count = k64(static_cast<double>(rows));
  for (size_t c = 0; c < cols; c += kWide) {
    const size_t n = at_most(cols - c, kWide);
    const ColumnMoments m = column_moments(rows, stride, n, x + c, epsilon);
    VecF64 sum_dy = k64(0), sum_dyx = k64(0);
    for (size_t r = 0; r < rows; ++r) {
      const VecF64 normal = mul(sub(wide_n(x + r * stride + c, n), m.mean), m.inverse);
      const VecF64 d = wide_n(dy + r * stride + c, n);
      sum_dy = add(sum_dy, d);
      sum_dyx = add(sum_dyx, mul(d, normal));
    }
    narrow_store_n(dbeta + c, sum_dy, n);
    narrow_store_n(dgamma + c, sum_dyx, n);
    const VecF64 factor = mul(wide_n(gamma + c, n), m.inverse);
    const VecF64 mean_dy = div(sum_dy, count), mean_dyx = div(sum_dyx, count);
    for (size_t r = 0; r < rows; ++r) {
      const VecF64 normal = mul(sub(wide_n(x + r * stride + c, n), m.mean), m.inverse);
      const VecF64 d = sub(wide_n(dy + r * stride + c, n), mean_dy);
      narrow_store_n(dx + r * stride + c, mul(factor, sub(d, mul(normal, mean_dyx))), n);
    }
  }
}
