// sum(array) and sumSquares(array): one typed array in, one number out.
#include "reduce/reduce.h"

#include "binding/binding.h"

namespace downhill::binding {
namespace {

template <double (*F32)(const float*, size_t), double (*F64)(const double*, size_t)>
napi_value reduction(napi_env env, napi_callback_info info) {
  size_t argc = 1, length = 0;
  napi_value argument, result = nullptr;
  napi_typedarray_type type;
  void* data = nullptr;
  if (napi_get_cb_info(env, info, &argc, &argument, nullptr, nullptr) != napi_ok) return nullptr;
  const napi_status status = napi_get_typedarray_info(env, argument, &type, &length, &data, nullptr, nullptr);
  if (status != napi_ok || (type != napi_float32_array && type != napi_float64_array)) {
    napi_throw_type_error(env, "ERR_DTYPE", "binding: expected a Float32Array or Float64Array");
    return nullptr;
  }
  if (data == nullptr) length = 0;
  const double total = type == napi_float32_array ? F32(static_cast<const float*>(data), length)
                                                  : F64(static_cast<const double*>(data), length);
  if (napi_create_double(env, total, &result) != napi_ok) return nullptr;
  return result;
}

}  // namespace

void register_reduce(Napi::Env env, Napi::Object exports) {
  define<"sum", reduction<reduce_sum, reduce_sum>>(env, exports);
  define<"sumSquares", reduction<reduce_sum_squares, reduce_sum_squares>>(env, exports);
}

}  // namespace downhill::binding
