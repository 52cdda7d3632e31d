#include "gemm/batched.h"

#include "parallel/pool.h"

namespace downhill {
namespace {

template <class T>
void item(const GemmCall<T>& call, const Batch& batch, size_t index) {
  GemmCall<T> one = call;
  one.a += index * batch.stride_a;
  one.b += index * batch.stride_b;
  one.c += index * batch.stride_c;
  gemm(one);
}

// Many items: each is one thread's work (a product inside a chunk finds the pool taken and runs alone). Few: one after
// the other, each split over the threads.
template <class T>
void run(const GemmCall<T>& call, const Batch& batch) {
  const double work = static_cast<double>(call.m) * static_cast<double>(call.n) * static_cast<double>(call.k);
  const size_t threads = pool_threads();
  if (threads < 2 || batch.count < 2 * threads || work * static_cast<double>(batch.count) < 2e5) {
    for (size_t i = 0; i < batch.count; ++i) item(call, batch, i);
    return;
  }
  // A chunk holds about 2 µs of work, so that taking chunks costs nothing beside it.
  const size_t together = 1 + static_cast<size_t>(2e5 / (work + 1));
  auto chunk = [&](size_t index) {
    const size_t end = (index + 1) * together < batch.count ? (index + 1) * together : batch.count;
    for (size_t i = index * together; i < end; ++i) item(call, batch, i);
  };
  parallel_for((batch.count + together - 1) / together, chunk);
}

}  // namespace

void gemm_batched(const GemmCall<float>& call, const Batch& batch) { run(call, batch); }
void gemm_batched(const GemmCall<double>& call, const Batch& batch) { run(call, batch); }

}  // namespace downhill
