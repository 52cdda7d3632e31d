// allocate(): ArrayBuffers over memory that the addon owns.
#include "memory/buffer.h"

#include "binding/binding.h"

namespace downhill::binding {
namespace {

void release(napi_env env, void*, void* hint) {
  Buffer* buffer = static_cast<Buffer*>(hint);
  int64_t adjusted;
  napi_adjust_external_memory(env, -static_cast<int64_t>(buffer_bytes(buffer)), &adjusted);
  buffer_release(buffer);
}

// allocate(bytes: number): ArrayBuffer | null. Null when memory is short. Where the runtime forbids external buffers
// (Electron), an engine buffer comes back instead.
napi_value allocate(napi_env env, napi_callback_info info) {
  size_t argc = 1;
  napi_value argument, result = nullptr;
  double bytes = 0;
  if (napi_get_cb_info(env, info, &argc, &argument, nullptr, nullptr) != napi_ok) return nullptr;
  if (napi_get_value_double(env, argument, &bytes) != napi_ok || !(bytes >= 0) || bytes > 9007199254740991.0) {
    napi_throw_range_error(env, "ERR_RANGE", "binding: bytes must be a non-negative safe integer");
    return nullptr;
  }
  Buffer* buffer = buffer_create(static_cast<size_t>(bytes));
  if (buffer == nullptr) {
    napi_get_null(env, &result);
    return result;
  }
  const napi_status status =
      napi_create_external_arraybuffer(env, buffer_data(buffer), buffer_bytes(buffer), release, buffer, &result);
  if (status == napi_ok) {
    int64_t adjusted;
    napi_adjust_external_memory(env, static_cast<int64_t>(buffer_bytes(buffer)), &adjusted);
    return result;
  }
  buffer_release(buffer);
  void* data;
  if (napi_create_arraybuffer(env, static_cast<size_t>(bytes), &data, &result) != napi_ok) {
    bool pending = false;
    napi_is_exception_pending(env, &pending);
    if (pending) napi_get_and_clear_last_exception(env, &result);
    napi_get_null(env, &result);
  }
  return result;
}

}  // namespace

void register_memory(Napi::Env env, Napi::Object exports) {
  define<"allocate", allocate>(env, exports);
}

}  // namespace downhill::binding
