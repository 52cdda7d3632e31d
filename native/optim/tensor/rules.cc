#include "optim/tensor/rules.h"

#include <algorithm>
#include <new>

#include "memory/buffer.h"
#include "optim/tensor/sweeps.h"

namespace downhill {
namespace {

SlotLayout like_parameter(size_t, size_t count, size_t, size_t) { return {SlotType::parameter, count}; }

SlotLayout factored(size_t slot, size_t count, size_t rows, size_t columns) {
  if (count == 0) {
    // Some dimension is 0: the other ones still have their means.
    return {SlotType::parameter, 0};
  }
  return {SlotType::parameter, slot == 0 ? count / columns : count / rows};
}

SlotLayout bf16(size_t, size_t count, size_t, size_t) { return {SlotType::u16, count}; }

template <size_t kMoments> SlotLayout int8(size_t slot, size_t count, size_t, size_t) {
  if (slot < kMoments) return {SlotType::i8, count};
  return {SlotType::f32, (count + kStateBlock - 1) / kStateBlock};
}

template <LowState kWhich, size_t kCoefficients, size_t kMoments> void bf16_run(const TensorStep& step) {
  low_state_run(step, kWhich, {kCoefficients, kMoments, 2, false});
}
template <LowState kWhich, size_t kCoefficients, size_t kMoments> void int8_run(const TensorStep& step) {
  low_state_run(step, kWhich, {kCoefficients, kMoments, 1, true});
}

size_t no_scratch(const TensorView&, bool) { return 0; }

#define DOWNHILL_ADAM_COEFFICIENTS "beta1 gain1 beta2 gain2 rate root epsilon seed step stochastic"
#define DOWNHILL_LION_COEFFICIENTS "rate beta1 gain1 beta2 gain2 seed step stochastic"
#define DOWNHILL_SGD_COEFFICIENTS "rate momentum gain seed step stochastic"
#define DOWNHILL_ADAFACTOR_COEFFICIENTS "decay gain rate epsilon1 floor epsilon2 threshold"

const TensorRule kTensorRules[] = {
    {"lamb", "m v", "beta1 gain1 beta2 gain2 mean root epsilon decay rate", like_parameter, no_scratch, lamb_run, false},
    {"lars", "v", "momentum decay rate trust epsilon", like_parameter, no_scratch, lars_run, false},
    {"adafactor.vector", "v", DOWNHILL_ADAFACTOR_COEFFICIENTS, like_parameter, no_scratch, adafactor_vector_run, false},
    {"adafactor.matrix", "rows columns", DOWNHILL_ADAFACTOR_COEFFICIENTS, factored, adafactor_matrix_scratch,
     adafactor_matrix_run, false},
    {"muon", "v", "momentum gain nesterov rate steps epsilon a b c adjust", like_parameter, muon_scratch, muon_run, false},
    {"adam.bf16", "m v", DOWNHILL_ADAM_COEFFICIENTS, bf16, no_scratch, bf16_run<kAdamBf16, 7, 2>, true},
    {"adam.int8", "m v mScales vScales", DOWNHILL_ADAM_COEFFICIENTS, int8<2>, no_scratch, int8_run<kAdamInt8, 7, 2>, true},
    {"lion.bf16", "m", DOWNHILL_LION_COEFFICIENTS, bf16, no_scratch, bf16_run<kLionBf16, 5, 1>, true},
    {"lion.int8", "m mScales", DOWNHILL_LION_COEFFICIENTS, int8<1>, no_scratch, int8_run<kLionInt8, 5, 1>, true},
    {"sgd.momentum.bf16", "v", DOWNHILL_SGD_COEFFICIENTS, bf16, no_scratch, bf16_run<kMomentumBf16, 3, 1>, true},
    {"sgd.momentum.int8", "v vScales", DOWNHILL_SGD_COEFFICIENTS, int8<1>, no_scratch, int8_run<kMomentumInt8, 3, 1>, true},
    {"sgd.nesterov.bf16", "v", DOWNHILL_SGD_COEFFICIENTS, bf16, no_scratch, bf16_run<kNesterovBf16, 3, 1>, true},
    {"sgd.nesterov.int8", "v vScales", DOWNHILL_SGD_COEFFICIENTS, int8<1>, no_scratch, int8_run<kNesterovInt8, 3, 1>, true},
};

}  // namespace

const TensorRule* tensor_rules(size_t* count) {
  *count = sizeof kTensorRules / sizeof kTensorRules[0];
  return kTensorRules;
}

void tensor_work_finish(TensorWork& work) {
  size_t blocks = 0, scratch = 0;
  for (size_t t = 0; t < work.tensors.size(); ++t) {
    TensorView& tensor = work.tensors[t];
    tensor.first_block = blocks;
    blocks += blocks_of(tensor.count);
    work.elements += tensor.count;
    scratch = std::max(scratch, work.rule->scratch(tensor, work.f64));
    for (size_t begin = 0; begin < tensor.count; begin += kTensorChunk) {
      work.chunks.push_back({t, begin, std::min(kTensorChunk, tensor.count - begin)});
    }
  }
  for (std::vector<double>& sums : work.sums) sums.resize(blocks);
  work.own.resize(work.tensors.size() * kOwnCoefficients);
  if (scratch > 0) {
    work.scratch = buffer_create(scratch);
    if (work.scratch == nullptr) throw std::bad_alloc();
  }
}

void tensor_work_release(TensorWork& work) {
  if (work.scratch != nullptr) buffer_release(work.scratch);
  work.scratch = nullptr;
}

void tensor_work_run(TensorWork& work, Prelude prelude, const double* control, const void* coefficients) {
  const FpScope scope(!work.f64);
  work.rule->run({work, prelude, control, coefficients});
}

}  // namespace downhill
