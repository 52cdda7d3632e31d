// Rules with state in few bits: one pass, chunks of whole blocks. Twin of src/optim/rules/low-state.ts.
#include "optim/tensor/rules.h"
#include "optim/tensor/sweeps.h"

namespace downhill {

void low_state_run(const TensorStep& step, LowState which, const LowStateShape& shape) {
  const TensorWork& work = step.work;
  const double* const draw = step.control + shape.coefficients;
  const double seed = draw[0], t = draw[1];
  const StateKernel kernel = kernels().tensor_optim->low_state[which][draw[2] != 0 ? kStochastic : kNearest][step.prelude];
  auto body = [&](size_t index) {
    const TensorChunk& chunk = work.chunks[index];
    const TensorView& tensor = work.tensors[chunk.tensor];
    StateSlice slice{};
    slice.p = reinterpret_cast<float*>(tensor.p) + chunk.begin;
    slice.g = reinterpret_cast<const float*>(tensor.g) + chunk.begin;
    slice.first_block = chunk.begin / kStateBlock;
    for (size_t k = 0; k < shape.moments; ++k) {
      slice.slots[k] = tensor.slots[k] + chunk.begin * shape.bytes;
      const size_t scales = shape.moments + k;
      if (shape.scaled) slice.slots[scales] = tensor.slots[scales] + slice.first_block * sizeof(float);
    }
    slice.count = chunk.count;
    slice.seed = static_cast<uint64_t>(seed);
    slice.stream = tensor.stream;
    slice.step = static_cast<uint32_t>(static_cast<uint64_t>(t));
    const FpScope scope(true);
    kernel(slice, step.coefficients);
  };
  for_chunks(work.chunks.size(), work.elements, body);
}

}  // namespace downhill
