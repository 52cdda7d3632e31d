// Module initialisation. Each environment (main thread or worker) that loads the addon holds the thread pool.
#include <napi.h>

#include "binding/binding.h"
#include "parallel/pool.h"

namespace {

Napi::Object init(Napi::Env env, Napi::Object exports) {
  downhill::pool_acquire();
  env.AddCleanupHook([] { downhill::pool_release(); });
  downhill::binding::register_info(env, exports);
  downhill::binding::register_memory(env, exports);
  downhill::binding::register_reduce(env, exports);
  downhill::binding::register_optim(env, exports);
  downhill::binding::register_traffic(env, exports);
  downhill::binding::register_gemm(env, exports);
  downhill::binding::register_program(env, exports);
  downhill::binding::register_loop(env, exports);
  return exports;
}

}  // namespace

NODE_API_MODULE(downhill, init)
