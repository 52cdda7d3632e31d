// to[r * ld_to + c] = from[c * ld_from + r] for r < rows, c < columns, both at most kSize, in registers: for ISAs that bring
// transpose_registers(V (&x)[V::kLanes]) (isa/*/transpose.h). In place of transpose.h. Included inside an ISA's region.
template <class V>
struct TransposeBlock {
  static constexpr size_t kSize = V::kLanes;
};

template <class V>
inline void transpose_block(const typename V::Scalar* from, size_t ld_from, typename V::Scalar* to, size_t ld_to,
                            size_t rows, size_t columns) {
  constexpr size_t kSize = V::kLanes;
  V x[kSize];
  if (rows == kSize && columns == kSize) {
    DOWNHILL_UNROLL
    for (size_t c = 0; c < kSize; ++c) x[c] = load<V>(from + c * ld_from);
    transpose_registers(x);
    DOWNHILL_UNROLL
    for (size_t r = 0; r < kSize; ++r) store(to + r * ld_to, x[r]);
    return;
  }
  DOWNHILL_UNROLL
  for (size_t c = 0; c < kSize; ++c) x[c] = c < columns ? load_n<V>(from + c * ld_from, rows) : broadcast<V>(0);
  transpose_registers(x);
  DOWNHILL_UNROLL
  for (size_t r = 0; r < kSize; ++r) {
    if (r < rows) store_n(to + r * ld_to, x[r], columns);
  }
}
