// What binding files share: one registration function per file, called by addon.cc, and argument helpers.
// binding/ is the only folder that includes Node-API. It refuses what could corrupt memory; meaning is checked above.
#pragma once

#include <napi.h>

#include <cstddef>

namespace downhill::binding {

void register_info(Napi::Env env, Napi::Object exports);
void register_memory(Napi::Env env, Napi::Object exports);
void register_program(Napi::Env env, Napi::Object exports);
void register_loop(Napi::Env env, Napi::Object exports);
void register_reduce(Napi::Env env, Napi::Object exports);
void register_optim(Napi::Env env, Napi::Object exports);
void register_traffic(Napi::Env env, Napi::Object exports);
void register_gemm(Napi::Env env, Napi::Object exports);
void register_gemm_async(Napi::Env env, Napi::Object exports, double* control);

// Elements of a typed array in place; data is null where the array is empty or detached.
template <class T>
struct Span {
  T* data;
  size_t length;
};

// The float array in `value`. Throws a TypeError where it is not a typed array of T.
template <class T>
Span<T> float_span(napi_env env, napi_value value) {
  napi_typedarray_type type;
  size_t length = 0, offset = 0;
  void* data = nullptr;
  napi_value buffer;
  const napi_typedarray_type wanted = sizeof(T) == 4 ? napi_float32_array : napi_float64_array;
  const napi_status status = napi_get_typedarray_info(env, value, &type, &length, &data, &buffer, &offset);
  if (status != napi_ok || type != wanted) {
    throw Napi::TypeError::New(env, "binding: expected a typed array of the operation's dtype");
  }
  return {static_cast<T*>(data), length};
}

}  // namespace downhill::binding
