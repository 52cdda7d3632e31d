// Gradient kernels over whole arrays. Any alignment; count 0 does nothing; tails use partial loads.
// No include guard: included once per ISA, inside the region, after kernels/ops/reduce.h and kernels/optim/clamp.h.

struct AbsoluteTerm {
  inline VecF64 operator()(VecF64 x) const { return abs(x); }
};

template <class V> inline V load_part(const typename V::Scalar* x, size_t rest) {
  return rest >= V::kLanes ? load<V>(x) : load_n<V>(x, rest);
}
template <class V> inline void store_part(typename V::Scalar* x, V v, size_t rest) {
  if (rest >= V::kLanes) {
    store(x, v);
  } else {
    store_n(x, v, rest);
  }
}

template <class V> void scale_array(typename V::Scalar* x, size_t count, typename V::Scalar factor) {
  const V f = broadcast<V>(factor);
  for (size_t i = 0; i < count; i += V::kLanes) store_part(x + i, mul(load_part<V>(x + i, count - i), f), count - i);
}

template <class V> void clamp_array(typename V::Scalar* x, size_t count, typename V::Scalar bound) {
  const V limit = broadcast<V>(bound);
  for (size_t i = 0; i < count; i += V::kLanes) store_part(x + i, clamp(load_part<V>(x + i, count - i), limit), count - i);
}

template <class V> void add_array(typename V::Scalar* sum, const typename V::Scalar* x, size_t count) {
  for (size_t i = 0; i < count; i += V::kLanes) {
    store_part(sum + i, add(load_part<V>(sum + i, count - i), load_part<V>(x + i, count - i)), count - i);
  }
}

template <class V>
void penalize(typename V::Scalar* g, const typename V::Scalar* p, size_t count, typename V::Scalar l1, typename V::Scalar l2) {
  const V first = broadcast<V>(l1), second = broadcast<V>(l2);
  for (size_t i = 0; i < count; i += V::kLanes) {
    const V x = load_part<V>(p + i, count - i);
    V value = load_part<V>(g + i, count - i);
    if (l2 != 0) value = add(value, mul(second, x));
    if (l1 != 0) value = add(value, mul(first, sign(x)));
    store_part(g + i, value, count - i);
  }
}

template <class V>
void scale_columns(const typename V::Scalar* x, typename V::Scalar* out, size_t count, size_t columns, size_t first,
                   const typename V::Scalar* factors) {
  if (columns == 1) {
    const V factor = broadcast<V>(factors[0]);
    for (size_t i = 0; i < count; i += V::kLanes) store_part(out + i, mul(load_part<V>(x + i, count - i), factor), count - i);
    return;
  }
  for (size_t begin = 0; begin < count; first = 0) {
    const size_t run = columns - first < count - begin ? columns - first : count - begin;
    for (size_t i = 0; i < run; i += V::kLanes) {
      const V scaled = mul(load_part<V>(x + begin + i, run - i), load_part<V>(factors + first + i, run - i));
      store_part(out + begin + i, scaled, run - i);
    }
    begin += run;
  }
}

inline void store_wide(double* sums, VecF64 a, size_t rest) { store_part(sums, a, rest); }

// Adds the squares of the lanes of x to the running sums that start at `sums`.
inline void add_squares(VecF64* sums, VecF64 x) { sums[0] = add(sums[0], mul(x, x)); }
template <class V32> inline void add_squares_wide(VecF64* sums, V32 x) {
  add_squares(sums, widen_low(x));
  if constexpr (V32::kLanes > VecF64::kLanes) add_squares(sums + 1, widen_high(x));
}
inline void add_squares(VecF64* sums, VecF32 x) { add_squares_wide(sums, x); }

// Strips of 32 columns keep their sums in registers from the first row to the last.
template <class V> void column_squares(const typename V::Scalar* x, size_t rows, size_t columns, size_t width, double* sums) {
  constexpr size_t kStrip = 32;
  for (size_t j = 0; j < width; j += kStrip) {
    const size_t strip = width - j < kStrip ? width - j : kStrip;
    VecF64 running[kStrip / VecF64::kLanes];
    for (size_t k = 0; k < kStrip / VecF64::kLanes; ++k) running[k] = broadcast<VecF64>(0.0);
    for (size_t r = 0; r < rows; ++r) {
      const typename V::Scalar* row = x + r * columns + j;
      for (size_t i = 0; i < strip; i += V::kLanes) add_squares(running + i / VecF64::kLanes, load_part<V>(row + i, strip - i));
    }
    for (size_t i = 0; i < strip; i += VecF64::kLanes) store_wide(sums + j + i, running[i / VecF64::kLanes], strip - i);
  }
}

// Infinity without <limits>: its bits, through the literal that overflows to it.
template <class V> inline V infinity() { return broadcast<V>(static_cast<typename V::Scalar>(__builtin_inf())); }

template <class V> double largest_magnitude(const typename V::Scalar* x, size_t count) {
  using T = typename V::Scalar;
  V largest = broadcast<V>(0), absent = broadcast<V>(0);
  for (size_t i = 0; i < count; i += V::kLanes) {
    const V m = abs(load_part<V>(x + i, count - i));
    largest = maximum(m, largest);
    absent = add(absent, select(equal(m, m), broadcast<V>(0), m));
  }
  T lanes[V::kLanes], nans[V::kLanes];
  store(lanes, largest);
  store(nans, absent);
  double result = 0;
  for (size_t l = 0; l < V::kLanes; ++l) {
    if (nans[l] != nans[l]) return static_cast<double>(nans[l]);
    if (static_cast<double>(lanes[l]) > result) result = static_cast<double>(lanes[l]);
  }
  return result;
}

template <class V> bool all_finite(const typename V::Scalar* x, size_t count) {
  using T = typename V::Scalar;
  const V limit = infinity<V>(), zero = broadcast<V>(0), one = broadcast<V>(1);
  V found = zero;
  for (size_t i = 0; i < count; i += V::kLanes) {
    found = select(less(abs(load_part<V>(x + i, count - i)), limit), found, one);
  }
  T lanes[V::kLanes];
  store(lanes, found);
  for (size_t l = 0; l < V::kLanes; ++l) {
    if (lanes[l] != 0) return false;
  }
  return true;
}

template <class V> constexpr GradientKernels<typename V::Scalar> gradient_kernels() {
  return {scale_array<V>,       clamp_array<V>,    add_array<V>,
          penalize<V>,          scale_columns<V>,  column_squares<V>,
          reduce_blocks<V, AbsoluteTerm>, largest_magnitude<V>, all_finite<V>};
}
