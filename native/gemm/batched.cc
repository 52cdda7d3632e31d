#include "gemm/batched.h"

#include <algorithm>

#include "parallel/pool.h"

namespace downhill {
namespace {

// The items [begin, end), one after the other.
template <class T>
void items(const GemmCall<T>& call, const Batch& batch, size_t begin, size_t end) {
  GemmCall<T> item = call;
  for (size_t i = begin; i < end; ++i) {
    item.a = call.a + i * batch.stride_a;
    item.b = call.b + i * batch.stride_b;
    item.c = call.c + i * batch.stride_c;
    if (call.residual != nullptr) item.residual = call.residual + i * batch.stride_r;
    gemm(item);
  }
}

// Many items: each is one thread's work (a product inside a chunk finds the pool taken and runs alone). Few: one after
// the other, each split over the threads.
template <class T>
void run(const GemmCall<T>& call, const Batch& batch) {
  const double work = static_cast<double>(call.m) * static_cast<double>(call.n) * static_cast<double>(call.k);
  const size_t threads = pool_threads();
  if (threads < 2 || batch.count < 2 * threads || work * static_cast<double>(batch.count) < 2e5) {
    items(call, batch, 0, batch.count);
    return;
  }
  // A chunk holds about 2 µs of work, so that taking chunks costs nothing beside it.
  const size_t together = 1 + static_cast<size_t>(2e5 / (work + 1));
  auto chunk = [&](size_t index) {
    items(call, batch, index * together, std::min((index + 1) * together, batch.count));
  };
  parallel_for((batch.count + together - 1) / together, chunk);
}

}  // namespace

void gemm_batched(const GemmCall<float>& call, const Batch& batch) { run(call, batch); }
void gemm_batched(const GemmCall<double>& call, const Batch& batch) { run(call, batch); }

}  // namespace downhill
