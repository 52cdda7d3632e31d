// Packed operands from JavaScript: made from an array, passed to products in its place, disposed.
#include "binding/gemm_packed.h"

#include "binding/binding.h"
#include "binding/gemm_call.h"

namespace downhill::binding {
namespace {

// Tells the engine how much memory hangs on a handle, so that it collects in time.
void report(napi_env env, const PackedOperand& operand, int64_t sign) {
  int64_t adjusted;
  napi_adjust_external_memory(env, sign * static_cast<int64_t>(buffer_bytes(operand.memory)), &adjusted);
}

void dispose(napi_env env, PackedHandle* handle) {
  if (handle->operand == nullptr) return;
  report(env, *handle->operand, -1);
  handle->operand.reset();
}

void finalize(napi_env env, void* data, void*) {
  PackedHandle* handle = static_cast<PackedHandle*>(data);
  dispose(env, handle);
  handle->magic = 0;
  delete handle;
}

template <class T>
bool fill(napi_env env, napi_value value, const double* control, PackedOperand* operand, PackedB<T>* packed, bool* refused) {
  const size_t n = slot(control, kN), k = slot(control, kK), ldb = slot(control, kLdb);
  const bool trans_b = static_cast<unsigned>(control[kFlags]) & kTransB;
  const T* b;
  size_t length;
  *refused = !array(env, value, &b, &length) || !fits(trans_b ? n : k, trans_b ? k : n, ldb, length);
  if (*refused) return false;
  operand->memory = buffer_create(packed_elements<T>(n, k, trans_b) * sizeof(T));
  if (operand->memory == nullptr) return false;
  *packed = pack_b(n, k, b, ldb, trans_b, static_cast<T*>(buffer_data(operand->memory)));
  return true;
}

// gemmPack(b): an external that holds a packed copy; null where memory is short, undefined where the array was refused.
napi_value pack(napi_env env, napi_callback_info info) {
  size_t argc = 1;
  napi_value argument, result = nullptr;
  void* data = nullptr;
  if (napi_get_cb_info(env, info, &argc, &argument, nullptr, &data) != napi_ok || argc < 1) return nullptr;
  const double* control = static_cast<double*>(data);
  napi_get_null(env, &result);
  auto operand = std::make_shared<PackedOperand>();
  operand->wide = static_cast<unsigned>(control[kFlags]) & kDouble;
  bool refused = false;
  const bool filled = operand->wide ? fill(env, argument, control, operand.get(), &operand->full, &refused)
                                    : fill(env, argument, control, operand.get(), &operand->single, &refused);
  if (refused) return nullptr;
  if (!filled) return result;
  auto handle = std::make_unique<PackedHandle>();
  handle->operand = operand;
  napi_value external;
  if (napi_create_external(env, handle.get(), finalize, nullptr, &external) != napi_ok) return result;
  handle.release();
  report(env, *operand, 1);
  return external;
}

// gemmUnpack(handle): gives the memory back once no prepared or pending call uses it.
napi_value release(napi_env env, napi_callback_info info) {
  size_t argc = 1;
  napi_value argument;
  if (napi_get_cb_info(env, info, &argc, &argument, nullptr, nullptr) != napi_ok || argc < 1) return nullptr;
  if (PackedHandle* handle = packed_handle(env, argument)) dispose(env, handle);
  return nullptr;
}

}  // namespace

void register_gemm_packed(Napi::Env env, Napi::Object exports, double* control) {
  define<"gemmPack", pack>(env, exports, control);
  define<"gemmUnpack", release>(env, exports);
}

}  // namespace downhill::binding
