// Running sweeps over the tensors of a cluster, with threads where they pay. Work splitting does not change bits.
#pragma once

#include <cmath>

#include "dispatch/dispatch.h"
#include "kernels/ops/reduce_table.h"
#include "memory/fp_mode.h"
#include "optim/tensor/work.h"
#include "parallel/seats.h"

namespace downhill {

// Elements below which a second thread does not pay; see optim/plan.cc.
constexpr size_t kTensorParallelFrom = 32768;
// A multiple of kReduceBlock and of kStateBlock.
constexpr size_t kTensorChunk = 65536;

inline size_t blocks_of(size_t count) { return (count + kReduceBlock - 1) / kReduceBlock; }

template <class Body> void for_chunks(size_t chunks, size_t elements, Body& body) {
  if (elements < kTensorParallelFrom) {
    for (size_t c = 0; c < chunks; ++c) body(c);
  } else {
    parallel_for_seats(chunks, body);
  }
}

template <class T> SweepKernel kernel_of(const Sweep& sweep, Prelude prelude) {
  return (sizeof(T) == 8 ? sweep.f64 : sweep.f32)[prelude];
}

// The coefficients of one tensor.
template <class T> T* own_of(const TensorStep& step, size_t tensor) {
  return reinterpret_cast<T*>(step.work.own.data() + tensor * kOwnCoefficients);
}

// One sweep over all tensors of the cluster, each with its own coefficients; sums go to the cluster's block sums.
template <class T> void sweep_all(const TensorStep& step, const Sweep& sweep) {
  TensorWork& work = step.work;
  const SweepKernel kernel = kernel_of<T>(sweep, step.prelude);
  auto body = [&](size_t index) {
    const TensorChunk& chunk = work.chunks[index];
    const TensorView& tensor = work.tensors[chunk.tensor];
    const size_t block = tensor.first_block + chunk.begin / kReduceBlock;
    SweepSlice slice{};
    slice.p = tensor.p + chunk.begin * sizeof(T);
    slice.g = tensor.g + chunk.begin * sizeof(T);
    for (size_t j = 0; j < kMaxSlots; ++j) {
      slice.slots[j] = tensor.slots[j] == nullptr ? nullptr : tensor.slots[j] + chunk.begin * sizeof(T);
    }
    slice.count = chunk.count;
    for (size_t k = 0; k < 2; ++k) slice.sums[k] = work.sums[k].data() + block;
    slice.own = own_of<T>(step, chunk.tensor);
    const FpScope scope(flushes_subnormals<T>());
    kernel(slice, step.coefficients);
  };
  for_chunks(work.chunks.size(), work.elements, body);
}

// The sum of a tensor's blocks, ascending.
inline double total(const TensorStep& step, size_t tensor, size_t which) {
  const TensorView& view = step.work.tensors[tensor];
  const double* sums = step.work.sums[which].data() + view.first_block;
  double sum = 0;
  for (size_t b = 0; b < blocks_of(view.count); ++b) sum += sums[b];
  return sum;
}

inline double norm(const TensorStep& step, size_t tensor, size_t which) { return std::sqrt(total(step, tensor, which)); }

}  // namespace downhill
