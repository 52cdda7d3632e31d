// allocate(): ArrayBuffers over memory that the addon owns.
#include "memory/buffer.h"

#include "binding/binding.h"

namespace downhill::binding {
namespace {

// What a finalizer is told. Node runs that of an array which it refuses for its length before it says so.
struct Lease {
  Buffer* buffer;
  int64_t bytes;
  bool granted, finalized;
};

void release(napi_env env, void*, void* hint) {
  Lease* lease = static_cast<Lease*>(hint);
  if (!lease->granted) {
    lease->finalized = true;
    return;
  }
  int64_t adjusted;
  napi_adjust_external_memory(env, -lease->bytes, &adjusted);
  buffer_release(lease->buffer);
  delete lease;
}

// allocate(bytes: number): ArrayBuffer | null. Null when memory is short or more than the runtime takes (Node 20: 4 GiB).
// Where the runtime forbids external buffers (Electron), an engine buffer comes back instead.
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
  if (external_array(env, buffer, buffer_data(buffer), buffer_bytes(buffer), &result) == napi_ok) return result;
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

napi_status external_array(napi_env env, Buffer* buffer, void* data, size_t bytes, napi_value* result) {
  Lease* lease = new (std::nothrow) Lease{buffer, static_cast<int64_t>(bytes), false, false};
  if (lease == nullptr) {
    buffer_release(buffer);
    throw std::bad_alloc();
  }
  const napi_status status = napi_create_external_arraybuffer(env, data, bytes, release, lease, result);
  if (status != napi_ok && (lease->finalized || status == Napi::details::napi_no_external_buffers_allowed)) {
    delete lease;
    buffer_release(buffer);
    return status;
  }
  lease->granted = true;
  if (status != napi_ok) {
    // The environment is ending, perhaps with an array that was half made: its finalizer releases the memory, nobody else.
    lease->bytes = 0;
    return status;
  }
  int64_t adjusted;
  napi_adjust_external_memory(env, lease->bytes, &adjusted);
  return napi_ok;
}

void register_memory(Napi::Env env, Napi::Object exports) {
  define<"allocate", allocate>(env, exports);
}

}  // namespace downhill::binding
