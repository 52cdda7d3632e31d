// Panels: copies of operands that vectors can run over. Included inside an ISA's region.
template <class V>
struct PackKernel {
  using T = typename V::Scalar;

  static constexpr size_t kAhead = 12;  // rows; covers a miss to L3

  static void copy(const T* from, size_t ld_from, T* to, size_t ld_to, size_t rows, size_t columns) {
    for (size_t p = 0; p < rows; ++p) {
      const T* source = from + p * ld_from;
      T* target = to + p * ld_to;
      size_t j = 0;
      for (; j + V::kLanes <= columns; j += V::kLanes) {
        // Short runs, one to a page: no hardware prefetcher follows them.
        __builtin_prefetch(source + kAhead * ld_from + j);
        store(target + j, load<V>(source + j));
      }
      if (j < columns) store_n(target + j, load_n<V>(source + j, columns - j), columns - j);
    }
  }

  // Whole rows of `from`, one after the other, however many panels they are spread over: each page is visited once.
  static void panels(const T* from, size_t ld_from, T* to, size_t panel_size, size_t rows, size_t columns) {
    constexpr size_t kWidth = kWidest * V::kLanes;
    constexpr size_t kRowsAhead = 4;
    for (size_t p = 0; p < rows; ++p, from += ld_from, to += kWidth) {
      T* target = to;
      size_t j = 0;
      for (; j + kWidth <= columns; j += kWidth, target += panel_size) {
        DOWNHILL_UNROLL
        for (size_t v = 0; v < kWidest; ++v) {
          __builtin_prefetch(from + kRowsAhead * ld_from + j + v * V::kLanes);
          store(target + v * V::kLanes, load<V>(from + j + v * V::kLanes));
        }
      }
      for (; j < columns; j += V::kLanes, target += V::kLanes) {
        const size_t n = columns - j < V::kLanes ? columns - j : V::kLanes;
        store_n(target, load_n<V>(from + j, n), n);
      }
    }
  }

  // Row j of `from` becomes column j of `to`.
  static void transpose(const T* from, size_t ld_from, T* to, size_t ld_to, size_t rows, size_t columns) {
    constexpr size_t kBlock = TransposeBlock<V>::kSize;
    for (size_t j = 0; j < columns; j += kBlock) {
      const size_t width = columns - j < kBlock ? columns - j : kBlock;
      for (size_t p = 0; p < rows; p += kBlock) {
        const size_t height = rows - p < kBlock ? rows - p : kBlock;
        transpose_block<V>(from + j * ld_from + p, ld_from, to + p * ld_to + j, ld_to, height, width);
      }
    }
  }
};
