// What benchmarks compare optimizer steps with: a loop that only moves a step's bytes, and Adam as one would write it by hand.
#include <algorithm>

#include "binding/binding.h"
#include "dispatch/isas.h"
#include "memory/fp_mode.h"
#include "parallel/seats.h"

namespace downhill::binding {
namespace {

constexpr size_t kChunk = 65536;

// One addition per written array, which costs nothing beside the memory.
void move_chunk(float* __restrict p, const float* __restrict g, float* __restrict m, float* __restrict v, size_t count) {
  if (v != nullptr) {
    for (size_t i = 0; i < count; ++i) {
      p[i] += g[i];
      m[i] += g[i];
      v[i] += g[i];
    }
  } else if (m != nullptr) {
    for (size_t i = 0; i < count; ++i) {
      p[i] += g[i];
      m[i] += g[i];
    }
  } else {
    for (size_t i = 0; i < count; ++i) p[i] += g[i];
  }
}

// moveBytes(p, g, m?, v?): reads all of them and writes all but g; 12, 20 or 28 bytes per element.
void move_bytes(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  Span<float> arrays[4] = {};
  const size_t given = std::min<size_t>(info.Length(), 4);
  for (size_t k = 0; k < given; ++k) {
    arrays[k] = float_span<float>(env, info[k]);
    if (arrays[k].length != arrays[0].length) throw Napi::RangeError::New(env, "binding: arrays of different lengths");
  }
  if (given < 2) throw Napi::TypeError::New(env, "binding: expected p and g");
  const size_t count = arrays[0].length;
  if (count == 0) return;
  auto body = [&](size_t chunk) {
    const FpScope scope(true);
    const size_t begin = chunk * kChunk;
    float* const m = given > 2 ? arrays[2].data + begin : nullptr;
    float* const v = given > 3 ? arrays[3].data + begin : nullptr;
    move_chunk(arrays[0].data + begin, arrays[1].data + begin, m, v, std::min(kChunk, count - begin));
  };
  parallel_for_seats((count + kChunk - 1) / kChunk, body);
}

// Compiled for 512-bit registers wherever the compiler can do that for a single function.
#if DOWNHILL_X86_64 && defined(__GNUC__) && !defined(__clang__)
#define DOWNHILL_HAND_TARGET __attribute__((target("avx512f,avx512dq,avx512bw,avx512vl,prefer-vector-width=512"), noinline))
bool can_run_hand_loop() { return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl"); }
#else
#define DOWNHILL_HAND_TARGET
bool can_run_hand_loop() { return false; }
#endif

struct AdamScalars {
  float rate, root;
};

DOWNHILL_HAND_TARGET void adam_chunk(float* __restrict p, const float* __restrict g, float* __restrict m, float* __restrict v,
                                     size_t count, AdamScalars s) {
  const float rest1 = static_cast<float>(1 - 0.9), rest2 = static_cast<float>(1 - 0.999);
  for (size_t i = 0; i < count; ++i) {
    const float x = g[i];
    m[i] = 0.9f * m[i] + rest1 * x;
    v[i] = 0.999f * v[i] + rest2 * x * x;
    p[i] -= s.rate * m[i] / (s.root * __builtin_sqrtf(v[i]) + 1e-8f);
  }
}

// handAdam(p, g, m, v, rate, root): one step with the default betas; false where this build or processor has no such loop.
Napi::Value hand_adam(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  if (!can_run_hand_loop()) return Napi::Boolean::New(env, false);
  Span<float> arrays[4];
  for (size_t k = 0; k < 4; ++k) {
    arrays[k] = float_span<float>(env, info[k]);
    if (arrays[k].length != arrays[0].length) throw Napi::RangeError::New(env, "binding: arrays of different lengths");
  }
  const AdamScalars scalars = {info[4].As<Napi::Number>().FloatValue(), info[5].As<Napi::Number>().FloatValue()};
  const size_t count = arrays[0].length;
  const size_t chunk = std::min(kChunk, count / 64 + 4096);
  auto body = [&](size_t index) {
    const FpScope scope(true);
    const size_t begin = index * chunk;
    adam_chunk(arrays[0].data + begin, arrays[1].data + begin, arrays[2].data + begin, arrays[3].data + begin,
               std::min(chunk, count - begin), scalars);
  };
  parallel_for_seats((count + chunk - 1) / chunk, body);
  return Napi::Boolean::New(env, true);
}

}  // namespace

void register_traffic(Napi::Env env, Napi::Object exports) {
  define<"handAdam", hand_adam>(env, exports);
  define<"moveBytes", move_bytes>(env, exports);
}

}  // namespace downhill::binding
