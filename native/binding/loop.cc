// Training loops: many steps in one call, on this thread or on another with a promise.
#include <cstring>
#include <memory>
#include <vector>

#include "binding/engine.h"
#include "engine/loop.h"

namespace downhill::binding {
namespace {

constexpr uint64_t kLoopMagic = 0x646f776e6c6f6f70;

struct SharedLoop {
  Loop loop;
  std::vector<std::shared_ptr<Program>> programs;
};

struct LoopHandle {
  uint64_t magic = kLoopMagic;
  std::shared_ptr<SharedLoop> shared;
};

void finalize(napi_env, void* data, void*) {
  auto* handle = static_cast<LoopHandle*>(data);
  handle->magic = 0;
  delete handle;
}

[[noreturn]] void refuse(Napi::Env env, const char* text) { throw Napi::RangeError::New(env, text); }

SharedLoop& loop_of(Napi::Env env, napi_value value) {
  void* data = nullptr;
  if (napi_get_value_external(env, value, &data) != napi_ok || data == nullptr ||
      static_cast<LoopHandle*>(data)->magic != kLoopMagic) {
    refuse(env, "binding: not a loop");
  }
  return *static_cast<LoopHandle*>(data)->shared;
}

bool is_nullish(const Napi::Value& value) { return value.IsNull() || value.IsUndefined(); }

void read_column(Napi::Env env, Column& column, const Napi::Value& value, double per_row) {
  if (is_nullish(value)) return;
  if (!(per_row >= 0 && per_row <= 281474976710656.0)) refuse(env, "binding: bad row length");
  const OwnedArray array = owned_array(env, value);
  column.buffer = array.buffer;
  column.data = static_cast<const unsigned char*>(array.data);
  column.row_bytes = static_cast<size_t>(per_row) * array.element;
  column.rows = column.row_bytes == 0 ? 0 : array.bytes / column.row_bytes;
}

// loopCreate(f64, programs, [x, y, weights], [elements per row], gradients, [begin, count, …], plan, clip, limit) → handle
Napi::Value create(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  auto handle = std::make_unique<LoopHandle>();
  handle->shared = std::make_shared<SharedLoop>();
  SharedLoop& shared = *handle->shared;
  Loop& loop = shared.loop;
  loop.f64 = info[0].ToBoolean();
  const Napi::Array programs = info[1].As<Napi::Array>();
  const Napi::Array columns = info[2].As<Napi::Array>(), per_row = info[3].As<Napi::Array>();
  for (uint32_t i = 0; i < 3; ++i) {
    read_column(env, loop.columns[i], columns.Get(i), per_row.Get(i).As<Napi::Number>().DoubleValue());
  }
  const OwnedArray gradients = owned_array(env, info[4]);
  if (gradients.element != (loop.f64 ? 8u : 4u)) refuse(env, "binding: gradients of the wrong dtype");
  loop.gradient_buffer = gradients.buffer;
  loop.gradients = gradients.data;
  loop.gradient_count = gradients.length;
  for (uint32_t i = 0; i < programs.Length(); ++i) {
    ProgramHandle* program = program_handle(env, programs.Get(i));
    if (program == nullptr || program->program->f64 != loop.f64) refuse(env, "binding: not a program of this dtype");
    const SpaceMemory& arena = program->program->spaces[static_cast<size_t>(Space::gradients)];
    if (arena.bytes < gradients.bytes) refuse(env, "binding: the program's gradients are too short");
    if (program->program->spaces[static_cast<size_t>(Space::stats)].bytes < 16) refuse(env, "binding: no stats");
    shared.programs.push_back(program->program);
    loop.programs.push_back(program->program.get());
  }
  const Span<double> ranges = float_span<double>(env, info[5]);
  for (size_t i = 0; i + 2 <= ranges.length; i += 2) {
    const double begin = ranges.data[i], count = ranges.data[i + 1];
    if (!(begin >= 0 && count >= 0 && begin + count <= static_cast<double>(loop.gradient_count))) {
      refuse(env, "binding: a tensor outside the gradients");
    }
    auto* data = static_cast<unsigned char*>(loop.gradients) + static_cast<size_t>(begin) * gradients.element;
    loop.tensors.push_back({data, nullptr, static_cast<size_t>(count), loop.f64, 1});
  }
  loop.tensor_values.resize(loop.tensors.size());
  void* plan = nullptr;
  if (napi_get_value_external(env, info[6], &plan) != napi_ok || plan == nullptr) refuse(env, "binding: not a plan");
  loop.plan = static_cast<StepPlan*>(plan);
  step_plan_retain(loop.plan);
  const int clip = info[7].As<Napi::Number>().Int32Value();
  if (clip < 0 || clip > 3) refuse(env, "binding: bad clip");
  loop.clip = static_cast<Clip>(clip);
  loop.clip_limit = info[8].As<Napi::Number>().DoubleValue();
  loop_finish(loop);
  napi_value external;
  if (napi_create_external(env, handle.get(), finalize, nullptr, &external) != napi_ok) throw Napi::Error::New(env);
  handle.release();
  return Napi::Value(env, external);
}

template <class T>
Span<T> typed(Napi::Env env, napi_value value, napi_typedarray_type wanted) {
  napi_typedarray_type type;
  size_t length = 0, offset = 0;
  void* data = nullptr;
  napi_value buffer;
  if (napi_get_typedarray_info(env, value, &type, &length, &data, &buffer, &offset) != napi_ok || type != wanted) {
    throw Napi::TypeError::New(env, "binding: expected another typed array");
  }
  return {static_cast<T*>(data), length};
}

// One call's arrays, from the arguments (handle, order, parts, weights, controls, losses, correct, settings, norms).
struct Arguments {
  Span<uint32_t> order;
  Span<int32_t> parts;
  Span<double> weights, controls, losses, correct, settings, norms;  // norms: empty, or one per update
  size_t part_count, updates;
};

bool fits(const Column& column, const Program& program, Space space, size_t rows) {
  return column.data == nullptr || rows * column.row_bytes <= program.spaces[static_cast<size_t>(space)].bytes;
}

// Everything that a part touches lies inside its buffers.
void check_part(Napi::Env env, const SharedLoop& shared, const Arguments& a, const LoopPart& part) {
  if (part.program < 0 || static_cast<size_t>(part.program) >= shared.programs.size()) refuse(env, "binding: bad program");
  if (part.begin < 0 || part.rows < 0 || part.mini_batch < 0 || part.first_row < 0) refuse(env, "binding: bad part");
  if (static_cast<size_t>(part.begin) + static_cast<size_t>(part.rows) > a.order.length) refuse(env, "binding: order too short");
  if (static_cast<size_t>(part.mini_batch) >= a.losses.length) refuse(env, "binding: losses too short");
  const Program& program = *shared.programs[static_cast<size_t>(part.program)];
  const auto rows = static_cast<size_t>(part.rows);
  const Column* columns = shared.loop.columns;
  if (!fits(columns[0], program, Space::x, rows) || !fits(columns[1], program, Space::y, rows) ||
      !fits(columns[2], program, Space::weights, rows)) {
    refuse(env, "binding: more rows than the program takes");
  }
}

Arguments read_arguments(const Napi::CallbackInfo& info, const SharedLoop& shared) {
  const Napi::Env env = info.Env();
  Arguments a{};
  a.order = typed<uint32_t>(env, info[1], napi_uint32_array);
  a.parts = typed<int32_t>(env, info[2], napi_int32_array);
  a.weights = float_span<double>(env, info[3]);
  a.controls = float_span<double>(env, info[4]);
  a.losses = float_span<double>(env, info[5]);
  a.correct = float_span<double>(env, info[6]);
  a.settings = float_span<double>(env, info[7]);
  a.norms = float_span<double>(env, info[8]);
  a.part_count = a.parts.length / kPartInts;
  if (a.weights.length < a.part_count || a.correct.length < a.losses.length || a.settings.length < 8) {
    refuse(env, "binding: arrays too short");
  }
  const auto* parts = reinterpret_cast<const LoopPart*>(a.parts.data);
  size_t gradients = 0;
  for (size_t i = 0; i < a.part_count; ++i) {
    check_part(env, shared, a, parts[i]);
    if (parts[i].flags & kLastOfUpdate) ++a.updates;
    if (parts[i].flags & (kLastOfUpdate | kClipOnly)) ++gradients;
    // A group's programs run at the same time: none twice. Groups are short.
    for (size_t j = i; j > 0 && parts[j - 1].group == parts[i].group; --j) {
      if (parts[j - 1].program == parts[i].program) refuse(env, "binding: a program twice in one group");
    }
  }
  if (a.norms.length > 0 && a.norms.length < gradients) refuse(env, "binding: norms too short");
  for (const Column& column : shared.loop.columns) {
    if (column.data == nullptr) continue;
    for (size_t i = 0; i < a.order.length; ++i) {
      if (a.order.data[i] >= column.rows) refuse(env, "binding: index outside the data");
    }
  }
  if (step_plan_disposed(shared.loop.plan)) refuse(env, "binding: the plan was disposed");
  if (a.controls.length < a.updates * step_plan_width(shared.loop.plan)) refuse(env, "binding: controls too short");
  return a;
}

LoopRun run_of(const Arguments& a, const SharedLoop& shared) {
  LoopRun run{};
  run.order = a.order.data;
  run.parts = reinterpret_cast<const LoopPart*>(a.parts.data);
  run.weights = a.weights.data;
  run.part_count = a.part_count;
  run.controls = a.controls.data;
  run.control_width = step_plan_width(shared.loop.plan);
  run.losses = a.losses.data;
  run.correct = a.correct.data;
  run.norms = a.norms.length > 0 ? a.norms.data : nullptr;
  run.seed_low = static_cast<uint32_t>(a.settings.data[0]);
  run.seed_high = static_cast<uint32_t>(a.settings.data[1]);
  run.first_step = static_cast<uint32_t>(a.settings.data[2]);
  run.stop_on_non_finite = a.settings.data[3] != 0;
  return run;
}

void report(const LoopRun& run, double* settings) {
  settings[4] = static_cast<double>(run.parts_done);
  settings[5] = static_cast<double>(run.updates_done);
  settings[6] = run.aborted ? 1 : 0;
  settings[7] = run.skipped ? 1 : 0;
}

void refuse_running(Napi::Env env, Loop& loop) {
  if (!loop.running.exchange(true)) return;
  Napi::Error error = Napi::Error::New(env, "trainer: an asynchronous run is pending");
  error.Set("code", "ERR_BUSY");
  throw error;
}

// loopRun(handle, order, parts, weights, controls, losses, correct, settings, norms): settings[4…7] receive parts and updates
// done, whether it was cancelled and whether it ended with a skipped update.
void run(const Napi::CallbackInfo& info) {
  SharedLoop& shared = loop_of(info.Env(), info[0]);
  const Arguments a = read_arguments(info, shared);
  refuse_running(info.Env(), shared.loop);
  shared.loop.cancelled.store(false);
  LoopRun work = run_of(a, shared);
  loop_run(shared.loop, work);
  shared.loop.running.store(false);
  report(work, a.settings.data);
}

// An asynchronous run works on copies of all small arrays; the data set is owned memory.
struct AsyncRun {
  napi_async_work work = nullptr;
  napi_deferred deferred = nullptr;
  std::shared_ptr<SharedLoop> shared;
  std::vector<uint32_t> order;
  std::vector<LoopPart> parts;
  std::vector<double> weights, controls, losses, correct, norms;
  LoopRun run{};
};

// The environment is going away: stop at the next step, so that it does not wait for the whole run.
void cancel_at_exit(void* data) { static_cast<AsyncRun*>(data)->shared->loop.cancelled.store(true); }

void execute(napi_env, void* data) {
  auto* task = static_cast<AsyncRun*>(data);
  loop_run(task->shared->loop, task->run);
}

napi_value results_of(napi_env env, const AsyncRun& task) {
  const size_t count = task.losses.size(), norms = task.norms.size();
  void* memory = nullptr;
  napi_value buffer, array;
  if (napi_create_arraybuffer(env, (2 * count + norms + 4) * sizeof(double), &memory, &buffer) != napi_ok) return nullptr;
  auto* out = static_cast<double*>(memory);
  double settings[8] = {};
  report(task.run, settings);
  for (size_t i = 0; i < 4; ++i) out[i] = settings[4 + i];
  if (count > 0) {
    std::memcpy(out + 4, task.losses.data(), count * sizeof(double));
    std::memcpy(out + 4 + count, task.correct.data(), count * sizeof(double));
  }
  if (norms > 0) std::memcpy(out + 4 + 2 * count, task.norms.data(), norms * sizeof(double));
  if (napi_create_typedarray(env, napi_float64_array, 2 * count + norms + 4, buffer, 0, &array) != napi_ok) return nullptr;
  return array;
}

void complete(napi_env env, napi_status status, void* data) {
  std::unique_ptr<AsyncRun> task(static_cast<AsyncRun*>(data));
  napi_remove_env_cleanup_hook(env, cancel_at_exit, task.get());
  task->shared->loop.running.store(false);
  step_plan_take_back(task->shared->loop.plan);
  napi_delete_async_work(env, task->work);
  napi_value value = status == napi_ok ? results_of(env, *task) : nullptr;
  if (value != nullptr) {
    napi_resolve_deferred(env, task->deferred, value);
    return;
  }
  napi_value message, error;
  if (napi_create_string_utf8(env, "trainer: no memory for the results", NAPI_AUTO_LENGTH, &message) == napi_ok &&
      napi_create_error(env, nullptr, message, &error) == napi_ok) {
    napi_reject_deferred(env, task->deferred, error);
  }
}

// loopRunAsync(…the same without losses and correct being written): a promise of [parts, updates, cancelled, skipped, losses…, correct…, norms…]
Napi::Value run_async(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  SharedLoop& shared = loop_of(env, info[0]);
  const Arguments a = read_arguments(info, shared);
  auto task = std::make_unique<AsyncRun>();
  void* data = nullptr;
  napi_get_value_external(env, info[0], &data);
  task->shared = static_cast<LoopHandle*>(data)->shared;
  const auto* parts = reinterpret_cast<const LoopPart*>(a.parts.data);
  task->order.assign(a.order.data, a.order.data + a.order.length);
  task->parts.assign(parts, parts + a.part_count);
  task->weights.assign(a.weights.data, a.weights.data + a.weights.length);
  task->controls.assign(a.controls.data, a.controls.data + a.controls.length);
  task->losses.resize(a.losses.length);
  task->correct.resize(a.losses.length);
  task->run = run_of(a, shared);
  task->run.order = task->order.data();
  task->run.parts = task->parts.data();
  task->run.weights = task->weights.data();
  task->run.controls = task->controls.data();
  task->run.losses = task->losses.data();
  task->run.correct = task->correct.data();
  task->norms.resize(a.norms.length);
  task->run.norms = task->norms.empty() ? nullptr : task->norms.data();
  refuse_running(env, shared.loop);
  shared.loop.cancelled.store(false);
  napi_value promise, name;
  if (napi_create_promise(env, &task->deferred, &promise) != napi_ok ||
      napi_create_string_utf8(env, "downhill:train", NAPI_AUTO_LENGTH, &name) != napi_ok ||
      napi_create_async_work(env, nullptr, name, execute, complete, task.get(), &task->work) != napi_ok ||
      napi_queue_async_work(env, task->work) != napi_ok) {
    shared.loop.running.store(false);
    throw Napi::Error::New(env);
  }
  step_plan_lend(shared.loop.plan);
  napi_add_env_cleanup_hook(env, cancel_at_exit, task.get());
  task.release();
  return Napi::Value(env, promise);
}

// loopEnter(handle) waits for the update that runs; until loopLeave(handle) none does.
void enter(const Napi::CallbackInfo& info) { loop_of(info.Env(), info[0]).loop.gate.enter(); }
void leave(const Napi::CallbackInfo& info) { loop_of(info.Env(), info[0]).loop.gate.leave(); }

void cancel(const Napi::CallbackInfo& info) { loop_of(info.Env(), info[0]).loop.cancelled.store(true); }

}  // namespace

void register_loop(Napi::Env env, Napi::Object exports) {
  define<"loopCreate", create>(env, exports);
  define<"loopRun", run>(env, exports);
  define<"loopRunAsync", run_async>(env, exports);
  define<"loopCancel", cancel>(env, exports);
  define<"loopEnter", enter>(env, exports);
  define<"loopLeave", leave>(env, exports);
}

}  // namespace downhill::binding
