#include "engine/loop.h"

#include <cmath>
#include <cstring>

#include "dispatch/dispatch.h"
#include "kernels/ops/table.h"
#include "memory/fp_mode.h"
#include "parallel/pool.h"
#include "reduce/reduce.h"

namespace downhill {
namespace {

// Copying below this is not worth a second thread.
constexpr size_t kGatherBytes = 128 << 10;

const OpsKernels<float>& ops_of(const float*) { return kernels().ops->f32; }
const OpsKernels<double>& ops_of(const double*) { return kernels().ops->f64; }

void gather(const Column& column, SpaceMemory& space, const uint32_t* order, size_t rows) {
  if (column.data == nullptr || column.row_bytes == 0) return;
  const size_t bytes = column.row_bytes;
  auto copy = [&](size_t begin, size_t end) {
    for (size_t r = begin; r < end; ++r) {
      std::memcpy(space.data + r * bytes, column.data + order[r] * bytes, bytes);
    }
  };
  const size_t step = kGatherBytes / 4 / bytes + 1;
  if (rows * bytes < kGatherBytes || pool_threads() == 1) return copy(0, rows);
  auto chunk = [&](size_t i) { copy(i * step, (i + 1) * step < rows ? (i + 1) * step : rows); };
  parallel_for((rows + step - 1) / step, chunk);
}

void run_part(Loop& loop, const LoopRun& run, const LoopPart& part) {
  Program& program = *loop.programs[static_cast<size_t>(part.program)];
  const uint32_t* order = run.order + part.begin;
  const Space spaces[3] = {Space::x, Space::y, Space::weights};
  for (size_t i = 0; i < 3; ++i) {
    gather(loop.columns[i], program.spaces[static_cast<size_t>(spaces[i])], order, static_cast<size_t>(part.rows));
  }
  program.control.seed_low = run.seed_low;
  program.control.seed_high = run.seed_high;
  program.control.step = run.first_step + static_cast<uint32_t>(part.mini_batch);
  program.control.first_row = static_cast<uint64_t>(part.first_row);
  program_run(program, 0);
}

// arena ← w·g for the first part, arena ← arena + w·g (product and sum rounded each) for the others.
template <class T>
void average(Loop& loop, const Program& program, double weight, bool first) {
  FpScope scope(flushes_subnormals<T>());
  T* arena = static_cast<T*>(loop.gradients);
  const T* part = reinterpret_cast<const T*>(program.spaces[static_cast<size_t>(Space::gradients)].data);
  if (part == arena) return;
  const OpsKernels<T>& ops = ops_of(arena);
  if (first) ops.unary(static_cast<int>(UnaryKind::scale), loop.gradient_count, part, arena, weight);
  else ops.blend(loop.gradient_count, arena, 1, part, static_cast<T>(weight));
}

template <class T>
void shrink(T* gradient, size_t count, double factor) {
  if (factor >= 1) return;
  FpScope scope(flushes_subnormals<T>());
  ops_of(gradient).unary(static_cast<int>(UnaryKind::scale), count, gradient, gradient, factor);
}

template <class T>
void clip_values(Loop& loop) {
  FpScope scope(flushes_subnormals<T>());
  T* arena = static_cast<T*>(loop.gradients);
  const OpsKernels<T>& ops = ops_of(arena);
  const T high = static_cast<T>(loop.clip_limit), low = -high;
  ops.binary(static_cast<int>(BinaryKind::maximum), loop.gradient_count, &low, true, arena, false, arena);
  ops.binary(static_cast<int>(BinaryKind::minimum), loop.gradient_count, &high, true, arena, false, arena);
}

// As PyTorch: gradients are multiplied by limit / (norm + 1e-6) where that is below 1 (NaN where the norm is). `norm`, where
// given, receives the norm of all gradients before that: Σ of the tensors' squares in their order.
template <class T>
void finish_gradients(Loop& loop, double* norm) {
  T* arena = static_cast<T*>(loop.gradients);
  const bool clips_norms = loop.clip == Clip::norm || loop.clip == Clip::global_norm;
  if (norm != nullptr || clips_norms) {
    double total = 0;
    for (const TensorRange& tensor : loop.tensors) {
      const double squares = reduce_sum_squares(arena + tensor.begin, tensor.count);
      if (loop.clip == Clip::norm) shrink(arena + tensor.begin, tensor.count, loop.clip_limit / (std::sqrt(squares) + 1e-6));
      total += squares;
    }
    const double whole = std::sqrt(total);
    if (norm != nullptr) *norm = whole;
    if (loop.clip == Clip::global_norm) {
      for (const TensorRange& tensor : loop.tensors) {
        shrink(arena + tensor.begin, tensor.count, loop.clip_limit / (whole + 1e-6));
      }
    }
  }
  if (loop.clip == Clip::value) clip_values<T>(loop);
}

// The parts [begin, end) of one group, at the same time where there are several.
void run_group(Loop& loop, LoopRun& run, size_t begin, size_t end) {
  if (end - begin == 1) return run_part(loop, run, run.parts[begin]);
  auto chunk = [&](size_t i) { run_part(loop, run, run.parts[begin + i]); };
  parallel_for(end - begin, chunk);
}

}  // namespace

Loop::~Loop() {
  for (Column& column : columns) {
    if (column.buffer) buffer_release(column.buffer);
  }
  if (gradient_buffer) buffer_release(gradient_buffer);
  if (plan) step_plan_release(plan);
}

void loop_run(Loop& loop, LoopRun& run) {
  run.parts_done = run.updates_done = 0;
  run.aborted = false;
  double rows = 0;
  bool finite = true;
  size_t i = 0;
  while (i < run.part_count) {
    if ((run.parts[i].flags & kFirstOfUpdate) && loop.cancelled.load(std::memory_order_relaxed)) {
      run.aborted = true;
      return;
    }
    size_t end = i + 1;
    while (end < run.part_count && run.parts[end].group == run.parts[i].group) ++end;
    run_group(loop, run, i, end);
    for (; i < end; ++i) {
      const LoopPart& part = run.parts[i];
      Program& program = *loop.programs[static_cast<size_t>(part.program)];
      program_run(program, 1);
      const double* stats = reinterpret_cast<const double*>(program.spaces[static_cast<size_t>(Space::stats)].data);
      double& loss = run.losses[part.mini_batch];
      double& correct = run.correct[part.mini_batch];
      const bool first = part.flags & kFirstOfMiniBatch;
      loss = first ? stats[0] : loss + stats[0];
      correct = first || stats[1] < 0 ? stats[1] : correct + stats[1];
      rows = first ? part.rows : rows + part.rows;
      if (part.flags & kLastOfMiniBatch) {
        loss = loss / rows;
        finite = finite && std::isfinite(loss);
      }
      if (loop.f64) average<double>(loop, program, run.weights[i], part.flags & kFirstOfUpdate);
      else average<float>(loop, program, run.weights[i], part.flags & kFirstOfUpdate);
    }
    run.parts_done = i;
    const int32_t flags = run.parts[i - 1].flags;
    if (flags & (kLastOfUpdate | kClipOnly)) {
      double* norm = run.norms == nullptr ? nullptr : run.norms + run.updates_done;
      if (loop.f64) finish_gradients<double>(loop, norm);
      else finish_gradients<float>(loop, norm);
    }
    if (flags & kLastOfUpdate) {
      step_plan_run(*loop.plan, run.controls + run.updates_done * run.control_width);
      ++run.updates_done;
      if (!finite && run.stop_on_non_finite) return;
      finite = true;
    }
  }
}

}  // namespace downhill
