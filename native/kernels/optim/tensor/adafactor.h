// Adafactor: sweeps for tensors that keep the whole mean of squares, and for the rows of a matrix, where slot 0 is the
// matrix's column means. Twin of src/optim/rules/adafactor.ts. No include guard: see sweep.h.

template <class V> inline V adafactor_update(V g, V variance, V floor) { return div(g, sqrt(maximum(variance, floor))); }

template <class V> struct AdafactorMoments : SweepBase<V> {
  using T = typename V::Scalar;
  static constexpr size_t kSlots = 1, kWrites = 1, kSums = 2;
  V decay, gain, floor;
  AdafactorMoments(const T* c, const T*) : decay(broadcast<V>(c[0])), gain(broadcast<V>(c[1])), floor(broadcast<V>(c[4])) {}
  void operator()(V x, V&, V g, V* s, V* terms) const {
    s[0] = add(mul(decay, s[0]), mul(mul(gain, g), g));
    terms[0] = x;
    terms[1] = adafactor_update(g, s[0], floor);
  }
};

template <class V> struct AdafactorApply : SweepBase<V> {
  using T = typename V::Scalar;
  static constexpr size_t kSlots = 1;
  static constexpr bool kWritesP = true;
  V floor, size;
  AdafactorApply(const T* c, const T* own) : floor(broadcast<V>(c[4])), size(broadcast<V>(own[0])) {}
  void operator()(V, V& p, V g, V* s, V*) const { p = sub(p, mul(size, adafactor_update(g, s[0], floor))); }
};

template <class V> struct GradientSquares : SweepBase<V> {
  using T = typename V::Scalar;
  static constexpr size_t kSums = 1;
  GradientSquares(const T*, const T*) {}
  void operator()(V, V&, V g, V*, V* terms) const { terms[0] = g; }
};

// own[0] is the row's factor.
template <class V> struct AdafactorRowNorm : SweepBase<V> {
  using T = typename V::Scalar;
  static constexpr size_t kSlots = 1, kSums = 1;
  V floor, factor;
  AdafactorRowNorm(const T* c, const T* own) : floor(broadcast<V>(c[4])), factor(broadcast<V>(own[0])) {}
  void operator()(V, V&, V g, V* s, V* terms) const { terms[0] = adafactor_update(g, mul(factor, s[0]), floor); }
};

// own[0] is the row's factor, own[1] the size of the step.
template <class V> struct AdafactorRowApply : SweepBase<V> {
  using T = typename V::Scalar;
  static constexpr size_t kSlots = 1;
  static constexpr bool kWritesP = true;
  V floor, factor, size;
  AdafactorRowApply(const T* c, const T* own)
      : floor(broadcast<V>(c[4])), factor(broadcast<V>(own[0])), size(broadcast<V>(own[1])) {}
  void operator()(V, V& p, V g, V* s, V*) const { p = sub(p, mul(size, adafactor_update(g, mul(factor, s[0]), floor))); }
};

// Adds the squares of one vector of float32 or float64 to double sums.
inline void add_squares(double* sums, VecF64 x) { store(sums, add(load<VecF64>(sums), mul(x, x))); }
template <class V32> inline void add_squares(double* sums, V32 x) {
  add_squares(sums, widen_low(x));
  if constexpr (V32::kLanes > VecF64::kLanes) add_squares(sums + VecF64::kLanes, widen_high(x));
}

template <class V, class P> void column_squares(const ColumnSlice& slice, const void* coefficients) {
  using T = typename V::Scalar;
  const P prelude(static_cast<const T*>(coefficients));
  double sums[kColumnStripe + V::kLanes];
  for (size_t j = 0; j < kColumnStripe + V::kLanes; ++j) sums[j] = 0;
  for (size_t i = 0; i < slice.rows; ++i) {
    const T* p = static_cast<const T*>(slice.p) + i * slice.stride;
    const T* g = static_cast<const T*>(slice.g) + i * slice.stride;
    size_t j = 0;
    for (; j + V::kLanes <= slice.columns; j += V::kLanes) add_squares(sums + j, prelude(load<V>(g + j), load<V>(p + j)));
    if (j < slice.columns) {
      const size_t rest = slice.columns - j;
      add_squares(sums + j, prelude(load_n<V>(g + j, rest), load_n<V>(p + j, rest)));
    }
  }
  for (size_t j = 0; j < slice.columns; ++j) slice.sums[j] = sums[j];
}
