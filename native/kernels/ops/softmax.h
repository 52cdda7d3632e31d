// Row-wise softmax, its gradient, and softmax fused with cross-entropy. Everything is evaluated in float64 from the
// elements and rounded once. Any NaN in a row makes the whole row NaN, so the order of the maximum does not show.
// No include guard: included once, inside the region.

// Exponentials of a row are kept between the two passes up to this length and computed again beyond it.
constexpr size_t kKeptRow = 512;

template <class T>
inline double row_maximum(size_t n, const T* x) {
  VecF64 best = k64(static_cast<double>(x[0]));
  size_t i = 0;
  for (; i + kWide <= n; i += kWide) best = maximum(wide_n(x + i, kWide), best);
  double lanes[kWide];
  store(lanes, best);
  for (size_t l = 1; l < kWide; ++l) lanes[0] = lanes[l] > lanes[0] ? lanes[l] : lanes[0];
  for (; i < n; ++i) lanes[0] = static_cast<double>(x[i]) > lanes[0] ? static_cast<double>(x[i]) : lanes[0];
  return lanes[0];
}

template <class T>
struct Exponentials {
  const T* x;
  VecF64 maximum;
  double* kept;  // or null
  VecF64 operator()(size_t i, size_t n) const {
    const VecF64 e = exp64(sub(wide_n(x + i, n), maximum));
    if (kept) store_n(kept + i, e, n);
    return e;
  }
};

template <class T>
struct Row {
  const T* x;
  size_t n;
  double maximum;
  double sum;
  double inverse;  // 1 / sum
  double* kept;
  double buffer[kKeptRow];

  void read(const T* row, size_t cols) {
    x = row;
    n = cols;
    kept = cols <= kKeptRow ? buffer : nullptr;
    maximum = row_maximum(cols, row);
    sum = sum_terms(cols, Exponentials<T>{row, k64(maximum), kept});
    inverse = 1.0 / sum;
  }
  VecF64 probability(size_t i, size_t count) const {
    const VecF64 e = kept ? load_n<VecF64>(kept + i, count) : exp64(sub(wide_n(x + i, count), k64(maximum)));
    return mul(e, k64(inverse));
  }
  double log_sum() const {
    double lanes[kWide];
    store(lanes, log64(k64(sum)));
    return lanes[0] + maximum;
  }
};

template <class V>
void softmax(size_t rows, size_t cols, const typename V::Scalar* x, typename V::Scalar* y) {
  Row<typename V::Scalar> row;
  for (size_t r = 0; r < rows; ++r, x += cols, y += cols) {
    row.read(x, cols);
    for (size_t i = 0; i < cols; i += kWide) {
      const size_t count = at_most(cols - i, kWide);
      narrow_store_n(y + i, row.probability(i, count), count);
    }
  }
}

template <class V>
void log_softmax(size_t rows, size_t cols, const typename V::Scalar* x, typename V::Scalar* y) {
  Row<typename V::Scalar> row;
  for (size_t r = 0; r < rows; ++r, x += cols, y += cols) {
    row.read(x, cols);
    const VecF64 log_sum = k64(row.log_sum());
    for (size_t i = 0; i < cols; i += kWide) {
      const size_t count = at_most(cols - i, kWide);
      narrow_store_n(y + i, sub(wide_n(x + i, count), log_sum), count);
    }
  }
}

// dx = y·(dy − Σ y·dy).
template <class V>
void softmax_gradient(size_t rows, size_t cols, const typename V::Scalar* y, const typename V::Scalar* dy,
                      typename V::Scalar* dx) {
  using T = typename V::Scalar;
  for (size_t r = 0; r < rows; ++r, y += cols, dy += cols, dx += cols) {
    const VecF64 dot = k64(sum_terms(cols, Products<T>{y, dy}));
    for (size_t i = 0; i < cols; i += kWide) {
      const size_t count = at_most(cols - i, kWide);
      narrow_store_n(dx + i, mul(wide_n(y + i, count), sub(wide_n(dy + i, count), dot)), count);
    }
  }
}

// dx = dy − exp(y)·Σ dy.
template <class V>
void log_softmax_gradient(size_t rows, size_t cols, const typename V::Scalar* y, const typename V::Scalar* dy,
                          typename V::Scalar* dx) {
  using T = typename V::Scalar;
  for (size_t r = 0; r < rows; ++r, y += cols, dy += cols, dx += cols) {
    const VecF64 total = k64(sum_terms(cols, Plain<T>{dy}));
    for (size_t i = 0; i < cols; i += kWide) {
      const size_t count = at_most(cols - i, kWide);
      narrow_store_n(dx + i, sub(wide_n(dy + i, count), mul(exp64(wide_n(y + i, count)), total)), count);
    }
  }
}

// True where x[target] is the first of the row's largest elements.
template <class T>
inline bool first_maximum(const T* x, size_t n, size_t target) {
  const T value = x[target];
  for (size_t j = 0; j < n; ++j) {
    if (j < target ? !(x[j] < value) : x[j] > value) return false;
  }
  return value == value;
}

// Integer labels. loss[r] = w·(log Σ exp(x) − x[label]), smoothed: the target is (1 − ε)·onehot + ε/cols; gradient (or
// null) is (p − target)·(w·scale). A label outside [0, cols) leaves its row out: loss, gradient and hit are zero.
template <class V>
void cross_entropy_sparse(size_t rows, size_t cols, const typename V::Scalar* x, const int32_t* labels,
                          const typename V::Scalar* weights, double scale, double smoothing, typename V::Scalar* loss,
                          typename V::Scalar* hits, typename V::Scalar* gradient) {
  using T = typename V::Scalar;
  Row<T> row;
  const double uniform = smoothing / static_cast<double>(cols);
  const double certain = 1.0 - smoothing;
  for (size_t r = 0; r < rows; ++r, x += cols) {
    T* dx = gradient ? gradient + r * cols : nullptr;
    const size_t label = static_cast<size_t>(static_cast<uint32_t>(labels[r]));
    if (label >= cols) {
      loss[r] = 0;
      hits[r] = 0;
      for (size_t j = 0; dx && j < cols; ++j) dx[j] = 0;
      continue;
    }
    const double weight = weights ? static_cast<double>(weights[r]) : 1.0;
    row.read(x, cols);
    const double log_sum = row.log_sum();
    double value = log_sum - static_cast<double>(x[label]);
    if (smoothing != 0) {
      value = certain * value + smoothing * (log_sum - sum_terms(cols, Plain<T>{x}) / static_cast<double>(cols));
    }
    loss[r] = static_cast<T>(weight * value);
    hits[r] = row.sum == row.sum && first_maximum(x, cols, label) ? 1 : 0;
    if (!dx) continue;
    const VecF64 factor = k64(weight * scale);
    const VecF64 rest = k64(uniform);
    for (size_t i = 0; i < cols; i += kWide) {
      const size_t count = at_most(cols - i, kWide);
      narrow_store_n(dx + i, mul(sub(row.probability(i, count), rest), factor), count);
    }
    const size_t i = label / kWide * kWide;
    double lanes[kWide];
    store(lanes, row.probability(i, at_most(cols - i, kWide)));
    dx[label] = static_cast<T>((lanes[label - i] - (certain + uniform)) * (weight * scale));
  }
}

// Mean-corrected targets of a row: (1 − ε)·t + ε/cols.
template <class T>
struct DenseTarget {
  const T* t;
  VecF64 certain;
  VecF64 uniform;
  VecF64 operator()(size_t i, size_t n) const { return add(mul(wide_n(t + i, n), certain), uniform); }
};
template <class T>
struct DenseLoss {
  DenseTarget<T> target;
  const T* x;
  VecF64 log_sum;
  VecF64 operator()(size_t i, size_t n) const { return mul(target(i, n), sub(log_sum, wide_n(x + i, n))); }
};

template <class T>
inline size_t first_largest(const T* x, size_t n) {
  size_t best = 0;
  for (size_t j = 1; j < n; ++j) best = x[j] > x[best] ? j : best;
  return best;
}

// Distributions as targets: loss[r] = w·Σ t·(log Σ exp(x) − x), gradient (p·Σt − t)·(w·scale); hit where the first
// largest target and the first largest output agree.
template <class V>
void cross_entropy_dense(size_t rows, size_t cols, const typename V::Scalar* x, const typename V::Scalar* targets,
                         const typename V::Scalar* weights, double scale, double smoothing, typename V::Scalar* loss,
                         typename V::Scalar* hits, typename V::Scalar* gradient) {
  using T = typename V::Scalar;
  Row<T> row;
  for (size_t r = 0; r < rows; ++r, x += cols, targets += cols) {
    const double weight = weights ? static_cast<double>(weights[r]) : 1.0;
    row.read(x, cols);
    const DenseTarget<T> target{targets, k64(1.0 - smoothing), k64(smoothing / static_cast<double>(cols))};
    const double value = sum_terms(cols, DenseLoss<T>{target, x, k64(row.log_sum())});
    loss[r] = static_cast<T>(weight * value);
    hits[r] = row.sum == row.sum && first_maximum(x, cols, first_largest(targets, cols)) ? 1 : 0;
    if (!gradient) continue;
    T* dx = gradient + r * cols;
    const VecF64 mass = k64(sum_terms(cols, target));
    const VecF64 factor = k64(weight * scale);
    for (size_t i = 0; i < cols; i += kWide) {
      const size_t count = at_most(cols - i, kWide);
      narrow_store_n(dx + i, mul(sub(mul(row.probability(i, count), mass), target(i, count)), factor), count);
    }
  }
}
