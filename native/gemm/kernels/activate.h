// Activations that need a polynomial: applied to a finished piece of C (a register tile, or a row) right after it was
// stored, while it is in L1. Not inside the tile kernels: there are a hundred of them, and the polynomials would be in
// each. What was stored is rounded already, so that reading it back changes no bit. Included inside an ISA's region.
template <class V>
struct ActivateKernel {
  using T = typename V::Scalar;

  static inline bool applies(Activation activation) { return activation > Activation::relu; }

  template <class F>
  static inline void rows(T* c, size_t ldc, size_t count, size_t columns, F f) {
    for (size_t i = 0; i < count; ++i) map1<V>(columns, c + i * ldc, c + i * ldc, f);
  }

  static __attribute__((noinline)) void run(T* c, size_t ldc, size_t count, size_t columns, Activation activation) {
    switch (activation) {
      case Activation::none:
      case Activation::relu: return;
      case Activation::gelu: return rows(c, ldc, count, columns, Widened<V, Gelu64>{});
      case Activation::geluTanh: return rows(c, ldc, count, columns, Widened<V, GeluTanh64>{});
      case Activation::silu: return rows(c, ldc, count, columns, Widened<V, Silu64>{});
      case Activation::sigmoid: return rows(c, ldc, count, columns, Widened<V, Sigmoid64>{});
      case Activation::tanh: return rows(c, ldc, count, columns, Widened<V, Tanh64>{});
      case Activation::count: return;
    }
  }
};
