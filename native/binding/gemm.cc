// Matrix multiply from JavaScript. Scalars travel in a control block that both sides share, because reading a number
// from a Float64Array costs nothing and passing one costs a Node-API call.
#include "gemm/gemm.h"

#include <cstring>
#include <new>

#include "binding/binding.h"
#include "gemm/regime.h"

namespace downhill::binding {
namespace {

// Slots of the control block; the same list is in src/backend/native/gemm.ts, and a test compares them.
enum Slot : size_t { kM, kN, kK, kLda, kLdb, kLdc, kLdr, kFlags, kAlpha, kBeta, kSlots };
enum Flag : unsigned { kDouble = 1, kTransA = 2, kTransB = 4, kActivationShift = 3 };

constexpr size_t kArrays = 5;  // a, b, c, bias, residual

size_t slot(const double* control, Slot index) { return static_cast<size_t>(control[index]); }

// Whether rows x columns elements with rows `ld` apart lie within `length`.
bool fits(size_t rows, size_t columns, size_t ld, size_t length) {
  if (rows == 0 || columns == 0) return true;
  if (columns > length) return false;
  return rows == 1 || (ld >= columns && rows - 1 <= (length - columns) / ld);
}

template <class T>
bool array(napi_env env, napi_value value, const T** data, size_t* length) {
  napi_typedarray_type type;
  void* pointer = nullptr;
  if (napi_get_typedarray_info(env, value, &type, length, &pointer, nullptr, nullptr) != napi_ok) return false;
  *data = static_cast<const T*>(pointer);
  return type == (sizeof(T) == 4 ? napi_float32_array : napi_float64_array);
}

bool present(napi_env env, napi_value value) {
  napi_valuetype type;
  return napi_typeof(env, value, &type) == napi_ok && type == napi_object;
}

// Fills the call from the arguments; false where an array is of another kind or too short for its dimensions.
template <class T>
bool read_call(napi_env env, const napi_value* arguments, const double* control, GemmCall<T>* call) {
  const unsigned flags = static_cast<unsigned>(control[kFlags]);
  const size_t m = slot(control, kM), n = slot(control, kN), k = slot(control, kK);
  const bool trans_a = flags & kTransA, trans_b = flags & kTransB;
  const T *a, *b, *c, *bias = nullptr, *residual = nullptr;
  size_t a_length, b_length, c_length, length;
  if (!array(env, arguments[0], &a, &a_length) || !array(env, arguments[1], &b, &b_length) ||
      !array(env, arguments[2], &c, &c_length)) {
    return false;
  }
  const size_t lda = slot(control, kLda), ldb = slot(control, kLdb), ldc = slot(control, kLdc), ldr = slot(control, kLdr);
  if (!fits(trans_a ? k : m, trans_a ? m : k, lda, a_length)) return false;
  if (!fits(trans_b ? n : k, trans_b ? k : n, ldb, b_length)) return false;
  if (!fits(m, n, ldc, c_length)) return false;
  if (present(env, arguments[3]) && (!array(env, arguments[3], &bias, &length) || length < n)) return false;
  if (present(env, arguments[4]) && (!array(env, arguments[4], &residual, &length) || !fits(m, n, ldr, length))) return false;
  *call = {m,    n,       k,   a,    lda, trans_a, b, ldb, trans_b, const_cast<T*>(c), ldc, static_cast<T>(control[kAlpha]),
           static_cast<T>(control[kBeta]), bias, static_cast<Activation>(flags >> kActivationShift), residual, ldr};
  return true;
}

template <class T>
bool run(napi_env env, const napi_value* arguments, const double* control) {
  GemmCall<T> call;
  if (!read_call(env, arguments, control, &call)) return false;
  gemm(call);
  return true;
}

// gemm(a, b, c, bias | null, residual | null): the control block says the rest. False: refused, nothing written.
napi_value call_gemm(napi_env env, napi_callback_info info) {
  size_t argc = kArrays;
  napi_value arguments[kArrays], result = nullptr;
  void* data = nullptr;
  if (napi_get_cb_info(env, info, &argc, arguments, nullptr, &data) != napi_ok || argc < kArrays) return nullptr;
  const double* control = static_cast<double*>(data);
  const bool wide = static_cast<unsigned>(control[kFlags]) & kDouble;
  const bool done = wide ? run<double>(env, arguments, control) : run<float>(env, arguments, control);
  if (napi_get_boolean(env, done, &result) != napi_ok) return nullptr;
  return result;
}

// gemmRegime(m, n, k, transA, transB): the name of the algorithm, for tests and benchmarks.
napi_value regime(napi_env env, napi_callback_info info) {
  static const char* const kNames[] = {"scale", "dot", "direct", "swapped"};
  size_t argc = 5;
  napi_value arguments[5], result = nullptr;
  double size[3];
  bool trans[2];
  if (napi_get_cb_info(env, info, &argc, arguments, nullptr, nullptr) != napi_ok) return nullptr;
  for (size_t i = 0; i < 3; ++i) {
    if (napi_get_value_double(env, arguments[i], &size[i]) != napi_ok) return nullptr;
  }
  for (size_t i = 0; i < 2; ++i) {
    if (napi_get_value_bool(env, arguments[3 + i], &trans[i]) != napi_ok) return nullptr;
  }
  const Regime chosen = choose_regime(static_cast<size_t>(size[0]), static_cast<size_t>(size[1]),
                                      static_cast<size_t>(size[2]), trans[0], trans[1], 16);
  napi_create_string_utf8(env, kNames[static_cast<int>(chosen)], NAPI_AUTO_LENGTH, &result);
  return result;
}

void add_function(Napi::Env env, Napi::Object exports, const char* name, napi_callback callback, void* data) {
  napi_value function;
  if (napi_create_function(env, name, NAPI_AUTO_LENGTH, callback, data, &function) != napi_ok) throw Napi::Error::New(env);
  exports[name] = Napi::Value(env, function);
}

}  // namespace

void register_gemm(Napi::Env env, Napi::Object exports) {
  // The block belongs to the engine and stays reachable through the addon's exports, which live as long as it runs.
  Napi::ArrayBuffer block = Napi::ArrayBuffer::New(env, kSlots * sizeof(double));
  void* control = block.Data();
  exports["gemmControl"] = Napi::Float64Array::New(env, kSlots, block, 0);
  auto* hold = new Napi::Reference<Napi::ArrayBuffer>(Napi::Persistent(block));
  env.AddCleanupHook([hold] { delete hold; });
  add_function(env, exports, "gemm", call_gemm, control);
  add_function(env, exports, "gemmRegime", regime, nullptr);
}

}  // namespace downhill::binding
