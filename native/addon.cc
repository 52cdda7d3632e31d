// Module initialisation. Each environment (main thread or worker) that loads the addon holds the thread pool.
#include <napi.h>

#include "binding/binding.h"
#include "parallel/pool.h"

namespace downhill::binding {
namespace {

void release_pool(void*) { pool_release(); }

void add_exports(Napi::Env env, Napi::Object exports) {
  register_info(env, exports);
  register_memory(env, exports);
  register_reduce(env, exports);
  register_optim(env, exports);
  register_gradients(env, exports);
  register_traffic(env, exports);
  register_gemm(env, exports);
  register_program(env, exports);
  register_loop(env, exports);
}

}  // namespace
}  // namespace downhill::binding

NAPI_MODULE_INIT() {
  using namespace downhill::binding;
  return guarded(env, "downhill", [&] {
    // Node refuses a second hook of the same function and argument; each load, also a later one (a test runner's, a cleared
    // require.cache), has an env of its own.
    if (napi_add_env_cleanup_hook(env, release_pool, env) != napi_ok) throw Napi::Error::New(env);
    downhill::pool_acquire();
    add_exports(env, Napi::Object(env, exports));
    return exports;
  });
}
