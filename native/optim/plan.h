// A prepared optimizer step: every parameter with its state, cut into slices, and the rule of each. One run updates all
// of them; it takes one row of doubles, so that many steps can be run from many rows without going back to JavaScript.
#pragma once

#include <cstddef>
#include <cstdint>

namespace downhill {

struct StepPlan;

// A control row has, per cluster: active, the common coefficients and the rule's own. A cluster with active = 0 is not
// touched (its gradients are null); neither is one with a tensor whose gradient was never bound. Behind the clusters comes
// what the step does with the gradients' norms (optim/guard.h).
constexpr size_t kActive = 0;
constexpr size_t kClusterHead = 1;

// Memory that a plan uses. `owner` says whether it is the addon's own (then the plan retains it) or plain memory, which
// the caller must have checked right before each run.
struct StepArray {
  void* data;
  size_t bytes;
};

struct StepTensor {
  StepArray parameter;
  StepArray gradient;  // data may be null until bound
  StepArray slots[4];
  size_t slot_count;
  size_t count;  // elements
  size_t rows;   // rows of the history that slot 0 is, for rules that have one; else 1
  // For rules that need whole tensors: the last two dimensions (1 and count for a vector), the parameter's number.
  size_t matrix_rows, matrix_columns;
  uint32_t stream;
  size_t units;  // of adaptive clipping: the last dimension of a matrix, else 1
};

// Building: create, then add each cluster with its tensors, then finish. Everything returns false where memory is short.
StepPlan* step_plan_create();
void step_plan_retain(StepPlan* plan);
void step_plan_release(StepPlan* plan);
// `adaptive`: its gradients can be clipped by units.
bool step_plan_add_cluster(StepPlan* plan, size_t rule, bool f64, bool adaptive);
bool step_plan_add_tensor(StepPlan* plan, const StepTensor& tensor);  // into the last cluster
bool step_plan_finish(StepPlan* plan);

size_t step_plan_width(const StepPlan* plan);    // doubles in a control row
size_t step_plan_tensors(const StepPlan* plan);
size_t step_plan_count(const StepPlan* plan, size_t tensor);  // elements of a parameter
bool step_plan_is_f64(const StepPlan* plan, size_t tensor);

// Points a tensor at another parameter or gradient of the same length. Null leaves the tensor without one: its cluster
// must then be inactive. False where memory is short (nothing is changed).
bool step_plan_bind(StepPlan* plan, size_t tensor, StepArray parameter, StepArray gradient);

// A run on another thread uses the plan: it must not be run or bound meanwhile, and disposing lets go of its memory only
// when that run has ended. To be called on the thread that disposes; not nested.
void step_plan_lend(StepPlan* plan);
void step_plan_take_back(StepPlan* plan);
bool step_plan_lent(const StepPlan* plan);

// Lets go of all memory; the plan must not be run any more.
void step_plan_dispose(StepPlan* plan);
bool step_plan_disposed(const StepPlan* plan);

// One step. Every active tensor must be bound. Returns false where the step was skipped: nothing has changed then.
bool step_plan_run(StepPlan& plan, const double* control);

// A step in ranges that the caller cuts, for gradients that are never in memory as a whole: begin it, then run every
// element of every tensor once, on any threads. Only where all rules are element-wise.
bool step_plan_is_elementwise(const StepPlan& plan);
size_t step_plan_elements(const StepPlan& plan);  // of all tensors
const void* step_plan_gradient(const StepPlan& plan, size_t tensor);
// False where this step must be run as a whole: it reads the gradients before it updates.
bool step_plan_begin(StepPlan& plan, const double* control);
// Rows of `count` elements each, `stride` apart in the tensor, the gradient's one after the other.
void step_plan_run_block(const StepPlan& plan, size_t tensor, size_t begin, size_t rows, size_t stride, size_t count,
                         const void* gradient);

// Σ g² of every tensor that has a gradient, without a step. True where all elements are finite.
bool step_plan_measure(StepPlan& plan);
// Σ g² of a tensor as the last step or measurement found it; NaN where it was not measured.
double step_plan_squares(const StepPlan* plan, size_t tensor);

}  // namespace downhill
