// Adam with state in few bits: one pass, chunks of whole blocks. Twin of src/optim/rules/low-state.ts.
#include "optim/tensor/rules.h"
#include "optim/tensor/sweeps.h"

namespace downhill {
namespace {

void run(const TensorStep& step, const StateKernel (&kernels)[kRoundings][kPreludes], size_t element, bool scaled) {
  const TensorWork& work = step.work;
  const double seed = step.control[7], t = step.control[8];
  const StateKernel kernel = kernels[step.control[9] != 0 ? kStochastic : kNearest][step.prelude];
  auto body = [&](size_t index) {
    const TensorChunk& chunk = work.chunks[index];
    const TensorView& tensor = work.tensors[chunk.tensor];
    StateSlice slice{};
    slice.p = reinterpret_cast<float*>(tensor.p) + chunk.begin;
    slice.g = reinterpret_cast<const float*>(tensor.g) + chunk.begin;
    slice.first_block = chunk.begin / kStateBlock;
    for (size_t j = 0; j < 2; ++j) slice.slots[j] = tensor.slots[j] + chunk.begin * element;
    for (size_t j = 2; scaled && j < 4; ++j) slice.slots[j] = tensor.slots[j] + slice.first_block * sizeof(float);
    slice.count = chunk.count;
    slice.seed = static_cast<uint64_t>(seed);
    slice.stream = tensor.stream;
    slice.step = static_cast<uint32_t>(static_cast<uint64_t>(t));
    const FpScope scope(true);
    kernel(slice, step.coefficients);
  };
  for_chunks(work.chunks.size(), work.elements, body);
}

}  // namespace

void adam_bf16_run(const TensorStep& step) { run(step, kernels().tensor_optim->adam_bf16, 2, false); }

void adam_int8_run(const TensorStep& step) { run(step, kernels().tensor_optim->adam_int8, 1, true); }

}  // namespace downhill
