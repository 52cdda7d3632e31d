// The steps of the tensor rules; optim/tensor/rules.cc has the table.
#pragma once

#include "optim/tensor/work.h"

namespace downhill {

void lamb_run(const TensorStep& step);
void lars_run(const TensorStep& step);
void adafactor_vector_run(const TensorStep& step);
void adafactor_matrix_run(const TensorStep& step);
size_t adafactor_matrix_scratch(const TensorView& tensor, bool f64);
void muon_run(const TensorStep& step);
size_t muon_scratch(const TensorView& tensor, bool f64);

// State of few bits: coefficients of the rule itself (seed, step and kind of rounding follow), moments, bytes of an element.
struct LowStateShape {
  size_t coefficients, moments, bytes;
  bool scaled;
};
void low_state_run(const TensorStep& step, LowState which, const LowStateShape& shape);

// rate · max(epsilon2, RMS(p)) and its division by RMS(u) / threshold, from sums of squares; `c` are Adafactor's own
// coefficients.
double adafactor_scale(const double* c, double squares, size_t count);
double adafactor_clipped(const double* c, double scale, double squares, size_t count);

}  // namespace downhill
