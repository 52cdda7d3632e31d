// The gradient tools: lists of typed arrays in place, and one row of numbers in and out.
#include "gradients/gradients.h"

#include "binding/binding.h"

namespace downhill::binding {
namespace {

GradientArray array_of(napi_env env, napi_value value) {
  napi_typedarray_type type;
  size_t length = 0;
  void* data = nullptr;
  if (napi_get_typedarray_info(env, value, &type, &length, &data, nullptr, nullptr) != napi_ok ||
      (type != napi_float32_array && type != napi_float64_array)) {
    throw Napi::TypeError::New(env, "binding: expected a Float32Array or Float64Array");
  }
  return {data, nullptr, data == nullptr ? 0 : length, type == napi_float64_array, 1};
}

size_t length_of(napi_env env, napi_value list) {
  uint32_t length = 0;
  if (napi_get_array_length(env, list, &length) != napi_ok) throw Napi::TypeError::New(env, "binding: expected an array");
  return length;
}

napi_value element_of(napi_env env, napi_value list, size_t index) {
  napi_value value;
  if (napi_get_element(env, list, static_cast<uint32_t>(index), &value) != napi_ok) throw Napi::Error::New(env);
  return value;
}

GradientArrays read_arrays(const Napi::CallbackInfo& info) {
  const napi_env env = info.Env();
  GradientArrays arrays(length_of(env, info[1]));
  for (size_t k = 0; k < arrays.size(); ++k) arrays[k] = array_of(env, element_of(env, info[1], k));
  return arrays;
}

void read_others(const Napi::CallbackInfo& info, GradientArrays& arrays) {
  const napi_env env = info.Env();
  if (length_of(env, info[2]) != arrays.size()) throw Napi::RangeError::New(env, "binding: lists of other lengths");
  for (size_t k = 0; k < arrays.size(); ++k) {
    const GradientArray other = array_of(env, element_of(env, info[2], k));
    if (other.f64 != arrays[k].f64 || other.count != arrays[k].count) {
      throw Napi::RangeError::New(env, "binding: arrays that do not fit");
    }
    arrays[k].other = other.data;
  }
}

void read_columns(napi_env env, GradientArrays& arrays, const double* columns) {
  for (size_t k = 0; k < arrays.size(); ++k) {
    const double count = static_cast<double>(arrays[k].count);
    if (!(columns[k] >= 1 && columns[k] <= (count > 1 ? count : 1))) throw Napi::RangeError::New(env, "binding: bad columns");
    arrays[k].columns = static_cast<size_t>(columns[k]);
    if (arrays[k].count % arrays[k].columns != 0) throw Napi::RangeError::New(env, "binding: bad columns");
  }
}

// The operations, in the order of src/backend/native/gradients.ts.
enum class Tool : int { clamp, scale, squares, absolute, largest, clip, clip_together, clip_units, penalty, add, finite };

size_t numbers_of(Tool tool, size_t arrays) {
  switch (tool) {
    case Tool::clamp: return 1;
    case Tool::scale: case Tool::squares: case Tool::absolute: case Tool::largest: return arrays;
    case Tool::clip: return 1 + arrays;
    case Tool::clip_together: case Tool::penalty: return 2;
    case Tool::clip_units: return 2 + arrays;
    default: return 0;
  }
}

// gradientTool(tool, arrays, others, numbers): true, or whether all are finite. Results of an operation are written over
// its numbers, behind a limit where it has one.
Napi::Value gradient_tool(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const int32_t number = info[0].As<Napi::Number>().Int32Value();
  if (number < 0 || number > static_cast<int32_t>(Tool::finite)) throw Napi::RangeError::New(env, "binding: unknown tool");
  const Tool tool = static_cast<Tool>(number);
  GradientArrays arrays = read_arrays(info);
  if (tool == Tool::clip_units || tool == Tool::penalty || tool == Tool::add) read_others(info, arrays);
  const Span<double> numbers = float_span<double>(env, info[3]);
  if (numbers.length < numbers_of(tool, arrays.size())) throw Napi::RangeError::New(env, "binding: numbers too short");
  double* n = numbers.data;
  bool result = true;
  switch (tool) {
    case Tool::clamp: gradients_clamp(arrays, n[0]); break;
    case Tool::scale: gradients_scale(arrays, n); break;
    case Tool::squares: gradients_norms(arrays, NormKind::squares, n); break;
    case Tool::absolute: gradients_norms(arrays, NormKind::absolute, n); break;
    case Tool::largest: gradients_norms(arrays, NormKind::largest, n); break;
    case Tool::clip: gradients_clip(arrays, n[0], false, n + 1); break;
    case Tool::clip_together: gradients_clip(arrays, n[0], true, n + 1); break;
    case Tool::clip_units:
      read_columns(env, arrays, n + 2);
      gradients_clip_units(arrays, n[0], n[1]);
      break;
    case Tool::penalty: gradients_penalty(arrays, n[0], n[1]); break;
    case Tool::add: gradients_add(arrays); break;
    case Tool::finite: result = gradients_finite(arrays); break;
  }
  return Napi::Boolean::New(env, result);
}

}  // namespace

void register_gradients(Napi::Env env, Napi::Object exports) { define<"gradientTool", gradient_tool>(env, exports); }

}  // namespace downhill::binding
