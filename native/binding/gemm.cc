// Matrix multiply from JavaScript: single, batched, prepared.
#include <cstring>

#include "binding/binding.h"
#include "binding/gemm_call.h"
#include "gemm/batched.h"
#include "gemm/decide.h"
#include "gemm/gemm.h"
#include "gemm/regime.h"

namespace downhill::binding {
namespace {

bool is_double(const double* control) { return static_cast<unsigned>(control[kFlags]) & kDouble; }

// The control block's number of items and strides between them; a single product is one item.
template <class T>
Batch batch_of(const GemmCall<T>& call, const double* control) {
  Batch batch{slot(control, kBatch), slot(control, kStrideA), slot(control, kStrideB), slot(control, kStrideC), slot(control, kStrideR)};
  if (call.k == 0) batch.stride_a = batch.stride_b = 0;  // A and B have no elements: items are nowhere
  if (call.residual == nullptr) batch.stride_r = 0;
  return batch;
}

template <class T>
void compute(const GemmCall<T>& call, const double* control) {
  if (slot(control, kBatch) == 1) {
    gemm(call);
  } else {
    gemm_batched(call, batch_of(call, control));
  }
}

// Whether the items stay within what the first one leaves of A, B, C and the residual.
bool fits_batch(const Batch& batch, const size_t (&spare)[4]) {
  const size_t strides[4] = {batch.stride_a, batch.stride_b, batch.stride_c, batch.stride_r};
  for (size_t i = 0; i < 4; ++i) {
    if (strides[i] != 0 && batch.count > 1 && batch.count - 1 > spare[i] / strides[i]) return false;
  }
  return true;
}

template <class T>
bool run_arrays(napi_env env, const napi_value* arguments, double* control) {
  GemmCall<T> call;
  size_t spare[4];
  if (!read_call(env, arguments, control, &call, spare)) return false;
  if (slot(control, kBatch) != 1 && !fits_batch(batch_of(call, control), spare)) return false;
  write_places(call, control);
  compute(call, control);
  return true;
}

// gemm(a, b, c, bias | null, residual | null): the product that the control block describes; leaves there where the arrays lie.
// Arrays that it says that of already are not looked at.
napi_value run(napi_env env, napi_callback_info info) {
  size_t argc = kArrays;
  napi_value arguments[kArrays];
  void* data = nullptr;
  if (napi_get_cb_info(env, info, &argc, arguments, nullptr, &data) != napi_ok || argc < kArrays) return nullptr;
  double* control = static_cast<double*>(data);
  const bool done = is_double(control) ? run_arrays<double>(env, arguments, control) : run_arrays<float>(env, arguments, control);
  if (!done) napi_throw_error(env, "ERR_BACKEND", "gemm: the addon refused arrays that the facade had accepted");
  return nullptr;
}

// gemmPlaced(): the same where the control block says of all arrays where they lie. The JavaScript side has checked that they are
// long enough and that none has lost its memory since it was told.
napi_value run_placed(napi_env env, napi_callback_info info) {
  void* data = nullptr;
  if (napi_get_cb_info(env, info, nullptr, nullptr, nullptr, &data) != napi_ok) return nullptr;
  const double* control = static_cast<double*>(data);
  if (is_double(control)) {
    compute(placed_call<double>(control), control);
  } else {
    compute(placed_call<float>(control), control);
  }
  return nullptr;
}

// A product whose arguments are bound. The JavaScript side checks before each run that no array has lost its memory.
struct Prepared {
  bool wide;
  GemmCall<float> single;
  GemmCall<double> full;
  std::shared_ptr<PackedOperand> packed;  // retained, where the call uses one
};

napi_value run_prepared(napi_env env, napi_callback_info info) {
  void* data = nullptr;
  if (napi_get_cb_info(env, info, nullptr, nullptr, nullptr, &data) != napi_ok) return nullptr;
  const Prepared* prepared = static_cast<const Prepared*>(data);
  if (prepared->wide) {
    gemm(prepared->full);
  } else {
    gemm(prepared->single);
  }
  return nullptr;
}

void free_prepared(napi_env, void* data, void*) { delete static_cast<Prepared*>(data); }

// gemmPrepare(a, b, c, bias | null, residual | null): a function without arguments that computes this product, or null
// where the arrays were refused. It holds none of the arrays.
napi_value prepare(napi_env env, napi_callback_info info) {
  size_t argc = kArrays;
  napi_value arguments[kArrays], result = nullptr;
  void* data = nullptr;
  if (napi_get_cb_info(env, info, &argc, arguments, nullptr, &data) != napi_ok || argc < kArrays) return nullptr;
  const double* control = static_cast<double*>(data);
  Prepared* prepared = new Prepared{is_double(control), {}, {}, share_packed(env, arguments[1])};
  const bool read = prepared->wide ? read_call(env, arguments, control, &prepared->full)
                                   : read_call(env, arguments, control, &prepared->single);
  if (read && napi_create_function(env, "run", NAPI_AUTO_LENGTH, entry<"preparedGemm", run_prepared>, prepared, &result) == napi_ok &&
      napi_add_finalizer(env, result, prepared, free_prepared, nullptr, nullptr) == napi_ok) {
    return result;
  }
  delete prepared;
  napi_get_null(env, &result);
  return result;
}

template <class T>
const char* name_of_call(const double (&size)[3], const bool (&trans)[2]) {
  GemmCall<T> call{};
  call.m = static_cast<size_t>(size[0]);
  call.n = static_cast<size_t>(size[1]);
  call.k = static_cast<size_t>(size[2]);
  call.trans_a = trans[0];
  call.trans_b = trans[1];
  call.lda = call.trans_a ? call.m : call.k;
  call.ldb = call.trans_b ? call.k : call.n;
  call.ldc = call.n;
  return gemm_regime(call);
}

// gemmRegime(m, n, k, transA, transB, wide): the name of the algorithm for packed rows, for tests and benchmarks.
napi_value regime(napi_env env, napi_callback_info info) {
  size_t argc = 6;
  napi_value arguments[6], result = nullptr;
  double size[3];
  bool trans[2], wide = false;
  if (napi_get_cb_info(env, info, &argc, arguments, nullptr, nullptr) != napi_ok) return nullptr;
  for (size_t i = 0; i < 3; ++i) {
    if (napi_get_value_double(env, arguments[i], &size[i]) != napi_ok) return nullptr;
  }
  for (size_t i = 0; i < 2; ++i) {
    if (napi_get_value_bool(env, arguments[3 + i], &trans[i]) != napi_ok) return nullptr;
  }
  if (argc > 5 && napi_get_value_bool(env, arguments[5], &wide) != napi_ok) return nullptr;
  const char* name = wide ? name_of_call<double>(size, trans) : name_of_call<float>(size, trans);
  napi_create_string_utf8(env, name, NAPI_AUTO_LENGTH, &result);
  return result;
}

// The only argument, cut to what has room.
bool read_name(napi_env env, napi_callback_info info, char (&text)[24]) {
  size_t argc = 1, length = 0;
  napi_value argument;
  return napi_get_cb_info(env, info, &argc, &argument, nullptr, nullptr) == napi_ok &&
         napi_get_value_string_utf8(env, argument, text, sizeof text, &length) == napi_ok;
}

// gemmForce(name): force_regime(); a name that is none ends it.
napi_value force(napi_env env, napi_callback_info info) {
  char text[24];
  if (!read_name(env, info, text)) return nullptr;
  Regime chosen = Regime::count;
  for (int i = 0; i < static_cast<int>(Regime::count); ++i) {
    if (std::strcmp(text, name_of(static_cast<Regime>(i))) == 0) chosen = static_cast<Regime>(i);
  }
  force_regime(chosen);
  return nullptr;
}

// gemmDecide(name): watch_decisions(), inverting the one of that name; "none" inverts none, a name that is none ends it.
napi_value decide(napi_env env, napi_callback_info info) {
  char text[24];
  if (!read_name(env, info, text)) return nullptr;
  stop_watching();
  if (std::strcmp(text, "none") == 0) watch_decisions(Decision::count);
  for (int i = 0; i < static_cast<int>(Decision::count); ++i) {
    if (std::strcmp(text, name_of(static_cast<Decision>(i))) == 0) watch_decisions(static_cast<Decision>(i));
  }
  return nullptr;
}

// gemmDecided(): the names of all decisions, each with whether it was ever yes, or null where it was not asked.
napi_value decided_names(napi_env env, napi_callback_info) {
  napi_value result = nullptr, value = nullptr;
  if (napi_create_object(env, &result) != napi_ok) return nullptr;
  const Answers found = answers();
  for (int i = 0; i < static_cast<int>(Decision::count); ++i) {
    if (found.asked >> i & 1) {
      napi_get_boolean(env, found.yes >> i & 1, &value);
    } else {
      napi_get_null(env, &value);
    }
    napi_set_named_property(env, result, name_of(static_cast<Decision>(i)), value);
  }
  return result;
}

}  // namespace

void register_gemm(Napi::Env env, Napi::Object exports) {
  // The block belongs to the engine; the reference keeps it as long as the environment lives, which then frees both.
  Napi::ArrayBuffer block = Napi::ArrayBuffer::New(env, kSlots * sizeof(double));
  void* control = block.Data();
  exports["gemmControl"] = Napi::Float64Array::New(env, kSlots, block, 0);
  napi_ref hold;
  if (napi_create_reference(env, block, 1, &hold) != napi_ok) throw Napi::Error::New(env);
  define<"gemm", run>(env, exports, control);
  define<"gemmPlaced", run_placed>(env, exports, control);
  define<"gemmPrepare", prepare>(env, exports, control);
  define<"gemmForce", force>(env, exports);
  define<"gemmRegime", regime>(env, exports);
  define<"gemmDecide", decide>(env, exports);
  define<"gemmDecided", decided_names>(env, exports);
  register_gemm_async(env, exports, static_cast<double*>(control));
  register_gemm_packed(env, exports, static_cast<double*>(control));
}

}  // namespace downhill::binding
