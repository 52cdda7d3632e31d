// LAMB, LARS and Adafactor for vectors: one sweep for moments and norms, a rate per tensor, one sweep for the update.
// Twins of src/optim/rules/{lamb,lars,adafactor}.ts, whose expressions the rates repeat.
#include "optim/tensor/rules.h"
#include "optim/tensor/sweeps.h"

namespace downhill {
namespace {

template <class T, class Rate> void two_sweeps(const TensorStep& step, const Sweep& first, const Sweep& second, const Rate& rate) {
  sweep_all<T>(step, first);
  for (size_t t = 0; t < step.work.tensors.size(); ++t) own_of<T>(step, t)[0] = static_cast<T>(rate(t));
  sweep_all<T>(step, second);
}

template <class Rate> void run_both(const TensorStep& step, const Sweep& first, const Sweep& second, const Rate& rate) {
  if (step.work.f64) {
    two_sweeps<double>(step, first, second, rate);
  } else {
    two_sweeps<float>(step, first, second, rate);
  }
}

}  // namespace

void lamb_run(const TensorStep& step) {
  const TensorOptimTable& table = *kernels().tensor_optim;
  run_both(step, table.lamb_moments, table.lamb_apply, [&](size_t t) {
    const double weight = norm(step, t, 0), update = norm(step, t, 1), rate = step.control[8];
    return weight > 0 && update > 0 ? rate * (weight / update) : rate;
  });
}

void lars_run(const TensorStep& step) {
  const TensorOptimTable& table = *kernels().tensor_optim;
  run_both(step, table.lars_norms, table.lars_apply, [&](size_t t) {
    const double* c = step.control;
    const double weight = norm(step, t, 0), gradient = norm(step, t, 1);
    const double trust = c[3] * weight / (gradient + c[1] * weight + c[4]);
    return weight > 0 && gradient > 0 ? c[2] * trust : c[2];
  });
}

double adafactor_scale(const double* c, double squares, size_t count) {
  const double rms = std::sqrt(squares) / std::sqrt(static_cast<double>(count));
  return c[2] * (rms > c[5] ? rms : c[5]);
}

double adafactor_clipped(const double* c, double scale, double squares, size_t count) {
  const double ratio = std::sqrt(squares) / std::sqrt(static_cast<double>(count)) / c[6];
  return ratio > 1 ? scale / ratio : scale;
}

void adafactor_vector_run(const TensorStep& step) {
  const TensorOptimTable& table = *kernels().tensor_optim;
  run_both(step, table.adafactor_moments, table.adafactor_apply, [&](size_t t) {
    const size_t count = step.work.tensors[t].count;
    const double scale = adafactor_scale(step.control, total(step, t, 0), count);
    return adafactor_clipped(step.control, scale, total(step, t, 1), count);
  });
}

}  // namespace downhill
