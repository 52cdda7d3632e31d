// The table of one ISA. No include guard: included once, inside the region.
template <class V>
constexpr OpsKernels<typename V::Scalar> ops_kernels() {
  return {
      unary<V>,
      unary_gradient<V>,
      binary<V>,
      mask_greater<V>,
      blend<V>,
      sum<V>,
      sum_squares<V>,
      row_sums<V>,
      column_sums<V>,
      softmax<V>,
      log_softmax<V>,
      softmax_gradient<V>,
      log_softmax_gradient<V>,
      cross_entropy_sparse<V>,
      cross_entropy_dense<V>,
      layer_norm<V>,
      layer_norm_gradient<V>,
      batch_norm<V>,
      batch_norm_gradient<V>,
      dropout<V>,
      outer<V>,
  };
}
