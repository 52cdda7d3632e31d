#include "reduce/reduce.h"

#include "dispatch/dispatch.h"
#include "kernels/gradients/table.h"
#include "kernels/ops/reduce_table.h"
#include "memory/fp_mode.h"
#include "parallel/pool.h"

namespace downhill {
namespace {

// 16 blocks are 256 KiB of float32: some 8 µs of work, well above the cost of handing a chunk to a spinning worker.
constexpr size_t kChunkBlocks = 16;
// Block sums live on the stack: 32 KiB for 16 Mi elements at a time.
constexpr size_t kGroupBlocks = 4096;

template <class T>
double reduce(const T* x, size_t count, void (*kernel)(const T*, size_t, double*)) {
  double block_sums[kGroupBlocks];
  double total = 0.0;
  while (count > 0) {
    const size_t part = count < kGroupBlocks * kReduceBlock ? count : kGroupBlocks * kReduceBlock;
    const size_t chunk_size = kChunkBlocks * kReduceBlock;
    auto body = [&](size_t chunk) {
      const FpScope scope(flushes_subnormals<T>());
      const size_t start = chunk * chunk_size;
      const size_t rest = part - start;
      kernel(x + start, rest < chunk_size ? rest : chunk_size, block_sums + chunk * kChunkBlocks);
    };
    parallel_for((part + chunk_size - 1) / chunk_size, body);
    const FpScope scope(flushes_subnormals<T>());
    for (size_t b = 0; b * kReduceBlock < part; ++b) total += block_sums[b];
    x += part;
    count -= part;
  }
  return total;
}

}  // namespace

double reduce_sum(const float* x, size_t count) { return reduce(x, count, kernels().reduce->sum_f32); }
double reduce_sum(const double* x, size_t count) { return reduce(x, count, kernels().reduce->sum_f64); }
double reduce_sum_squares(const float* x, size_t count) { return reduce(x, count, kernels().reduce->sum_squares_f32); }
double reduce_sum_squares(const double* x, size_t count) { return reduce(x, count, kernels().reduce->sum_squares_f64); }
double reduce_sum_absolute(const float* x, size_t count) { return reduce(x, count, kernels().gradients->f32.absolute_sums); }
double reduce_sum_absolute(const double* x, size_t count) { return reduce(x, count, kernels().gradients->f64.absolute_sums); }

}  // namespace downhill
