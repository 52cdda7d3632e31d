// Runs instructions: cuts each into chunks for the pool and calls the ISA's kernels. A cut never changes bits: rows and
// columns are independent, and whole sums are cut at block boundaries and added in ascending order.
#include <cstring>

#include "dispatch/dispatch.h"
#include "engine/program.h"
#include "engine/windows.h"
#include "gemm/batched.h"
#include "gemm/gemm.h"
#include "kernels/ops/table.h"
#include "memory/fp_mode.h"
#include "parallel/seats.h"

namespace downhill {
namespace {

template <class T>
const OpsKernels<T>& ops();
template <>
const OpsKernels<float>& ops<float>() {
  return kernels().ops->f32;
}
template <>
const OpsKernels<double>& ops<double>() {
  return kernels().ops->f64;
}

// A chunk should be worth about 2 µs, several times what handing it to a spinning worker costs.
constexpr size_t kCheapElements = 16384;  // one load, one operation, one store
constexpr size_t kCostlyElements = 2048;  // exponentials, divisions, several passes

// body(begin, end) over [0, count) in chunks of about `grain`, each a multiple of `unit`.
template <class T, class Body>
void over(size_t count, size_t grain, size_t unit, Body body) {
  if (grain < 1) grain = 1;
  const size_t step = (grain + unit - 1) / unit * unit;
  if (count <= step || pool_threads() == 1) {
    if (count > 0) body(size_t{0}, count);
    return;
  }
  auto chunk = [&](size_t i) {
    FpScope scope(flushes_subnormals<T>());
    const size_t begin = i * step;
    body(begin, begin + step < count ? begin + step : count);
  };
  parallel_for_seats((count + step - 1) / step, chunk);
}

size_t rows_per(size_t elements, size_t cols) { return cols == 0 ? 1 : elements / cols + 1; }

template <class T>
class Executor {
 public:
  Executor(const Instruction& in, const RunControl& control) : in_(in), control_(control), k_(ops<T>()) {}

  void run() {
    switch (in_.op) {
      case OpCode::gemm: return gemm_op();
      case OpCode::unary: return unary_op();
      case OpCode::unaryGradient: return unary_gradient_op();
      case OpCode::binary: return binary_op();
      case OpCode::maskGreater: return mask_op();
      case OpCode::rowSums: return row_sums_op();
      case OpCode::columnSums: return column_sums_op();
      case OpCode::sumAll: return sum_all_op();
      case OpCode::expand: return expand_op();
      case OpCode::fill: return fill_op();
      case OpCode::softmax: return rows2(k_.softmax);
      case OpCode::logSoftmax: return rows2(k_.log_softmax);
      case OpCode::softmaxGradient: return rows3(k_.softmax_gradient);
      case OpCode::logSoftmaxGradient: return rows3(k_.log_softmax_gradient);
      case OpCode::crossEntropySparse: return cross_entropy_sparse_op();
      case OpCode::crossEntropyDense: return cross_entropy_dense_op();
      case OpCode::layerNorm: return layer_norm_op();
      case OpCode::layerNormGradient: return layer_norm_gradient_op();
      case OpCode::batchNorm: return batch_norm_op();
      case OpCode::batchNormGradient: return batch_norm_gradient_op();
      case OpCode::blend: return k_.blend(size(0), p(0), real(0), p(1), real(1));
      case OpCode::dropout: return dropout_op();
      case OpCode::embedding: return embedding_op();
      case OpCode::embeddingGradient: return embedding_gradient_op();
      case OpCode::copyBlock: return copy_block_op();
      case OpCode::hitsSparse: return hits_sparse_op();
      case OpCode::hitsDense: return hits_dense_op();
      case OpCode::stats: return stats_op();
      case OpCode::patches: return patches_op();
      case OpCode::patchesGradient: return patches_gradient_op();
      case OpCode::maxPool: return max_pool_op();
      case OpCode::maxPoolGradient: return max_pool_gradient_op();
      case OpCode::averagePool: return average_pool_op();
      case OpCode::averagePoolGradient: return average_pool_gradient_op();
      case OpCode::gemmBatched: return gemm_batched_op();
      case OpCode::maskFuture: return mask_future_op();
      case OpCode::count: return;
    }
  }

 private:
  T* p(size_t i) const { return static_cast<T*>(in_.pointers[i]); }
  const int32_t* labels(size_t i) const { return static_cast<const int32_t*>(in_.pointers[i]); }
  size_t size(size_t i) const { return static_cast<size_t>(in_.ints[i]); }
  int number(size_t i) const { return static_cast<int>(in_.ints[i]); }
  T real(size_t i) const { return static_cast<T>(in_.reals[i]); }

  // The product of the first two operands that the integers from `at` on describe, into the third.
  GemmCall<T> product(size_t at) const {
    GemmCall<T> call{};
    call.m = size(at);
    call.n = size(at + 1);
    call.k = size(at + 2);
    call.trans_a = number(at + 3) != 0;
    call.trans_b = number(at + 4) != 0;
    call.a = p(0);
    call.lda = call.trans_a ? call.m : call.k;
    call.b = p(1);
    call.ldb = call.trans_b ? call.k : call.n;
    call.c = p(2);
    call.ldc = call.n;
    call.alpha = 1;
    return call;
  }

  void gemm_op() {
    GemmCall<T> call = product(0);
    call.bias = p(3);
    call.activation = static_cast<Activation>(number(5));
    gemm(call);
  }

  void gemm_batched_op() {
    const GemmCall<T> call = product(1);
    gemm_batched(call, {size(0), call.m * call.k, call.k * call.n, call.m * call.n, 0});
  }

  // Element (i, j) of each matrix with j > i becomes the given number, the others are moved.
  void mask_future_op() {
    const size_t rows = size(1), cols = size(2);
    over<T>(size(0) * rows, rows_per(kCheapElements, cols), 1, [&](size_t b, size_t e) {
      for (size_t r = b; r < e; ++r) {
        const T* x = p(0) + r * cols;
        T* out = p(1) + r * cols;
        for (size_t j = 0; j < cols; ++j) out[j] = j > r % rows ? real(0) : x[j];
      }
    });
  }

  void unary_op() {
    const size_t grain = number(0) == static_cast<int>(UnaryKind::relu) ? kCheapElements : kCostlyElements;
    over<T>(size(1), grain, 64, [&](size_t b, size_t e) { k_.unary(number(0), e - b, p(0) + b, p(1) + b, in_.reals[0]); });
  }

  void unary_gradient_op() {
    const size_t grain = number(0) == static_cast<int>(UnaryKind::relu) ? kCheapElements : kCostlyElements;
    over<T>(size(1), grain, 64, [&](size_t b, size_t e) {
      k_.unary_gradient(number(0), e - b, p(0) + b, p(1) + b, p(2) + b, in_.reals[0]);
    });
  }

  void binary_op() {
    const size_t rows = size(1), cols = size(2);
    const int kind = number(0), left = number(3), right = number(4);
    const bool flat = (left == 0 || left == 3) && (right == 0 || right == 3) && !(left == 3 && right == 3);
    if (flat) {
      over<T>(rows * cols, kCheapElements, 64, [&](size_t b, size_t e) {
        k_.binary(kind, e - b, left == 3 ? p(0) : p(0) + b, left == 3, right == 3 ? p(1) : p(1) + b, right == 3, p(2) + b);
      });
      return;
    }
    over<T>(rows, rows_per(kCheapElements, cols), 1, [&](size_t b, size_t e) {
      for (size_t r = b; r < e; ++r) {
        const T* x = side(0, left, r, cols);
        const T* y = side(1, right, r, cols);
        T* out = p(2) + r * cols;
        if (left >= 2 && right >= 2) {  // one value for the row
          if (cols > 0) k_.binary(kind, 1, x, false, y, false, out);
          for (size_t c = 1; c < cols; ++c) out[c] = out[0];
        } else {
          k_.binary(kind, cols, x, left >= 2, y, right >= 2, out);
        }
      }
    });
  }

  const T* side(size_t i, int mode, size_t row, size_t cols) const {
    return mode == 0 ? p(i) + row * cols : mode == 2 ? p(i) + row : p(i);
  }

  void mask_op() {
    over<T>(size(1), kCheapElements, 64, [&](size_t b, size_t e) {
      k_.mask_greater(number(0) != 0, e - b, p(0) + b, p(1) + b, p(2) + b, p(3) + b);
    });
  }

  void row_sums_op() {
    const size_t cols = size(1);
    over<T>(size(0), rows_per(kCheapElements, cols), 1,
            [&](size_t b, size_t e) { k_.row_sums(e - b, cols, p(0) + b * cols, in_.reals[0], p(1) + b); });
  }

  void column_sums_op() {
    const size_t rows = size(0), cols = size(1);
    over<T>(cols, rows_per(kCheapElements, rows), 16,
            [&](size_t b, size_t e) { k_.column_sums(rows, e - b, cols, p(0) + b, in_.reals[0], p(1) + b); });
  }

  void sum_all_op() { *p(1) = static_cast<T>(k_.sum(size(0), p(0)) * in_.reals[0]); }

  void expand_op() {
    const size_t rows = size(0), cols = size(1);
    const int copy = static_cast<int>(UnaryKind::copy);
    for (size_t r = 0; r < rows; ++r) {
      const T* x = side(0, number(2), r, cols);
      T* out = p(1) + r * cols;
      if (number(2) < 2) k_.unary(copy, cols, x, out, 0);
      else for (size_t c = 0; c < cols; ++c) out[c] = *x;
    }
  }

  void fill_op() {
    for (size_t i = 0; i < size(0); ++i) p(0)[i] = real(0);
  }

  void rows2(void (*kernel)(size_t, size_t, const T*, T*)) {
    const size_t cols = size(1);
    over<T>(size(0), rows_per(kCostlyElements, cols), 1,
            [&](size_t b, size_t e) { kernel(e - b, cols, p(0) + b * cols, p(1) + b * cols); });
  }

  void rows3(void (*kernel)(size_t, size_t, const T*, const T*, T*)) {
    const size_t cols = size(1);
    over<T>(size(0), rows_per(kCostlyElements, cols), 1, [&](size_t b, size_t e) {
      kernel(e - b, cols, p(0) + b * cols, p(1) + b * cols, p(2) + b * cols);
    });
  }

  void cross_entropy_sparse_op() {
    const size_t cols = size(1);
    over<T>(size(0), rows_per(kCostlyElements / 4, cols), 1, [&](size_t b, size_t e) {
      k_.cross_entropy_sparse(e - b, cols, p(0) + b * cols, labels(1) + b, p(2) ? p(2) + b : nullptr, in_.reals[0],
                              in_.reals[1], p(3) + b, p(4) + b, p(5) ? p(5) + b * cols : nullptr);
    });
  }

  void cross_entropy_dense_op() {
    const size_t cols = size(1);
    over<T>(size(0), rows_per(kCostlyElements / 4, cols), 1, [&](size_t b, size_t e) {
      k_.cross_entropy_dense(e - b, cols, p(0) + b * cols, p(1) + b * cols, p(2) ? p(2) + b : nullptr, in_.reals[0],
                             in_.reals[1], p(3) + b, p(4) + b, p(5) ? p(5) + b * cols : nullptr);
    });
  }

  void layer_norm_op() {
    const size_t cols = size(1);
    over<T>(size(0), rows_per(kCostlyElements, cols), 1, [&](size_t b, size_t e) {
      k_.layer_norm(e - b, cols, p(0) + b * cols, p(1), p(2), in_.reals[0], p(3) + b * cols);
    });
  }

  void layer_norm_gradient_op() {
    const size_t cols = size(1);
    over<T>(size(0), rows_per(kCostlyElements, cols), 1, [&](size_t b, size_t e) {
      const size_t o = b * cols;
      k_.layer_norm_gradient(e - b, cols, p(0) + o, p(1), p(2) + o, in_.reals[0], p(3) + o, p(4) + o);
    });
  }

  void batch_norm_op() {
    const size_t rows = size(0), cols = size(1);
    over<T>(cols, rows_per(kCostlyElements, rows), 16, [&](size_t b, size_t e) {
      k_.batch_norm(rows, e - b, cols, p(0) + b, p(1) + b, p(2) + b, in_.reals[0], p(3) + b, p(4) + b, p(5) + b);
    });
  }

  void batch_norm_gradient_op() {
    const size_t rows = size(0), cols = size(1);
    over<T>(cols, rows_per(kCostlyElements, rows), 16, [&](size_t b, size_t e) {
      k_.batch_norm_gradient(rows, e - b, cols, p(0) + b, p(1) + b, p(2) + b, in_.reals[0], p(3) + b, p(4) + b, p(5) + b);
    });
  }

  void dropout_op() {
    const size_t cols = size(1);
    const double rate = in_.reals[0];
    const auto threshold = static_cast<uint32_t>(rate * 4294967296.0);
    const T scale = static_cast<T>(1.0 / (1.0 - rate));
    const uint32_t address[4] = {control_.seed_low, control_.seed_high, static_cast<uint32_t>(in_.ints[2]), control_.step};
    over<T>(size(0), rows_per(kCostlyElements, cols), 1, [&](size_t b, size_t e) {
      k_.dropout((e - b) * cols, address, (control_.first_row + b) * cols, threshold, scale, p(0) + b * cols,
                 p(1) + b * cols);
    });
  }

  // A class index stored as a float; `rows` where it is none, which reads as a row of zeros and writes nowhere.
  static size_t index_of(T value, size_t rows) {
    return value >= 0 && value < static_cast<T>(rows) ? static_cast<size_t>(value) : rows;
  }

  void embedding_op() {
    const size_t rows = size(0), cols = size(1);
    over<T>(size(2), rows_per(kCheapElements, cols), 1, [&](size_t b, size_t e) {
      for (size_t i = b; i < e; ++i) {
        const size_t row = index_of(p(1)[i], rows);
        T* out = p(2) + i * cols;
        if (row < rows) k_.unary(static_cast<int>(UnaryKind::copy), cols, p(0) + row * cols, out, 0);
        else for (size_t c = 0; c < cols; ++c) out[c] = 0;
      }
    });
  }

  // Ascending over the batch, so that rows used twice add up in one order.
  void embedding_gradient_op() {
    const size_t rows = size(0), cols = size(1);
    T* table = p(2);
    for (size_t i = 0; i < rows * cols; ++i) table[i] = 0;
    for (size_t i = 0; i < size(2); ++i) {
      const size_t row = index_of(p(0)[i], rows);
      if (row == rows) continue;
      T* out = table + row * cols;
      k_.binary(static_cast<int>(BinaryKind::add), cols, out, false, p(1) + i * cols, false, out);
    }
  }

  void copy_block_op() {
    const size_t rows = size(0), cols = size(1);
    for (size_t r = 0; r < rows; ++r) {
      k_.unary(static_cast<int>(UnaryKind::copy), cols, p(0) + r * size(2) + size(3), p(1) + r * size(4) + size(5), 0);
    }
  }

  static size_t largest(const T* x, size_t n) {
    size_t best = 0;
    for (size_t j = 1; j < n; ++j) best = x[j] > x[best] ? j : best;
    return best;
  }

  void hits_sparse_op() {
    const size_t rows = size(0), cols = size(1);
    for (size_t r = 0; r < rows; ++r) {
      const T* x = p(0) + r * cols;
      const size_t guess = cols == 1 ? (x[0] > real(0) ? 1 : 0) : largest(x, cols);
      p(2)[r] = labels(1)[r] >= 0 && guess == static_cast<size_t>(labels(1)[r]) ? 1 : 0;
    }
  }

  void hits_dense_op() {
    const size_t rows = size(0), cols = size(1);
    for (size_t r = 0; r < rows; ++r) {
      const T* x = p(0) + r * cols;
      const T* t = p(1) + r * cols;
      const bool hit = cols == 1 ? (x[0] > real(0)) == (t[0] > static_cast<T>(0.5)) : largest(x, cols) == largest(t, cols);
      p(2)[r] = hit ? 1 : 0;
    }
  }

  // Sums of the row losses and of the hits (−1 without hits).
  void stats_op() {
    double* out = static_cast<double*>(in_.pointers[2]);
    out[0] = k_.sum(size(0), p(0));
    out[1] = p(1) ? k_.sum(size(0), p(1)) : -1.0;
  }

  // body(windows, sample) for each sample; about `work` elements are touched for one.
  template <class Body>
  void each_sample(size_t work, Body body) {
    over<T>(size(0), rows_per(kCheapElements, work), 1, [&](size_t b, size_t e) {
      for (size_t i = b; i < e; ++i) body(static_cast<int64_t>(i));
    });
  }
  Windows windows() const {
    Windows w;
    std::memcpy(&w, in_.ints, sizeof w);
    return w;
  }
  size_t window_work(const Windows& w) const { return static_cast<size_t>(w.out_height * w.out_width * w.patch()); }

  void patches_op() {
    const Windows w = windows();
    const int64_t length = w.out_height * w.out_width * w.patch();
    each_sample(window_work(w), [&](int64_t i) { window_patches(w, p(0) + i * w.image(), p(1) + i * length); });
  }

  void patches_gradient_op() {
    const Windows w = windows();
    const int64_t length = w.out_height * w.out_width * w.patch();
    each_sample(window_work(w), [&](int64_t i) { window_patches_gradient(w, p(0) + i * length, p(1) + i * w.image()); });
  }

  void max_pool_op() {
    const Windows w = windows();
    each_sample(window_work(w), [&](int64_t i) { max_pool(w, p(0) + i * w.image(), p(1) + i * w.outputs()); });
  }

  void max_pool_gradient_op() {
    const Windows w = windows();
    each_sample(window_work(w), [&](int64_t i) {
      max_pool_gradient(w, p(0) + i * w.image(), p(1) + i * w.outputs(), p(2) + i * w.image());
    });
  }

  void average_pool_op() {
    const Windows w = windows();
    each_sample(window_work(w), [&](int64_t i) { average_pool(w, p(0) + i * w.image(), p(1) + i * w.outputs()); });
  }

  void average_pool_gradient_op() {
    const Windows w = windows();
    each_sample(window_work(w), [&](int64_t i) { average_pool_gradient(w, p(0) + i * w.outputs(), p(1) + i * w.image()); });
  }

  const Instruction& in_;
  const RunControl& control_;
  const OpsKernels<T>& k_;
};

template <class T>
void run_all(Program& program, int phase, const char* left_out) {
  FpScope scope(flushes_subnormals<T>());
  for (size_t i = 0; i < program.instructions.size(); ++i) {
    const Instruction& instruction = program.instructions[i];
    if ((phase >= 0 && instruction.phase != phase) || (left_out != nullptr && left_out[i])) continue;
    Executor<T>(instruction, program.control).run();
  }
}

}  // namespace

void program_run(Program& program, int phase, const char* left_out) {
  if (program.f64) run_all<double>(program, phase, left_out);
  else run_all<float>(program, phase, left_out);
}

}  // namespace downhill
