// What binding files share: one registration function per file, called by addon.cc, and argument helpers.
// binding/ is the only folder that includes Node-API. It refuses what could corrupt memory; meaning is checked above.
#pragma once

#include <napi.h>

#include <cstddef>
#include <cstdio>
#include <exception>
#include <new>
#include <type_traits>

namespace downhill {
struct Buffer;
}

namespace downhill::binding {

void register_info(Napi::Env env, Napi::Object exports);
void register_memory(Napi::Env env, Napi::Object exports);
void register_program(Napi::Env env, Napi::Object exports);
void register_loop(Napi::Env env, Napi::Object exports);
void register_reduce(Napi::Env env, Napi::Object exports);
void register_optim(Napi::Env env, Napi::Object exports);
void register_gradients(Napi::Env env, Napi::Object exports);
void register_traffic(Napi::Env env, Napi::Object exports);
void register_gemm(Napi::Env env, Napi::Object exports);
void register_gemm_async(Napi::Env env, Napi::Object exports, double* control);
void register_gemm_packed(Napi::Env env, Napi::Object exports, double* control);

// What JavaScript calls an entry point, as a template argument.
template <size_t kLength>
struct EntryName {
  char text[kLength];
  constexpr EntryName(const char (&from)[kLength]) {
    for (size_t i = 0; i < kLength; ++i) text[i] = from[i];
  }
};

inline void throw_out_of_memory(napi_env env, const char* entry) noexcept {
  char message[96];
  std::snprintf(message, sizeof message, "%s: no memory", entry);
  napi_throw_error(env, "ERR_OUT_OF_MEMORY", message);
}

// Hands an exception to JavaScript. One that is pending already goes first, and an environment that is ending, which another
// thread may bring about in the middle of any call, takes none.
inline void raise(napi_env env, const Napi::Error& error) noexcept {
  bool pending = false;
  if (napi_is_exception_pending(env, &pending) != napi_ok || pending) return;
  try {
    error.ThrowAsJavaScriptException();
  } catch (const Napi::Error&) {
  }
}

// The one guard: nothing that a body throws crosses into the engine.
template <class Body>
napi_value guarded(napi_env env, const char* entry, Body body) noexcept {
  try {
    return body();
  } catch (const Napi::Error& error) {
    raise(env, error);
  } catch (const std::bad_alloc&) {
    throw_out_of_memory(env, entry);
  } catch (const std::exception& error) {
    napi_throw_error(env, "ERR_BACKEND", error.what());
  }
  return nullptr;
}

// What every entry point is called through. A body is a raw callback or a function of Napi::CallbackInfo, with or
// without a result.
template <EntryName kName, auto kBody>
napi_value entry(napi_env env, napi_callback_info info) noexcept {
  return guarded(env, kName.text, [&]() -> napi_value {
    if constexpr (std::is_invocable_v<decltype(kBody), napi_env, napi_callback_info>) {
      return kBody(env, info);
    } else if constexpr (std::is_void_v<std::invoke_result_t<decltype(kBody), const Napi::CallbackInfo&>>) {
      kBody(Napi::CallbackInfo(env, info));
      return nullptr;
    } else {
      return kBody(Napi::CallbackInfo(env, info));
    }
  });
}

// Exports a guarded entry point. `data` is what its callback info carries.
template <EntryName kName, auto kBody>
void define(Napi::Env env, Napi::Object exports, void* data = nullptr) {
  napi_value function;
  if (napi_create_function(env, kName.text, NAPI_AUTO_LENGTH, entry<kName, kBody>, data, &function) != napi_ok ||
      napi_set_named_property(env, exports, kName.text, function) != napi_ok) {
    throw Napi::Error::New(env);
  }
}

// An ArrayBuffer over memory of the buffer. Takes over one reference of the caller's, also where it fails.
napi_status external_array(napi_env env, Buffer* buffer, void* data, size_t bytes, napi_value* result);

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
