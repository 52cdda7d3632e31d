#include "engine/loop.h"

#include <chrono>
#include <cmath>
#include <cstring>

#include "dispatch/dispatch.h"
#include "kernels/ops/table.h"
#include "memory/fp_mode.h"
#include "optim/guard.h"
#include "parallel/pool.h"
#include "parallel/seats.h"

namespace downhill {
namespace {

using Clock = std::chrono::steady_clock;

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
  parallel_for_seats((rows + step - 1) / step, chunk);
}

void run_part(Loop& loop, const LoopRun& run, const LoopPart& part, const FusedStep* fused) {
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
  program_run(program, 0, fused == nullptr ? nullptr : fused->deferred.data());
}

// The fused update of a part that is a whole update whose gradients nobody asks for.
const FusedStep* fused_step_of(const Loop& loop, const LoopRun& run, const LoopPart& part) {
  constexpr int32_t kWhole = kFirstOfUpdate | kLastOfUpdate;
  const FusedStep& fused = loop.fused[static_cast<size_t>(part.program)];
  const bool may = fused.useful && (part.flags & kWhole) == kWhole && loop.clip == Clip::none && run.norms == nullptr;
  return may && step_plan_begin(*loop.plan, run.controls + run.updates_done * run.control_width) ? &fused : nullptr;
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

// As PyTorch: gradients are multiplied by limit / (norm + 1e-6) where that is below 1 (NaN where the norm is). `norm`, where
// given, receives the norm of all gradients before that: Σ of the tensors' squares in their order.
void finish_gradients(Loop& loop, double* norm) {
  const bool clips_norms = loop.clip == Clip::norm || loop.clip == Clip::global_norm;
  if (norm != nullptr || clips_norms) {
    std::vector<double>& values = loop.tensor_values;
    gradients_norms(loop.tensors, NormKind::squares, values.data());
    double total = 0;
    for (const double squares : values) total += squares;
    const double whole = std::sqrt(total);
    if (norm != nullptr) *norm = whole;
    if (clips_norms) {
      for (double& value : values) value = clip_factor(loop.clip_limit, loop.clip == Clip::norm ? std::sqrt(value) : whole);
      gradients_scale(loop.tensors, values.data());
    }
  }
  if (loop.clip == Clip::value) gradients_clamp(loop.tensors, loop.clip_limit);
}

// The parts [begin, end) of one group, at the same time where there are several.
void run_group(Loop& loop, LoopRun& run, size_t begin, size_t end, const FusedStep* fused) {
  if (end - begin == 1) return run_part(loop, run, run.parts[begin], fused);
  auto chunk = [&](size_t i) { run_part(loop, run, run.parts[begin + i], nullptr); };
  parallel_for(end - begin, chunk);
}

struct Progress {
  double rows = 0;     // of the mini-batch so far
  bool finite = true;  // the update's losses
};

// A part's loss and hits go to its mini-batch, its gradient into the update's.
void take_in(Loop& loop, LoopRun& run, size_t index, Progress& progress) {
  const LoopPart& part = run.parts[index];
  Program& program = *loop.programs[static_cast<size_t>(part.program)];
  program_run(program, 1);
  const double* stats = reinterpret_cast<const double*>(program.spaces[static_cast<size_t>(Space::stats)].data);
  double& loss = run.losses[part.mini_batch];
  double& correct = run.correct[part.mini_batch];
  const bool first = part.flags & kFirstOfMiniBatch;
  loss = first ? stats[0] : loss + stats[0];
  correct = first || stats[1] < 0 ? stats[1] : correct + stats[1];
  progress.rows = first ? part.rows : progress.rows + part.rows;
  if (part.flags & kLastOfMiniBatch) {
    loss = loss / progress.rows;
    progress.finite = progress.finite && std::isfinite(loss);
  }
  if (loop.f64) average<double>(loop, program, run.weights[index], part.flags & kFirstOfUpdate);
  else average<float>(loop, program, run.weights[index], part.flags & kFirstOfUpdate);
}

// The gradients of an update are complete: clips, and makes it where the call does.
void update(Loop& loop, LoopRun& run, const LoopPart& last, const FusedStep* fused) {
  if (last.flags & (kLastOfUpdate | kClipOnly)) {
    double* norm = run.norms == nullptr ? nullptr : run.norms + run.updates_done;
    finish_gradients(loop, norm);
  }
  if (!(last.flags & kLastOfUpdate)) return;
  if (fused != nullptr) {
    fused_step_run(*fused, *loop.programs[static_cast<size_t>(last.program)], *loop.plan);
  } else {
    run.skipped = !step_plan_run(*loop.plan, run.controls + run.updates_done * run.control_width);
  }
  ++run.updates_done;
}

// The parts up to the end of an update. False where the run ends with it: a skipped update does not count, so that the
// control rows written ahead are those of other steps.
bool run_update(Loop& loop, LoopRun& run) {
  Progress progress;
  int32_t flags = 0;
  while (run.parts_done < run.part_count && !(flags & (kLastOfUpdate | kClipOnly))) {
    const size_t begin = run.parts_done;
    size_t end = begin + 1;
    while (end < run.part_count && run.parts[end].group == run.parts[begin].group) ++end;
    const FusedStep* fused = end - begin == 1 ? fused_step_of(loop, run, run.parts[begin]) : nullptr;
    run_group(loop, run, begin, end, fused);
    for (size_t i = begin; i < end; ++i) take_in(loop, run, i, progress);
    run.parts_done = end;
    flags = run.parts[end - 1].flags;
    update(loop, run, run.parts[end - 1], fused);
  }
  return !run.skipped && (progress.finite || !run.stop_on_non_finite || !(flags & kLastOfUpdate));
}

}  // namespace

Loop::~Loop() {
  for (Column& column : columns) {
    if (column.buffer) buffer_release(column.buffer);
  }
  if (gradient_buffer) buffer_release(gradient_buffer);
  if (plan) step_plan_release(plan);
}

void loop_finish(Loop& loop) {
  loop.paces.resize(loop.programs.size());
  for (const Program* program : loop.programs) {
    const SpaceMemory& arena = program->spaces[static_cast<size_t>(Space::gradients)];
    loop.fused.push_back(static_cast<void*>(arena.data) == loop.gradients ? fused_step_make(*program, *loop.plan) : FusedStep{});
  }
}

void loop_run(Loop& loop, LoopRun& run) {
  run.parts_done = run.updates_done = 0;
  run.aborted = run.skipped = false;
  while (run.parts_done < run.part_count) {
    if (loop.cancelled.load(std::memory_order_relaxed) || !loop.gate.begin_update(loop.cancelled)) {
      run.aborted = true;
      return;
    }
    Pace& pace = loop.paces[static_cast<size_t>(run.parts[run.parts_done].program)];
    const Clock::time_point start = Clock::now();
    bool goes_on;
    {
      const AloneScope scope(pace.alone());
      goes_on = run_update(loop, run);
    }
    loop.gate.end_update();
    if (!goes_on) return;
    pace.took(static_cast<uint64_t>(std::chrono::nanoseconds(Clock::now() - start).count()));
  }
}

}  // namespace downhill
