// Sums in float64 as the numerics contract orders them: 32 lanes (element i in lane i mod 32), blocks of 4,096 elements,
// lane tree 16, 8, 4, 2, 1, blocks in ascending order; along columns one ascending chain each. No FMA.
// No include guard: included once, inside the region.

constexpr size_t kSumLanes = 32;
constexpr size_t kSumBlock = 4096;
constexpr size_t kWide = VecF64::kLanes;
constexpr size_t kGroups = kSumLanes / kWide;

// n at most kWide elements as float64, zero elsewhere.
inline VecF64 wide_n(const float* p, size_t n) { return widen_low(load_n<VecF32>(p, n)); }
inline VecF64 wide_n(const double* p, size_t n) { return load_n<VecF64>(p, n); }
inline void narrow_store_n(float* p, VecF64 v, size_t n) { store_n(p, narrow(v, v), n); }
inline void narrow_store_n(double* p, VecF64 v, size_t n) { store_n(p, v, n); }

inline size_t at_most(size_t n, size_t limit) { return n < limit ? n : limit; }

// The first n lanes of v, +0 in the others. Adding +0 to a lane that started from +0 never changes it.
inline VecF64 keep_n(VecF64 v, size_t n) {
  if (n == kWide) return v;
  double lanes[kWide];
  for (size_t l = 0; l < kWide; ++l) lanes[l] = 0;
  store_n(lanes, v, n);
  return load<VecF64>(lanes);
}

inline double lane_tree(VecF64* acc) {
  for (size_t distance = kGroups / 2; distance > 0; distance /= 2) {
    for (size_t g = 0; g < distance; ++g) acc[g] = add(acc[g], acc[g + distance]);
  }
  double lanes[kWide];
  store(lanes, acc[0]);
  for (size_t distance = kWide / 2; distance > 0; distance /= 2) {
    for (size_t l = 0; l < distance; ++l) lanes[l] += lanes[l + distance];
  }
  return lanes[0];
}

// Σ term(i, count) over [0, n): term gives count (at most kWide) consecutive values from element i on.
template <class F>
inline double sum_terms(size_t n, F term) {
  double total = 0;
  for (size_t begin = 0; begin < n; begin += kSumBlock) {
    const size_t end = begin + at_most(n - begin, kSumBlock);
    VecF64 acc[kGroups];
    for (size_t g = 0; g < kGroups; ++g) acc[g] = k64(0);
    size_t i = begin;
    for (; i + kSumLanes <= end; i += kSumLanes) {
      for (size_t g = 0; g < kGroups; ++g) acc[g] = add(acc[g], term(i + g * kWide, kWide));
    }
    for (size_t g = 0; i < end; i += kWide, ++g) {
      const size_t count = at_most(end - i, kWide);
      acc[g] = add(acc[g], keep_n(term(i, count), count));
    }
    const double sum = lane_tree(acc);
    total = begin == 0 ? sum : total + sum;
  }
  return total;
}

template <class T>
struct Plain {
  const T* x;
  VecF64 operator()(size_t i, size_t n) const { return wide_n(x + i, n); }
};
template <class T>
struct Squares {
  const T* x;
  VecF64 operator()(size_t i, size_t n) const {
    const VecF64 v = wide_n(x + i, n);
    return mul(v, v);
  }
};
template <class T>
struct Products {
  const T* x;
  const T* y;
  VecF64 operator()(size_t i, size_t n) const { return mul(wide_n(x + i, n), wide_n(y + i, n)); }
};
template <class T>
struct SquaredDeviations {
  const T* x;
  VecF64 mean;
  VecF64 operator()(size_t i, size_t n) const {
    const VecF64 d = sub(wide_n(x + i, n), mean);
    return mul(d, d);
  }
};

template <class V>
double sum(size_t n, const typename V::Scalar* x) {
  return sum_terms(n, Plain<typename V::Scalar>{x});
}

template <class V>
double sum_squares(size_t n, const typename V::Scalar* x) {
  return sum_terms(n, Squares<typename V::Scalar>{x});
}

// out[r] = scale·Σ x[r, :].
template <class V>
void row_sums(size_t rows, size_t cols, const typename V::Scalar* x, double scale, typename V::Scalar* out) {
  for (size_t r = 0; r < rows; ++r) {
    out[r] = static_cast<typename V::Scalar>(sum<V>(cols, x + r * cols) * scale);
  }
}

template <size_t kVectors, class T>
inline void column_sums_of(size_t rows, size_t stride, const T* x, size_t tail, double scale, T* out) {
  VecF64 acc[kVectors];
  for (size_t v = 0; v < kVectors; ++v) acc[v] = k64(0);
  for (size_t r = 0; r < rows; ++r, x += stride) {
    for (size_t v = 0; v < kVectors; ++v) {
      acc[v] = add(acc[v], wide_n(x + v * kWide, v + 1 < kVectors ? kWide : tail));
    }
  }
  for (size_t v = 0; v < kVectors; ++v) {
    narrow_store_n(out + v * kWide, mul(acc[v], k64(scale)), v + 1 < kVectors ? kWide : tail);
  }
}

// out[c] = scale·Σ_r x[r, c] for `cols` columns of a matrix with row stride `stride`.
template <class V>
void column_sums(size_t rows, size_t cols, size_t stride, const typename V::Scalar* x, double scale,
                 typename V::Scalar* out) {
  size_t c = 0;
  for (; c + 8 * kWide <= cols; c += 8 * kWide) column_sums_of<8>(rows, stride, x + c, kWide, scale, out + c);
  for (; c + 4 * kWide <= cols; c += 4 * kWide) column_sums_of<4>(rows, stride, x + c, kWide, scale, out + c);
  for (; c + kWide < cols; c += 2 * kWide) {
    column_sums_of<2>(rows, stride, x + c, at_most(cols - c - kWide, kWide), scale, out + c);
  }
  if (c < cols) column_sums_of<1>(rows, stride, x + c, cols - c, scale, out + c);
}
