// Muon: momentum, Newton-Schulz by matrix multiplies, update; one matrix after the other. Twin of src/optim/rules/muon.ts.
#include <algorithm>
#include <cstring>

#include "gemm/gemm.h"
#include "memory/buffer.h"
#include "optim/tensor/rules.h"
#include "optim/tensor/sweeps.h"

namespace downhill {
namespace {

template <class T> struct Orthogonaliser {
  const TensorStep& step;
  const TensorView& view;
  size_t order;             // of the Gram matrix: the smaller dimension
  T *x, *next;              // rows by columns
  T *gram, *polynomial;     // order by order
  double* sums;             // of the blocks of x

  Orthogonaliser(const TensorStep& of, const TensorView& tensor)
      : step(of), view(tensor), order(std::min(tensor.rows, tensor.columns)) {
    sums = static_cast<double*>(buffer_data(step.work.scratch));
    x = reinterpret_cast<T*>(sums + blocks_of(view.count));
    next = x + view.count;
    gram = next + view.count;
    polynomial = gram + order * order;
  }

  void sweep(const Sweep& which, T* slot0, T* slot1, T own) const {
    const SweepKernel kernel = kernel_of<T>(which, step.prelude);
    const T coefficients[kOwnCoefficients] = {own};
    auto body = [&](size_t chunk) {
      const FpScope scope(flushes_subnormals<T>());
      const size_t begin = chunk * kTensorChunk;
      SweepSlice slice{};
      slice.p = view.p + begin * sizeof(T);
      slice.g = view.g + begin * sizeof(T);
      slice.slots[0] = slot0 + begin;
      slice.slots[1] = slot1 == nullptr ? nullptr : slot1 + begin;
      slice.count = std::min(kTensorChunk, view.count - begin);
      slice.sums[0] = sums + begin / kReduceBlock;
      slice.own = coefficients;
      kernel(slice, step.coefficients);
    };
    for_chunks((view.count + kTensorChunk - 1) / kTensorChunk, view.count, body);
  }

  // C = alpha op(A) op(B) + beta C of dense matrices.
  static void multiply(size_t m, size_t n, size_t k, const T* a, bool trans_a, const T* b, bool trans_b, T* c, T alpha, T beta) {
    GemmCall<T> call{m, n, k, a, trans_a ? m : k, trans_a, b, trans_b ? k : n, trans_b, c, n};
    call.alpha = alpha;
    call.beta = beta;
    gemm(call);
  }

  void iterate(T a, T b, T c) {
    const size_t rows = view.rows, columns = view.columns;
    const bool wide = rows <= columns;
    multiply(order, order, wide ? columns : rows, x, !wide, x, wide, gram, 1, 0);
    std::memcpy(polynomial, gram, order * order * sizeof(T));
    multiply(order, order, order, gram, false, gram, false, polynomial, c, b);
    std::memcpy(next, x, view.count * sizeof(T));
    if (wide) {
      multiply(rows, columns, order, polynomial, false, x, false, next, 1, a);
    } else {
      multiply(rows, columns, order, x, false, polynomial, false, next, 1, a);
    }
    std::swap(x, next);
  }

  void run() {
    const TensorOptimTable& table = *kernels().tensor_optim;
    const double* control = step.control;
    const T* c = static_cast<const T*>(step.coefficients) + kCommonCoefficients;
    sweep(table.muon_momentum, reinterpret_cast<T*>(view.slots[0]), x, 0);
    double squares = 0;
    for (size_t b = 0; b < blocks_of(view.count); ++b) squares += sums[b];
    const double norm = std::sqrt(squares);
    sweep(table.muon_divide, x, nullptr, static_cast<T>(norm > control[5] ? norm : control[5]));
    for (double k = 0; k < control[4]; ++k) iterate(c[6], c[7], c[8]);
    const double rows = static_cast<double>(view.rows), columns = static_cast<double>(view.columns);
    const double ratio = rows > columns ? rows / columns : 1;
    const double adjust = control[9] == 0 ? std::sqrt(ratio) : 0.2 * std::sqrt(rows > columns ? rows : columns);
    sweep(table.muon_apply, x, nullptr, static_cast<T>(control[3] * adjust));
  }
};

template <class T> void run_all(const TensorStep& step) {
  for (const TensorView& tensor : step.work.tensors) {
    if (tensor.count > 0) Orthogonaliser<T>(step, tensor).run();
  }
}

}  // namespace

size_t muon_scratch(const TensorView& tensor, bool f64) {
  const size_t order = std::min(tensor.rows, tensor.columns);
  return 8 * blocks_of(tensor.count) + (f64 ? 8 : 4) * 2 * (tensor.count + order * order);
}

void muon_run(const TensorStep& step) {
  if (step.work.f64) {
    run_all<double>(step);
  } else {
    run_all<float>(step);
  }
}

}  // namespace downhill
