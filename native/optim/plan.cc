#include "optim/plan.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <memory>
#include <new>
#include <vector>

#include "dispatch/dispatch.h"
#include "kernels/gradients/table.h"
#include "kernels/optim/table.h"
#include "memory/buffer.h"
#include "memory/fp_mode.h"
#include "optim/guard.h"
#include "optim/rules.h"
#include "optim/tensor/work.h"
#include "parallel/pool.h"
#include "parallel/seats.h"

namespace downhill {
namespace {

// Elements below which a second thread does not pay: 32,768 elements of Adam are 4 µs, a wake-up costs about that.
constexpr size_t kParallelFrom = 32768;
// A tensor is cut at multiples of one reduction block; 4,096 elements of Adam are .6 µs, ten times the cost of a chunk.
constexpr size_t kSliceUnit = 4096;
constexpr size_t kLargestSlice = 65536;

// How a cluster's gradients are scaled: by one coefficient, by one per tensor, or by one per unit.
enum class Scaling : uint8_t { common, tensors, units };

struct Cluster {
  size_t rule;
  bool f64;
  bool adaptive;   // its gradients can be clipped by units
  Scaling scaling;
  double scale;    // of the control row, times the factor of all gradients
  size_t own;      // coefficients of the rule itself
  size_t control;  // first double in the control row
  size_t first_tensor, tensors;
  size_t first_slice, slices;
  size_t unbound;  // tensors without a gradient
  TensorWork* whole;  // of a rule that needs whole tensors (then there are no slices), or null
  bool active;
  Prelude prelude;
  union {
    float f32[kMaxCoefficients];
    double f64[kMaxCoefficients];
  } coefficients;
};

struct Chunk {
  size_t cluster, first_slice, slices;
};

struct Tensor {
  StepTensor arrays;
  size_t cluster;
  size_t first_slice, slices;
  const void* factors;  // of its units in the step that runs
  double* scratch;      // its scaled gradient, for adaptive clusters whose rule needs whole tensors
  Buffer* held[kMaxSlots + 2];  // parameter, gradient, slots; null for plain memory
};

// The same choice as in src/backend/optim.ts (preludeOf).
template <class T> Prelude prelude_of(const T* c) {
  if (c[kScale] != 1 || c[kL1] != 0 || !(c[kClip] == std::numeric_limits<T>::infinity())) return kPreludeFull;
  return c[kL2] != 0 ? kPreludeL2 : kPreludeNone;
}

}  // namespace

struct StepPlan {
  std::atomic<size_t> references{1};
  std::vector<Cluster> clusters;
  std::vector<Tensor> tensors;
  std::vector<StepSlice> slices;
  std::vector<size_t> owners;  // the tensor of each slice
  std::vector<Chunk> chunks;
  std::vector<std::unique_ptr<TensorWork>> works;
  Guard guard;
  std::vector<char> active, whole;     // of each cluster, as the guard sees it
  std::vector<std::vector<double>> scratch;
  size_t guard_at = 0;                 // first double of its part in the control row
  size_t elements = 0;
  size_t width = 0;
  bool disposed = false;
  bool lent = false;
};

namespace {

void release_all(StepPlan& plan) {
  for (Tensor& tensor : plan.tensors) {
    for (Buffer*& held : tensor.held) {
      if (held != nullptr) buffer_release(held);
      held = nullptr;
    }
  }
  for (const std::unique_ptr<TensorWork>& work : plan.works) tensor_work_release(*work);
}

Buffer* hold(const StepArray& array) {
  return array.data == nullptr || array.bytes == 0 ? nullptr : buffer_find(array.data, array.bytes);
}

void rehold(Buffer*& held, const StepArray& array) {
  Buffer* next = hold(array);
  if (held != nullptr) buffer_release(held);
  held = next;
}

bool is_unbound(const StepTensor& arrays) { return arrays.gradient.data == nullptr && arrays.count != 0; }

char* at(void* data, size_t bytes) { return data == nullptr ? nullptr : static_cast<char*>(data) + bytes; }

StepSlice slice_of(const StepTensor& arrays, size_t size, size_t begin, size_t count, const void* gradient) {
  StepSlice piece{};
  piece.p = at(arrays.parameter.data, begin * size);
  piece.g = gradient;
  for (size_t j = 0; j < arrays.slot_count; ++j) piece.slots[j] = at(arrays.slots[j].data, begin * size);
  piece.count = count;
  piece.stride = arrays.count;
  piece.rows = arrays.rows;
  return piece;
}

void cut(StepPlan& plan, Tensor& tensor, size_t slice) {
  const size_t size = plan.clusters[tensor.cluster].f64 ? 8 : 4;
  tensor.first_slice = plan.slices.size();
  for (size_t begin = 0; begin < tensor.arrays.count; begin += slice) {
    const size_t count = std::min(slice, tensor.arrays.count - begin);
    const StepSlice piece = slice_of(tensor.arrays, size, begin, count, at(tensor.arrays.gradient.data, begin * size));
    plan.slices.push_back(piece);
    plan.owners.push_back(static_cast<size_t>(&tensor - plan.tensors.data()));
  }
  tensor.slices = plan.slices.size() - tensor.first_slice;
}

TensorView view_of(const StepTensor& arrays) {
  TensorView view{};
  view.p = static_cast<char*>(arrays.parameter.data);
  view.g = static_cast<const char*>(arrays.gradient.data);
  for (size_t j = 0; j < arrays.slot_count; ++j) view.slots[j] = static_cast<char*>(arrays.slots[j].data);
  view.count = arrays.count;
  view.rows = arrays.matrix_rows;
  view.columns = arrays.matrix_columns;
  view.stream = arrays.stream;
  return view;
}

void make_work(StepPlan& plan, Cluster& cluster, const TensorRule* rule) {
  plan.works.push_back(std::make_unique<TensorWork>());
  cluster.whole = plan.works.back().get();
  cluster.whole->rule = rule;
  cluster.whole->f64 = cluster.f64;
  for (size_t t = cluster.first_tensor; t < cluster.first_tensor + cluster.tensors; ++t) {
    cluster.whole->tensors.push_back(view_of(plan.tensors[t].arrays));
  }
  tensor_work_finish(*cluster.whole);
}

// Chunks are runs of slices of one cluster with at least `slice` elements together.
void make_chunks(StepPlan& plan, size_t slice) {
  for (size_t c = 0; c < plan.clusters.size(); ++c) {
    const Cluster& cluster = plan.clusters[c];
    size_t begin = cluster.first_slice, elements = 0;
    for (size_t s = cluster.first_slice; s < cluster.first_slice + cluster.slices; ++s) {
      elements += plan.slices[s].count;
      if (elements >= slice || s + 1 == cluster.first_slice + cluster.slices) {
        plan.chunks.push_back({c, begin, s + 1 - begin});
        begin = s + 1;
        elements = 0;
      }
    }
  }
}

float rounded(double x, float) { return guard_round(x); }
double rounded(double x, double) { return x; }

template <class T> void read_coefficients(Cluster& cluster, T* into, const double* control) {
  for (size_t k = 0; k < kCommonCoefficients + cluster.own; ++k) into[k] = static_cast<T>(control[k]);
  if (cluster.scale != control[kScale]) into[kScale] = rounded(cluster.scale, T{});
  if (cluster.scaling == Scaling::units) into[kScale] = 1;
  cluster.prelude = prelude_of(into);
}

StepKernel kernel_of(const StepRule& rule, const float*, Prelude prelude) { return rule.f32[prelude]; }
StepKernel kernel_of(const StepRule& rule, const double*, Prelude prelude) { return rule.f64[prelude]; }
const GradientKernels<float>& gradient_kernels_of(const float*) { return kernels().gradients->f32; }
const GradientKernels<double>& gradient_kernels_of(const double*) { return kernels().gradients->f64; }

// A slice whose tensor has a scale of its own.
template <class T>
void run_own_scale(const StepPlan& plan, const Cluster& cluster, const StepRule& rule, const T* common, size_t s) {
  T own[kMaxCoefficients];
  std::memcpy(own, common, (kCommonCoefficients + cluster.own) * sizeof(T));
  own[kScale] = rounded(cluster.scale * plan.guard.tensors[plan.owners[s]].factor, T{});
  kernel_of(rule, common, prelude_of(own))(plan.slices.data() + s, 1, own);
}

// A slice whose units have a scale each: the scaled gradient goes through memory that stays in the first cache.
template <class T>
void run_unit_scales(const StepPlan& plan, const Cluster& cluster, const StepRule& rule, const T* common, size_t s) {
  constexpr size_t kPart = 2048;
  T scaled[kPart];
  const Tensor& tensor = plan.tensors[plan.owners[s]];
  const StepSlice& slice = plan.slices[s];
  const T* gradient = static_cast<const T*>(slice.g);
  const size_t first = static_cast<size_t>(gradient - static_cast<const T*>(tensor.arrays.gradient.data));
  const size_t columns = tensor.arrays.units;
  for (size_t begin = 0; begin < slice.count; begin += kPart) {
    StepSlice part = slice;
    part.count = std::min(kPart, slice.count - begin);
    const T* factors = static_cast<const T*>(tensor.factors);
    gradient_kernels_of(common).scale_columns(gradient + begin, scaled, part.count, columns, (first + begin) % columns, factors);
    part.p = static_cast<T*>(slice.p) + begin;
    part.g = scaled;
    for (size_t j = 0; j < tensor.arrays.slot_count; ++j) part.slots[j] = static_cast<T*>(slice.slots[j]) + begin;
    kernel_of(rule, common, cluster.prelude)(&part, 1, common);
  }
}

template <class T>
void run_typed(const StepPlan& plan, const Cluster& cluster, const StepRule& rule, const T* common, size_t first, size_t count) {
  const FpScope scope(flushes_subnormals<T>());
  if (cluster.scaling == Scaling::common) {
    kernel_of(rule, common, cluster.prelude)(plan.slices.data() + first, count, common);
    return;
  }
  for (size_t s = first; s < first + count; ++s) {
    if (cluster.scaling == Scaling::tensors) {
      run_own_scale(plan, cluster, rule, common, s);
    } else {
      run_unit_scales(plan, cluster, rule, common, s);
    }
  }
}

void run_slices(const StepPlan& plan, const OptimTable& table, size_t c, size_t first, size_t count) {
  const Cluster& cluster = plan.clusters[c];
  const StepRule& rule = table.rules[cluster.rule];
  if (cluster.f64) {
    run_typed(plan, cluster, rule, cluster.coefficients.f64, first, count);
  } else {
    run_typed(plan, cluster, rule, cluster.coefficients.f32, first, count);
  }
}

// The scaled gradients of an adaptive cluster whose rule needs whole tensors, or where it is not clipped the gradients.
template <class T> void scale_whole(StepPlan& plan, Cluster& cluster) {
  for (size_t k = 0; k < cluster.tensors; ++k) {
    const Tensor& tensor = plan.tensors[cluster.first_tensor + k];
    const T* gradient = static_cast<const T*>(tensor.arrays.gradient.data);
    TensorView& view = cluster.whole->tensors[k];
    view.g = reinterpret_cast<const char*>(gradient);
    if (cluster.scaling != Scaling::units || tensor.arrays.count == 0) continue;
    T* scaled = reinterpret_cast<T*>(tensor.scratch);
    view.g = reinterpret_cast<const char*>(scaled);
    auto body = [&](size_t chunk) {
      const FpScope scope(flushes_subnormals<T>());
      const size_t begin = chunk * kLargestSlice, columns = tensor.arrays.units;
      gradient_kernels_of(gradient).scale_columns(gradient + begin, scaled + begin, std::min(kLargestSlice, tensor.arrays.count - begin),
                                                  columns, begin % columns, static_cast<const T*>(tensor.factors));
    };
    parallel_for((tensor.arrays.count + kLargestSlice - 1) / kLargestSlice, body);
  }
}

void add_guard(StepPlan& plan) {
  std::vector<char> adaptive;
  for (const Cluster& cluster : plan.clusters) {
    adaptive.push_back(cluster.adaptive);
    plan.whole.push_back(cluster.whole != nullptr);
  }
  plan.active.resize(plan.clusters.size());
  for (Tensor& tensor : plan.tensors) {
    const StepTensor& arrays = tensor.arrays;
    const bool f64 = plan.clusters[tensor.cluster].f64;
    GuardTensor row{};
    row.g = arrays.gradient.data;
    row.p = arrays.parameter.data;
    row.count = arrays.count;
    row.columns = arrays.units;
    row.stream = arrays.stream;
    row.cluster = tensor.cluster;
    row.f64 = f64;
    plan.guard.add(row);
    if (adaptive[tensor.cluster] && plan.whole[tensor.cluster]) {
      plan.scratch.emplace_back(arrays.count * (f64 ? 8 : 4) / sizeof(double) + 1);
      tensor.scratch = plan.scratch.back().data();
    }
  }
  guard_finish(plan.guard, adaptive);
  plan.guard_at = plan.width;
  plan.width += kGuardHead + size_t{kGuardPart} * plan.clusters.size();
}

}  // namespace

StepPlan* step_plan_create() { return new (std::nothrow) StepPlan; }

void step_plan_retain(StepPlan* plan) { plan->references.fetch_add(1, std::memory_order_relaxed); }

void step_plan_release(StepPlan* plan) {
  if (plan->references.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
  release_all(*plan);
  delete plan;
}

bool step_plan_add_cluster(StepPlan* plan, size_t rule, bool f64, bool adaptive) {
  Cluster cluster{};
  cluster.rule = rule;
  cluster.f64 = f64;
  cluster.adaptive = adaptive;
  cluster.own = rule_coefficients(rule);
  cluster.control = plan->width;
  cluster.first_tensor = plan->tensors.size();
  try {
    plan->clusters.push_back(cluster);
  } catch (const std::bad_alloc&) {
    return false;
  }
  plan->width += kClusterHead + size_t{kCommonCoefficients} + cluster.own;
  return true;
}

bool step_plan_add_tensor(StepPlan* plan, const StepTensor& arrays) {
  Tensor tensor{};
  tensor.arrays = arrays;
  tensor.cluster = plan->clusters.size() - 1;
  try {
    plan->tensors.push_back(tensor);
  } catch (const std::bad_alloc&) {
    return false;
  }
  Tensor& added = plan->tensors.back();
  added.held[0] = hold(arrays.parameter);
  added.held[1] = hold(arrays.gradient);
  for (size_t j = 0; j < arrays.slot_count; ++j) added.held[2 + j] = hold(arrays.slots[j]);
  ++plan->clusters.back().tensors;
  plan->clusters.back().unbound += is_unbound(arrays);
  plan->elements += arrays.count;
  return true;
}

bool step_plan_finish(StepPlan* plan) {
  // About 64 slices of work for any number of threads, whole reduction blocks each.
  const size_t units = plan->elements / 64 / kSliceUnit + 1;
  const size_t slice = std::min(units * kSliceUnit, kLargestSlice);
  try {
    for (Cluster& cluster : plan->clusters) {
      cluster.first_slice = plan->slices.size();
      if (const TensorRule* rule = tensor_rule_of(cluster.rule)) {
        make_work(*plan, cluster, rule);
        continue;
      }
      for (size_t t = cluster.first_tensor; t < cluster.first_tensor + cluster.tensors; ++t) {
        cut(*plan, plan->tensors[t], slice);
      }
      cluster.slices = plan->slices.size() - cluster.first_slice;
    }
    make_chunks(*plan, slice);
    add_guard(*plan);
  } catch (const std::bad_alloc&) {
    return false;
  }
  return true;
}

size_t step_plan_width(const StepPlan* plan) { return plan->width; }
size_t step_plan_tensors(const StepPlan* plan) { return plan->tensors.size(); }
size_t step_plan_count(const StepPlan* plan, size_t tensor) { return plan->tensors[tensor].arrays.count; }
bool step_plan_is_f64(const StepPlan* plan, size_t tensor) { return plan->clusters[plan->tensors[tensor].cluster].f64; }

bool step_plan_bind(StepPlan* plan, size_t index, StepArray parameter, StepArray gradient) {
  Tensor& tensor = plan->tensors[index];
  const size_t size = step_plan_is_f64(plan, index) ? 8 : 4;
  rehold(tensor.held[0], parameter);
  rehold(tensor.held[1], gradient);
  Cluster& cluster = plan->clusters[tensor.cluster];
  cluster.unbound -= is_unbound(tensor.arrays);
  tensor.arrays.parameter = parameter;
  tensor.arrays.gradient = gradient;
  cluster.unbound += is_unbound(tensor.arrays);
  plan->guard.tensors[index].p = parameter.data;
  plan->guard.tensors[index].g = gradient.data;
  if (cluster.whole != nullptr) {
    TensorView& view = cluster.whole->tensors[index - cluster.first_tensor];
    view.p = static_cast<char*>(parameter.data);
    view.g = static_cast<const char*>(gradient.data);
  }
  size_t begin = 0;
  for (size_t s = tensor.first_slice; s < tensor.first_slice + tensor.slices; ++s) {
    StepSlice& slice = plan->slices[s];
    slice.p = at(parameter.data, begin * size);
    slice.g = at(gradient.data, begin * size);
    begin += slice.count;
  }
  return true;
}

void step_plan_lend(StepPlan* plan) { plan->lent = true; }
bool step_plan_lent(const StepPlan* plan) { return plan->lent; }

void step_plan_take_back(StepPlan* plan) {
  plan->lent = false;
  if (plan->disposed) release_all(*plan);
}

void step_plan_dispose(StepPlan* plan) {
  if (!plan->lent) release_all(*plan);
  plan->disposed = true;
}

bool step_plan_disposed(const StepPlan* plan) { return plan->disposed; }

namespace {

// The clusters whose rules need whole tensors, one after the other: each uses the pool itself.
void run_whole(StepPlan& plan, const double* control) {
  if (plan.works.empty()) return;
  for (Cluster& cluster : plan.clusters) {
    if (cluster.whole == nullptr || !cluster.active) continue;
    if (cluster.adaptive) {
      if (cluster.f64) {
        scale_whole<double>(plan, cluster);
      } else {
        scale_whole<float>(plan, cluster);
      }
    }
    const double* own = control + cluster.control + kClusterHead + size_t{kCommonCoefficients};
    tensor_work_run(*cluster.whole, cluster.prelude, own, &cluster.coefficients);
  }
}

// The guard's part of a step: what scales each cluster. False where the step is to be skipped.
bool apply_guard(StepPlan& plan, const double* row) {
  for (size_t c = 0; c < plan.clusters.size(); ++c) plan.active[c] = plan.clusters[c].active;
  if (!guard_prepare(plan.guard, row, plan.active.data(), plan.whole.data())) return false;
  for (size_t c = 0; c < plan.clusters.size(); ++c) {
    Cluster& cluster = plan.clusters[c];
    if (!cluster.active) continue;
    const double* part = row + kGuardHead + c * kGuardPart;
    cluster.scale = cluster.scale * plan.guard.factor;
    if (part[kGuardNorm] != 0 && cluster.tensors > 0) {
      if (cluster.whole != nullptr) {
        cluster.scale = cluster.scale * plan.guard.tensors[cluster.first_tensor].factor;
      } else {
        cluster.scaling = Scaling::tensors;
      }
    }
    if (part[kGuardAdaptive] == 0 || !cluster.adaptive) continue;
    cluster.scaling = Scaling::units;
    for (size_t t = cluster.first_tensor; t < cluster.first_tensor + cluster.tensors; ++t) {
      if (plan.tensors[t].arrays.count == 0) continue;
      const double own = cluster.whole == nullptr ? plan.guard.tensors[t].factor : 1;
      const double scale = cluster.scale * own;
      plan.tensors[t].factors = guard_unit_factors(plan.guard, t, scale, part[kGuardAdaptive], part[kGuardEpsilon]);
    }
  }
  return true;
}

// Reads the control row. False where the step is to be skipped.
bool read_control(StepPlan& plan, const double* control) {
  for (Cluster& cluster : plan.clusters) {
    const double* row = control + cluster.control;
    cluster.active = row[kActive] != 0 && cluster.unbound == 0;
    cluster.scaling = Scaling::common;
    cluster.scale = row[kClusterHead + size_t{kScale}];
  }
  const double* guard = control + plan.guard_at;
  if (guard[kGuardOn] != 0 && !apply_guard(plan, guard)) return false;
  for (Cluster& cluster : plan.clusters) {
    if (!cluster.active) continue;
    const double* row = control + cluster.control + kClusterHead;
    if (cluster.f64) {
      read_coefficients(cluster, cluster.coefficients.f64, row);
    } else {
      read_coefficients(cluster, cluster.coefficients.f32, row);
    }
  }
  return true;
}

}  // namespace

bool step_plan_begin(StepPlan& plan, const double* control) {
  return control[plan.guard_at + kGuardOn] == 0 && read_control(plan, control);
}

bool step_plan_is_elementwise(const StepPlan& plan) { return plan.works.empty(); }
size_t step_plan_elements(const StepPlan& plan) { return plan.elements; }
const void* step_plan_gradient(const StepPlan& plan, size_t tensor) { return plan.tensors[tensor].arrays.gradient.data; }

void step_plan_run_block(const StepPlan& plan, size_t index, size_t begin, size_t rows, size_t stride, size_t count,
                         const void* gradient) {
  const Tensor& tensor = plan.tensors[index];
  const Cluster& cluster = plan.clusters[tensor.cluster];
  if (!cluster.active || count == 0) return;
  const StepRule& rule = kernels().optim->rules[cluster.rule];
  const StepKernel kernel = (cluster.f64 ? rule.f64 : rule.f32)[cluster.prelude];
  const size_t size = cluster.f64 ? 8 : 4;
  const FpScope scope(!cluster.f64);
  constexpr size_t kSlices = 32;
  StepSlice slices[kSlices];
  for (size_t r = 0; r < rows;) {
    size_t made = 0;
    for (; made < kSlices && r < rows; ++made, ++r) {
      const char* row = static_cast<const char*>(gradient) + r * count * size;
      slices[made] = slice_of(tensor.arrays, size, begin + r * stride, count, row);
    }
    kernel(slices, made, &cluster.coefficients);
  }
}

bool step_plan_run(StepPlan& plan, const double* control) {
  if (!read_control(plan, control)) return false;
  const OptimTable& table = *kernels().optim;
  if (plan.elements < kParallelFrom || pool_threads() == 1) {
    for (size_t c = 0; c < plan.clusters.size(); ++c) {
      const Cluster& cluster = plan.clusters[c];
      if (cluster.active && cluster.slices > 0) run_slices(plan, table, c, cluster.first_slice, cluster.slices);
    }
    run_whole(plan, control);
    return true;
  }
  auto body = [&](size_t index) {
    const Chunk& chunk = plan.chunks[index];
    if (plan.clusters[chunk.cluster].active) run_slices(plan, table, chunk.cluster, chunk.first_slice, chunk.slices);
  };
  parallel_for_seats(plan.chunks.size(), body);
  run_whole(plan, control);
  return true;
}

bool step_plan_measure(StepPlan& plan) {
  guard_measure(plan.guard);
  return plan.guard.finite;
}

double step_plan_squares(const StepPlan* plan, size_t tensor) { return plan->guard.tensors[tensor].squares; }

}  // namespace downhill
