// Adafactor for matrices, one tensor after the other. Rows are summed in the contract's order each, and rows ascending;
// columns are ascending chains. Twin of src/optim/rules/adafactor.ts.
#include <algorithm>

#include "memory/buffer.h"
#include "optim/tensor/rules.h"
#include "optim/tensor/sweeps.h"
#include "reduce/reduce.h"

namespace downhill {
namespace {

template <class T> struct Matrix {
  const TensorStep& step;
  const TensorView& view;
  size_t all_rows;        // of all matrices of the tensor
  size_t blocks;          // block sums per row
  double* row_sums;       // all_rows · blocks
  double* column_sums;    // one per column of one matrix
  T* own;                 // kOwnCoefficients per row

  Matrix(const TensorStep& of, const TensorView& tensor)
      : step(of), view(tensor), all_rows(tensor.count / tensor.columns), blocks(blocks_of(tensor.columns)) {
    row_sums = static_cast<double*>(buffer_data(step.work.scratch));
    column_sums = row_sums + all_rows * blocks;
    own = reinterpret_cast<T*>(column_sums + view.columns);
  }

  T* byRow() const { return reinterpret_cast<T*>(view.slots[0]); }
  T* byColumn() const { return reinterpret_cast<T*>(view.slots[1]); }

  // One sweep over every row; slot 0 is the column means of the row's matrix.
  void sweep_rows(const Sweep& sweep) const {
    const SweepKernel kernel = kernel_of<T>(sweep, step.prelude);
    const size_t per_chunk = std::max<size_t>(1, kTensorChunk / 4 / view.columns);
    auto body = [&](size_t chunk) {
      const FpScope scope(flushes_subnormals<T>());
      const size_t end = std::min(all_rows, (chunk + 1) * per_chunk);
      for (size_t i = chunk * per_chunk; i < end; ++i) {
        SweepSlice slice{};
        slice.p = view.p + i * view.columns * sizeof(T);
        slice.g = view.g + i * view.columns * sizeof(T);
        slice.slots[0] = byColumn() + i / view.rows * view.columns;
        slice.count = view.columns;
        slice.sums[0] = row_sums + i * blocks;
        slice.own = own + i * kOwnCoefficients;
        kernel(slice, step.coefficients);
      }
    };
    for_chunks((all_rows + per_chunk - 1) / per_chunk, view.count, body);
  }

  double row_total(size_t i) const {
    double sum = 0;
    for (size_t b = 0; b < blocks; ++b) sum += row_sums[i * blocks + b];
    return sum;
  }

  void sum_columns(size_t batch) const {
    const ColumnSums& table = kernels().tensor_optim->column_squares;
    const auto kernel = (sizeof(T) == 8 ? table.f64 : table.f32)[step.prelude];
    const size_t first = batch * view.rows * view.columns;
    auto body = [&](size_t stripe) {
      const FpScope scope(flushes_subnormals<T>());
      const size_t begin = stripe * kColumnStripe, offset = (first + begin) * sizeof(T);
      const ColumnSlice slice{view.p + offset, view.g + offset, view.rows, view.columns,
                              std::min(kColumnStripe, view.columns - begin), column_sums + begin};
      kernel(slice, step.coefficients);
    };
    for_chunks((view.columns + kColumnStripe - 1) / kColumnStripe, view.rows * view.columns, body);
  }

  void run() const {
    const TensorOptimTable& table = *kernels().tensor_optim;
    const T* c = static_cast<const T*>(step.coefficients) + kCommonCoefficients;
    const T decay = c[0], gain = c[1];
    const size_t rows = view.rows, columns = view.columns;
    auto mix = [&](T old, double mean) {
      const T kept = decay * old, added = gain * static_cast<T>(mean);
      return static_cast<T>(kept + added);
    };
    sweep_rows(table.gradient_squares);
    for (size_t i = 0; i < all_rows; ++i) byRow()[i] = mix(byRow()[i], row_total(i) / static_cast<double>(columns));
    for (size_t b = 0; b < all_rows / rows; ++b) {
      sum_columns(b);
      T* means = byColumn() + b * columns;
      for (size_t j = 0; j < columns; ++j) means[j] = mix(means[j], column_sums[j] / static_cast<double>(rows));
      const T* row = byRow() + b * rows;
      const double mean = reduce_sum(row, rows) / static_cast<double>(rows);
      const double divisor = mean > step.control[3] ? mean : step.control[3];
      for (size_t i = 0; i < rows; ++i) own[(b * rows + i) * kOwnCoefficients] = static_cast<T>(static_cast<double>(row[i]) / divisor);
    }
    sweep_rows(table.adafactor_row_norm);
    double squares = 0;
    for (size_t i = 0; i < all_rows; ++i) squares += row_total(i);
    const double weight = reduce_sum_squares(reinterpret_cast<const T*>(view.p), view.count);
    const double scale = adafactor_scale(step.control, weight, view.count);
    const T size = static_cast<T>(adafactor_clipped(step.control, scale, squares, view.count));
    for (size_t i = 0; i < all_rows; ++i) own[i * kOwnCoefficients + 1] = size;
    sweep_rows(table.adafactor_row_apply);
  }
};

template <class T> void run_all(const TensorStep& step) {
  for (const TensorView& tensor : step.work.tensors) {
    if (tensor.count > 0) Matrix<T>(step, tensor).run();
  }
}

}  // namespace

size_t adafactor_matrix_scratch(const TensorView& tensor, bool f64) {
  if (tensor.count == 0) return 0;
  const size_t rows = tensor.count / tensor.columns;
  return 8 * (rows * blocks_of(tensor.columns) + tensor.columns) + rows * kOwnCoefficients * (f64 ? 8 : 4);
}

void adafactor_matrix_run(const TensorStep& step) {
  if (step.work.f64) {
    run_all<double>(step);
  } else {
    run_all<float>(step);
  }
}

}  // namespace downhill
