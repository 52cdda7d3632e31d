// Matrix multiply off the main thread. Every array must be memory that cannot go away: the addon's own (retained until
// the work is done) or shared (its array is referenced). Copies of plain arrays are the caller's business.
#include "binding/binding.h"
#include "binding/gemm_call.h"
#include "gemm/gemm.h"
#include "memory/buffer.h"

namespace downhill::binding {
namespace {

struct Work {
  napi_async_work work = nullptr;
  napi_deferred deferred = nullptr;
  bool wide = false;
  GemmCall<float> single{};
  GemmCall<double> full{};
  std::shared_ptr<PackedOperand> packed;
  Buffer* buffers[kArrays] = {};
  napi_ref arrays[kArrays] = {};
};

void destroy(napi_env env, Work* work) {
  for (size_t i = 0; i < kArrays; ++i) {
    if (work->buffers[i] != nullptr) buffer_release(work->buffers[i]);
    if (work->arrays[i] != nullptr) napi_delete_reference(env, work->arrays[i]);
  }
  if (work->work != nullptr) napi_delete_async_work(env, work->work);
  delete work;
}

void execute(napi_env, void* data) {
  const Work* work = static_cast<const Work*>(data);
  if (work->wide) {
    gemm(work->full);
  } else {
    gemm(work->single);
  }
}

// The environment may be on its way out: then nothing can be settled, and the memory is released all the same.
void complete(napi_env env, napi_status status, void* data) {
  Work* work = static_cast<Work*>(data);
  napi_handle_scope scope;
  if (napi_open_handle_scope(env, &scope) == napi_ok) {
    napi_value done;
    if (napi_get_boolean(env, status == napi_ok, &done) == napi_ok) napi_resolve_deferred(env, work->deferred, done);
    napi_close_handle_scope(env, scope);
  }
  destroy(env, work);
}

bool present(napi_env env, napi_value value) {
  napi_valuetype type;
  return napi_typeof(env, value, &type) == napi_ok && type == napi_object;
}

// Keeps the array's memory alive; false where it is neither the addon's nor shared.
bool hold(napi_env env, napi_value value, Buffer** buffer, napi_ref* reference) {
  if (!present(env, value)) return true;
  napi_typedarray_type type;
  size_t length = 0, offset = 0;
  void* data = nullptr;
  napi_value memory;
  if (napi_get_typedarray_info(env, value, &type, &length, &data, &memory, &offset) != napi_ok) return false;
  if (length == 0) return true;
  *buffer = buffer_find(data, length * (type == napi_float32_array ? 4 : 8));
  if (*buffer != nullptr) return true;
  bool plain = true;
  if (napi_is_arraybuffer(env, memory, &plain) != napi_ok || plain) return false;
  return napi_create_reference(env, value, 1, reference) == napi_ok;
}

// isOwned(array): whether the memory is the addon's, that is, comes from allocate().
napi_value is_owned(napi_env env, napi_callback_info info) {
  size_t argc = 1;
  napi_value array, result = nullptr;
  napi_typedarray_type type;
  size_t length = 0;
  void* data = nullptr;
  if (napi_get_cb_info(env, info, &argc, &array, nullptr, nullptr) != napi_ok) return nullptr;
  if (napi_get_typedarray_info(env, array, &type, &length, &data, nullptr, nullptr) != napi_ok) return nullptr;
  Buffer* buffer = length == 0 ? nullptr : buffer_find(data, length * (type == napi_float32_array ? 4 : 8));
  const bool owned = buffer != nullptr;
  if (owned) buffer_release(buffer);
  napi_get_boolean(env, owned, &result);
  return result;
}

// gemmAsync(a, b, c, bias | null, residual | null): a promise of true, or null where the arrays were refused.
napi_value call_async(napi_env env, napi_callback_info info) {
  size_t argc = kArrays;
  napi_value arguments[kArrays], promise = nullptr, name;
  void* data = nullptr;
  if (napi_get_cb_info(env, info, &argc, arguments, nullptr, &data) != napi_ok || argc < kArrays) return nullptr;
  const double* control = static_cast<double*>(data);
  Work* work = new Work;
  work->wide = static_cast<unsigned>(control[kFlags]) & kDouble;
  bool ready = work->wide ? read_call(env, arguments, control, &work->full) : read_call(env, arguments, control, &work->single);
  if (ready) work->packed = share_packed(env, arguments[1]);
  for (size_t i = 0; ready && i < kArrays; ++i) ready = hold(env, arguments[i], &work->buffers[i], &work->arrays[i]);
  ready = ready && napi_create_string_utf8(env, "downhill.gemm", NAPI_AUTO_LENGTH, &name) == napi_ok &&
          napi_create_async_work(env, nullptr, name, execute, complete, work, &work->work) == napi_ok &&
          napi_create_promise(env, &work->deferred, &promise) == napi_ok && napi_queue_async_work(env, work->work) == napi_ok;
  if (ready) return promise;
  destroy(env, work);
  napi_get_null(env, &promise);
  return promise;
}

}  // namespace

void register_gemm_async(Napi::Env env, Napi::Object exports, double* control) {
  define<"gemmAsync", call_async>(env, exports, control);
  define<"isOwned", is_owned>(env, exports);
}

}  // namespace downhill::binding
