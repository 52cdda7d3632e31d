// to[r * ld_to + c] = from[c * ld_from + r] for r < rows, c < columns, both at most kSize. This is the plain version;
// an ISA that transposes in registers brings its own. Included inside an ISA's region.
template <class V>
struct TransposeBlock {
  static constexpr size_t kSize = 8;
};

template <class V>
inline void transpose_block(const typename V::Scalar* from, size_t ld_from, typename V::Scalar* to, size_t ld_to,
                            size_t rows, size_t columns) {
  for (size_t r = 0; r < rows; ++r) {
    for (size_t c = 0; c < columns; ++c) to[r * ld_to + c] = from[c * ld_from + r];
  }
}
