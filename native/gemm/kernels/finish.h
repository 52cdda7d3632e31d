// Accumulators in scratch memory, through the epilogue into C: for stores that the register tile cannot do itself (a
// transposed tile, dot products, activations that need a polynomial). Included inside an ISA's region.
template <class V>
struct FinishKernel {
  using T = typename V::Scalar;
  static constexpr size_t kLanes = V::kLanes;

  static inline V value(V acc, const T* c, size_t j, size_t n, const Epilogue<T>& e, const T* residual) {
    V t = acc;
    if (e.alpha != 1) t = mul(broadcast<V>(e.alpha), t);
    if (e.beta != 0) t = add(t, mul(broadcast<V>(e.beta), load_n<V>(c + j, n)));
    if (e.bias != nullptr) t = add(t, load_n<V>(e.bias + j, n));
    if (residual != nullptr) t = add(t, load_n<V>(residual + j, n));
    if (e.activation == Activation::relu) t = maximum(broadcast<V>(0), t);
    return t;
  }

  // One row of C.
  static inline void row(const T* from, T* c, size_t columns, const Epilogue<T>& e, const T* residual) {
    for (size_t j = 0; j < columns; j += kLanes) {
      const size_t n = columns - j < kLanes ? columns - j : kLanes;
      store_n(c + j, value(load_n<V>(from + j, n), c, j, n, e, residual), n);
    }
    if (ActivateKernel<V>::applies(e.activation)) ActivateKernel<V>::run(c, 0, 1, columns, e.activation);
  }

  static void rows(const Finish<T>& f) {
    const Epilogue<T>& e = f.epilogue;
    for (size_t i = 0; i < f.rows; ++i) {
      row(f.from + i * f.ld_from, f.c + i * f.ldc, f.columns, e, e.residual ? e.residual + i * e.ldr : nullptr);
    }
  }

  // from[j * ld + i]: blocks of lanes by lanes go through a transpose. Along the rows of C: down the columns, each line is on
  // another page (256 x 512 x 32 ABᵀ 179 -> 205 GFLOP/s, with rows of 4 KiB up to 1.5 times as fast).
  static void transposed(const Finish<T>& f) {
    const Epilogue<T>& e = f.epilogue;
    const bool identity = is_identity(e);
    T block[kBlock * kBlock];
    for (size_t i = 0; i < f.rows; i += kBlock) {
      const size_t rows = f.rows - i < kBlock ? f.rows - i : kBlock;
      for (size_t j = 0; j < f.columns; j += kBlock) {
        const size_t columns = f.columns - j < kBlock ? f.columns - j : kBlock;
        T* c = f.c + i * f.ldc + j;
        if (identity) {
          transpose_block<V>(f.from + j * f.ld_from + i, f.ld_from, c, f.ldc, rows, columns);
          continue;
        }
        transpose_block<V>(f.from + j * f.ld_from + i, f.ld_from, block, kBlock, rows, columns);
        Epilogue<T> part = e;
        if (part.bias != nullptr) part.bias += j;
        for (size_t r = 0; r < rows; ++r) {
          const T* residual = e.residual ? e.residual + (i + r) * e.ldr + j : nullptr;
          row(block + r * kBlock, c + r * f.ldc, columns, part, residual);
        }
      }
    }
  }

  static constexpr size_t kBlock = TransposeBlock<V>::kSize;
};
