// What happens to an accumulator on its way into C. The order and the roundings are the contract (NUMERICS: GEMM).
#pragma once

#include <cstddef>

namespace downhill {

// relu(x) = max(0, x): NaN stays NaN. The others are those of the element-wise operations (kernels/ops/activations.h):
// evaluated in float64, rounded once. Names and order are ACTIVATIONS' of src/backend/gemm.ts, by test.
enum class Activation : unsigned char { none, relu, gelu, geluTanh, silu, sigmoid, tanh, count };

// t = alpha * acc; t += beta * c; t += bias[j]; t += residual[i, j]; activation(t). Each step rounds on its own and is
// skipped where it is the identity (alpha = 1, beta = 0, null pointers, none). beta = 0 never reads c.
template <class T>
struct Epilogue {
  T alpha;
  T beta;
  const T* bias;      // null or one value per column
  const T* residual;  // null or a matrix of C's shape
  size_t ldr;         // leading dimension of the residual, in elements
  Activation activation;
};

// Internal linkage, not a member: kernels of every ISA include this header, and none may export a copy.
template <class T>
static bool is_identity(const Epilogue<T>& e) {
  return e.alpha == 1 && e.beta == 0 && e.bias == nullptr && e.residual == nullptr && e.activation == Activation::none;
}

}  // namespace downhill
