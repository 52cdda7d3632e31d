// Build identity, ISA and threads.
#include "binding/binding.h"
#include "dispatch/dispatch.h"
#include "parallel/pool.h"
#include "source_hash.h"

namespace downhill::binding {
namespace {

Napi::Value isas(const Napi::CallbackInfo& info) {
  const char* names[8];
  const size_t count = available_isas(names, 8);
  Napi::Array list = Napi::Array::New(info.Env(), count);
  for (size_t i = 0; i < count; ++i) list.Set(static_cast<uint32_t>(i), names[i]);
  return list;
}

Napi::Value isa(const Napi::CallbackInfo& info) { return Napi::String::New(info.Env(), kernels().name); }

Napi::Value set_isa(const Napi::CallbackInfo& info) {
  const std::string name = info[0].As<Napi::String>();
  return Napi::Boolean::New(info.Env(), select_isa(name.c_str()));
}

Napi::Value threads(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), static_cast<double>(pool_threads()));
}

void set_threads(const Napi::CallbackInfo& info) { set_pool_threads(info[0].As<Napi::Number>().Uint32Value()); }

}  // namespace

void register_info(Napi::Env env, Napi::Object exports) {
  exports["sourceHash"] = Napi::String::New(env, DOWNHILL_SOURCE_HASH);
  define<"isas", isas>(env, exports);
  define<"isa", isa>(env, exports);
  define<"setIsa", set_isa>(env, exports);
  define<"threads", threads>(env, exports);
  define<"setThreads", set_threads>(env, exports);
}

}  // namespace downhill::binding
