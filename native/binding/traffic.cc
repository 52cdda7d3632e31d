// The floor that benchmarks compare optimizer steps with: a loop that only moves a step's bytes.
#include <algorithm>

#include "binding/binding.h"
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

}  // namespace

void register_traffic(Napi::Env env, Napi::Object exports) {
  define<"moveBytes", move_bytes>(env, exports);
}

}  // namespace downhill::binding
