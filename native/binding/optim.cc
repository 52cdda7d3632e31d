// Optimizer plans: built once from arrays, run by a raw function that takes nothing.
#include <cstring>
#include <string>

#include "binding/binding.h"
#include "kernels/optim/table.h"
#include "dispatch/dispatch.h"
#include "memory/buffer.h"
#include "optim/plan.h"
#include "optim/rules.h"
#include "optim/tensor/work.h"

namespace downhill::binding {
namespace {

// What the run function holds: the plan and, where it is the addon's own memory, the control row.
struct Runner {
  StepPlan* plan;
  Buffer* control_buffer;
  const double* control;  // null: passed at each call
};

void finalize_runner(napi_env, void* data, void*) {
  Runner* runner = static_cast<Runner*>(data);
  if (runner->control_buffer != nullptr) buffer_release(runner->control_buffer);
  step_plan_release(runner->plan);
  delete runner;
}

void finalize_plan(napi_env, void* data, void*) { step_plan_release(static_cast<StepPlan*>(data)); }

napi_value throw_state(napi_env env) {
  napi_throw_error(env, "ERR_STATE", "binding: the plan was disposed, or its control row is too short");
  return nullptr;
}

napi_value throw_busy(napi_env env) {
  napi_throw_error(env, "ERR_BUSY", "optimizer: an asynchronous run is pending");
  return nullptr;
}

void refuse_lent(napi_env env, const StepPlan* plan) {
  if (!step_plan_lent(plan)) return;
  Napi::Error error = Napi::Error::New(env, "optimizer: an asynchronous run is pending");
  error.Set("code", "ERR_BUSY");
  throw error;
}

// run(control?): one step; false where it was skipped. The hot entry: no arguments are read where the control row is owned.
napi_value run(napi_env env, napi_callback_info info) {
  void* data = nullptr;
  if (napi_get_cb_info(env, info, nullptr, nullptr, nullptr, &data) != napi_ok) return nullptr;
  const Runner* runner = static_cast<const Runner*>(data);
  if (step_plan_disposed(runner->plan)) return throw_state(env);
  if (step_plan_lent(runner->plan)) return throw_busy(env);
  const double* control = runner->control;
  if (control == nullptr) {
    size_t argc = 1, length = 0;
    napi_value argument;
    napi_typedarray_type type;
    void* row = nullptr;
    if (napi_get_cb_info(env, info, &argc, &argument, nullptr, nullptr) != napi_ok ||
        napi_get_typedarray_info(env, argument, &type, &length, &row, nullptr, nullptr) != napi_ok ||
        type != napi_float64_array || length < step_plan_width(runner->plan)) {
      return throw_state(env);
    }
    control = static_cast<const double*>(row);
  }
  if (step_plan_run(*runner->plan, control)) return nullptr;
  napi_value skipped = nullptr;
  return napi_get_boolean(env, false, &skipped) == napi_ok ? skipped : nullptr;
}

size_t element_size(napi_typedarray_type type) {
  switch (type) {
    case napi_float64_array: return 8;
    case napi_float32_array: return 4;
    case napi_uint16_array: return 2;
    case napi_int8_array: return 1;
    default: return 0;
  }
}

struct Array {
  StepArray memory;
  napi_typedarray_type type;
  size_t length;
};

Array array_of(napi_env env, napi_value value) {
  Array array{};
  napi_value buffer;
  size_t offset;
  if (napi_get_typedarray_info(env, value, &array.type, &array.length, &array.memory.data, &buffer, &offset) != napi_ok ||
      element_size(array.type) == 0) {
    throw Napi::TypeError::New(env, "binding: expected a typed array");
  }
  array.memory.bytes = array.length * element_size(array.type);
  return array;
}

Array float_array_of(napi_env env, napi_value value, bool f64) {
  const Array array = array_of(env, value);
  if (array.type != (f64 ? napi_float64_array : napi_float32_array)) {
    throw Napi::TypeError::New(env, "binding: expected a typed array of the plan's dtype");
  }
  return array;
}

bool is_nullish(napi_env env, napi_value value) {
  napi_valuetype type;
  return napi_typeof(env, value, &type) == napi_ok && (type == napi_null || type == napi_undefined);
}

struct PlanGuard {
  StepPlan* plan;
  ~PlanGuard() {
    if (plan != nullptr) step_plan_release(plan);
  }
};

napi_typedarray_type array_type(SlotType type, bool f64) {
  switch (type) {
    case SlotType::f32: return napi_float32_array;
    case SlotType::u16: return napi_uint16_array;
    case SlotType::i8: return napi_int8_array;
    default: return f64 ? napi_float64_array : napi_float32_array;
  }
}

void describe_shape(Napi::Env env, StepTensor& tensor, Napi::Object source) {
  tensor.matrix_rows = 1;
  tensor.matrix_columns = tensor.count;
  tensor.units = 1;
  if (const Napi::Value given = source.Get("shape"); given.IsArray()) {
    const Napi::Array shape = given.As<Napi::Array>();
    const uint32_t dimensions = shape.Length();
    double product = 1;
    for (uint32_t d = 0; d < dimensions; ++d) product *= shape.Get(d).ToNumber().DoubleValue();
    if (product != static_cast<double>(tensor.count)) throw Napi::RangeError::New(env, "binding: a shape of another length");
    if (dimensions >= 2 && tensor.count > 0) {
      const double rows = shape.Get(dimensions - 2).ToNumber().DoubleValue();
      const double columns = shape.Get(dimensions - 1).ToNumber().DoubleValue();
      if (!(rows >= 1 && columns >= 1 && rows * columns <= static_cast<double>(tensor.count))) {
        throw Napi::RangeError::New(env, "binding: a shape that is none");
      }
      tensor.matrix_rows = static_cast<size_t>(rows);
      tensor.matrix_columns = static_cast<size_t>(columns);
      if (tensor.count % (tensor.matrix_rows * tensor.matrix_columns) != 0) {
        throw Napi::RangeError::New(env, "binding: a shape that is none");
      }
      tensor.units = tensor.matrix_columns;
    }
  }
}

// State of a tensor whose rule needs all of it at once.
void describe_whole(Napi::Env env, StepTensor& tensor, Napi::Array slots, const TensorRule& rule, bool f64) {
  if (f64 && rule.f32_only) throw Napi::RangeError::New(env, "binding: a rule for float32 only");
  for (size_t j = 0; j < tensor.slot_count; ++j) {
    const Array slot = array_of(env, slots.Get(static_cast<uint32_t>(j)));
    const SlotLayout layout = rule.layout(j, tensor.count, tensor.matrix_rows, tensor.matrix_columns);
    if (slot.type != array_type(layout.type, f64)) throw Napi::TypeError::New(env, "binding: a slot of another type");
    if (tensor.count > 0 && slot.length != layout.count) throw Napi::RangeError::New(env, "binding: a slot of another length");
    tensor.slots[j] = slot.memory;
  }
}

void add_tensor(Napi::Env env, StepPlan* plan, Napi::Object source, size_t rule, bool f64, bool adaptive) {
  StepTensor tensor{};
  const Array parameter = float_array_of(env, source.Get("parameter"), f64);
  tensor.parameter = parameter.memory;
  tensor.count = parameter.length;
  tensor.rows = 1;
  const Napi::Array slots = source.Get("slots").As<Napi::Array>();
  tensor.slot_count = slots.Length();
  if (tensor.slot_count != rule_slots(rule)) throw Napi::RangeError::New(env, "binding: wrong number of slots");
  tensor.units = 1;
  if (const Napi::Value stream = source.Get("stream"); stream.IsNumber()) tensor.stream = stream.As<Napi::Number>().Uint32Value();
  const TensorRule* whole = tensor_rule_of(rule);
  if (whole != nullptr || adaptive) describe_shape(env, tensor, source);
  if (whole != nullptr) {
    describe_whole(env, tensor, slots, *whole, f64);
    if (!step_plan_add_tensor(plan, tensor)) throw std::bad_alloc();
    return;
  }
  for (size_t j = 0; j < tensor.slot_count; ++j) {
    const Array slot = float_array_of(env, slots.Get(static_cast<uint32_t>(j)), f64);
    if (j == 0 && rule_has_history(rule) && tensor.count > 0) {
      tensor.rows = slot.length / tensor.count;
      if (tensor.rows == 0) throw Napi::RangeError::New(env, "binding: a history without rows");
    }
    if (slot.length != tensor.count * (j == 0 ? tensor.rows : 1)) throw Napi::RangeError::New(env, "binding: a slot's length differs from its parameter's");
    tensor.slots[j] = slot.memory;
  }
  if (!step_plan_add_tensor(plan, tensor)) throw std::bad_alloc();
}

// createStepPlan(clusters: { rule, f64, adaptive?, tensors: { parameter, slots, shape?, stream? }[] }[], control: Float64Array):
// { handle, run, owned }. Gradients are bound afterwards.
Napi::Value create(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  PlanGuard guard{step_plan_create()};
  if (guard.plan == nullptr) throw std::bad_alloc();
  const Napi::Array clusters = info[0].As<Napi::Array>();
  for (uint32_t c = 0; c < clusters.Length(); ++c) {
    const Napi::Object cluster = clusters.Get(c).As<Napi::Object>();
    const std::string name = cluster.Get("rule").As<Napi::String>();
    const bool f64 = cluster.Get("f64").As<Napi::Boolean>();
    const size_t rule = rule_find(name.c_str());
    if (rule == kNoRule) throw Napi::RangeError::New(env, "binding: unknown rule " + name);
    const bool adaptive = cluster.Get("adaptive").ToBoolean();
    if (!step_plan_add_cluster(guard.plan, rule, f64, adaptive)) throw std::bad_alloc();
    const Napi::Array tensors = cluster.Get("tensors").As<Napi::Array>();
    for (uint32_t t = 0; t < tensors.Length(); ++t) add_tensor(env, guard.plan, tensors.Get(t).As<Napi::Object>(), rule, f64, adaptive);
  }
  if (!step_plan_finish(guard.plan)) throw std::bad_alloc();

  const Array control = float_array_of(env, info[1], true);
  if (control.length < step_plan_width(guard.plan)) throw Napi::RangeError::New(env, "binding: control row too short");
  Runner* runner = new Runner{guard.plan, buffer_find(control.memory.data, control.memory.bytes), nullptr};
  if (runner->control_buffer != nullptr) runner->control = static_cast<const double*>(control.memory.data);
  step_plan_retain(guard.plan);
  napi_value function, handle;
  if (napi_create_function(env, "run", NAPI_AUTO_LENGTH, entry<"step", run>, runner, &function) != napi_ok ||
      napi_add_finalizer(env, function, runner, finalize_runner, nullptr, nullptr) != napi_ok) {
    finalize_runner(env, runner, nullptr);
    throw Napi::Error::New(env);
  }
  step_plan_retain(guard.plan);
  if (napi_create_external(env, guard.plan, finalize_plan, nullptr, &handle) != napi_ok) {
    step_plan_release(guard.plan);
    throw Napi::Error::New(env);
  }
  Napi::Object result = Napi::Object::New(env);
  result.Set("handle", handle);
  result.Set("run", function);
  result.Set("owned", runner->control != nullptr);
  return result;
}

StepPlan* plan_of(napi_env env, napi_value value) {
  void* data = nullptr;
  if (napi_get_value_external(env, value, &data) != napi_ok) throw Napi::TypeError::New(env, "binding: expected a plan");
  return static_cast<StepPlan*>(data);
}

// bindStepPlan(handle, parameters: FloatArray[], gradients: (FloatArray | null)[])
void bind(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  StepPlan* plan = plan_of(env, info[0]);
  refuse_lent(env, plan);
  const Napi::Array parameters = info[1].As<Napi::Array>(), gradients = info[2].As<Napi::Array>();
  if (step_plan_disposed(plan)) throw Napi::Error::New(env, "binding: the plan was disposed");
  for (size_t t = 0; t < step_plan_tensors(plan); ++t) {
    const bool f64 = step_plan_is_f64(plan, t);
    const Array parameter = float_array_of(env, parameters.Get(static_cast<uint32_t>(t)), f64);
    const Napi::Value given = gradients.Get(static_cast<uint32_t>(t));
    const Array gradient = is_nullish(env, given) ? Array{} : float_array_of(env, given, f64);
    const size_t count = step_plan_count(plan, t);
    if (parameter.length != count || (gradient.memory.data != nullptr && gradient.length != count)) {
      throw Napi::RangeError::New(env, "binding: length differs from the plan's");
    }
    step_plan_bind(plan, t, parameter.memory, gradient.memory);
  }
}

void read_squares(Napi::Env env, const StepPlan* plan, napi_value into) {
  const Array squares = float_array_of(env, into, true);
  if (squares.length < step_plan_tensors(plan)) throw Napi::RangeError::New(env, "binding: too short for the squares");
  double* out = static_cast<double*>(squares.memory.data);
  for (size_t t = 0; t < step_plan_tensors(plan); ++t) out[t] = step_plan_squares(plan, t);
}

// measureStepPlan(handle, squares: Float64Array): Σ g² of every tensor; true where all gradients are finite.
Napi::Value measure(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  StepPlan* plan = plan_of(env, info[0]);
  if (step_plan_disposed(plan)) throw Napi::Error::New(env, "binding: the plan was disposed");
  refuse_lent(env, plan);
  const bool finite = step_plan_measure(*plan);
  read_squares(env, plan, info[1]);
  return Napi::Boolean::New(env, finite);
}

// stepPlanSquares(handle, squares: Float64Array): what the last step or measurement found.
void squares(const Napi::CallbackInfo& info) { read_squares(info.Env(), plan_of(info.Env(), info[0]), info[1]); }

void dispose(const Napi::CallbackInfo& info) { step_plan_dispose(plan_of(info.Env(), info[0])); }

// optimRules(): { name, slots, coefficients }[]
Napi::Value rules(const Napi::CallbackInfo& info) {
  const OptimTable& table = *kernels().optim;
  Napi::Array list = Napi::Array::New(info.Env(), table.rule_count);
  for (size_t i = 0; i < table.rule_count; ++i) {
    Napi::Object row = Napi::Object::New(info.Env());
    row.Set("name", table.rules[i].name);
    row.Set("slots", table.rules[i].slots);
    row.Set("coefficients", table.rules[i].coefficients);
    list.Set(static_cast<uint32_t>(i), row);
  }
  size_t count = 0;
  const TensorRule* whole = tensor_rules(&count);
  for (size_t i = 0; i < count; ++i) {
    Napi::Object row = Napi::Object::New(info.Env());
    row.Set("name", whole[i].name);
    row.Set("slots", whole[i].slots);
    row.Set("coefficients", whole[i].coefficients);
    list.Set(static_cast<uint32_t>(table.rule_count + i), row);
  }
  return list;
}

}  // namespace

void register_optim(Napi::Env env, Napi::Object exports) {
  define<"optimRules", rules>(env, exports);
  define<"createStepPlan", create>(env, exports);
  define<"bindStepPlan", bind>(env, exports);
  define<"measureStepPlan", measure>(env, exports);
  define<"stepPlanSquares", squares>(env, exports);
  define<"disposeStepPlan", dispose>(env, exports);
}

}  // namespace downhill::binding
