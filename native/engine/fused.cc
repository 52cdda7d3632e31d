#include "engine/fused.h"

#include "dispatch/dispatch.h"
#include "gemm/gemm.h"
#include "kernels/ops/table.h"
#include "memory/fp_mode.h"
#include "parallel/seats.h"

namespace downhill {
namespace {

// Elements of a piece: 24 KiB of float32 scratch stay in the first cache between the product and the rule, 256 columns give
// four full tiles of six rows, and 6,144 elements of Adam are .8 µs, ten times what taking a chunk costs.
constexpr size_t kPieceElements = 6144;
// Columns of a piece at most, so that it has several rows for a product's tiles to share.
constexpr size_t kPieceColumns = 1024;
// Rows of a mini-batch beyond which a product over strips loses more to reading its other operand again than the
// gradient's way through memory costs.
constexpr int64_t kMostRows = 128;
// As for plans: fewer elements are not worth a second thread.
constexpr size_t kParallelFrom = 32768;

const OpsKernels<float>& ops_of(const float*) { return kernels().ops->f32; }
const OpsKernels<double>& ops_of(const double*) { return kernels().ops->f64; }

size_t bytes_of(const Program& program, int operand) {
  return static_cast<size_t>(program.operands[static_cast<size_t>(operand)].length) * (program.f64 ? 8 : 4);
}

bool overlaps(const Program& program, const Instruction& a, size_t i, const Instruction& b, size_t j) {
  if (a.operands[i] < 0 || b.operands[j] < 0) return false;
  const char* const x = static_cast<const char*>(a.pointers[i]);
  const char* const y = static_cast<const char*>(b.pointers[j]);
  return x < y + bytes_of(program, b.operands[j]) && y < x + bytes_of(program, a.operands[i]);
}

// Factors that neither an update nor the statistics of phase 1 change: a layer may multiply a parameter by another one.
bool stay(const Program& program, const Instruction& product) {
  for (size_t i = 0; i < 2; ++i) {
    const Space space = program.operands[static_cast<size_t>(product.operands[i])].space;
    if (space == Space::parameters || space == Space::state) return false;
  }
  return true;
}

// True where nothing after instruction `index` touches what it reads or writes, so that it may as well come last.
bool may_wait(const Program& program, size_t index) {
  const Instruction& product = program.instructions[index];
  for (size_t k = index + 1; k < program.instructions.size(); ++k) {
    const Instruction& later = program.instructions[k];
    const bool is_product = later.op == OpCode::gemm;
    const size_t operands = kOpShapes[static_cast<size_t>(later.op)].operands;
    for (size_t j = 0; j < operands; ++j) {
      if (overlaps(program, product, 2, later, j)) return false;
      if (is_product && j != 2) continue;  // it only reads these
      if (overlaps(program, product, 0, later, j) || overlaps(program, product, 1, later, j)) return false;
    }
  }
  return true;
}

// A product that is the gradient of a whole matrix, with columns enough that no piece of it has the dot order.
bool is_weight_gradient(const Instruction& in) {
  return in.op == OpCode::gemm && in.phase == 0 && in.ints[0] >= 2 && in.ints[1] >= 2 && in.ints[2] >= 1 &&
         in.ints[2] <= kMostRows && in.ints[3] == 1 && in.ints[4] == 0 && in.ints[5] == 0 && in.operands[3] < 0;
}

void add_matrix(FusedStep& step, const Instruction& product, size_t tensor) {
  const auto rows = static_cast<size_t>(product.ints[0]), columns = static_cast<size_t>(product.ints[1]);
  const size_t across = (columns + kPieceColumns - 1) / kPieceColumns;
  const size_t height = kPieceElements / ((columns + across - 1) / across);
  for (size_t row = 0; row < rows; row += height) {
    for (size_t j = 0; j < across; ++j) {
      const size_t begin = columns * j / across, end = columns * (j + 1) / across;
      step.pieces.push_back({&product, tensor, row, height < rows - row ? height : rows - row, begin, end - begin});
    }
  }
}

void add_elements(FusedStep& step, size_t tensor, size_t count) {
  for (size_t begin = 0; begin < count; begin += kPieceElements) {
    step.pieces.push_back({nullptr, tensor, 0, 1, begin, kPieceElements < count - begin ? kPieceElements : count - begin});
  }
}

// Neighbouring pieces, joined until they are worth taking.
void make_chunks(FusedStep& step) {
  size_t first = 0, elements = 0;
  for (size_t i = 0; i < step.pieces.size(); ++i) {
    elements += step.pieces[i].rows * step.pieces[i].columns;
    if (elements < kPieceElements / 2 && i + 1 < step.pieces.size()) continue;
    step.chunks.push_back({first, i + 1 - first});
    first = i + 1;
    elements = 0;
  }
}

template <class T>
void run_matrix(const FusedPiece& piece, const StepPlan& plan) {
  const Instruction& in = *piece.product;
  alignas(64) T gradient[kPieceElements];
  const auto columns = static_cast<size_t>(in.ints[1]);
  const T* const x = static_cast<const T*>(in.pointers[0]) + piece.row;
  const T* const dy = static_cast<const T*>(in.pointers[1]) + piece.column;
  if (in.ints[2] == 1) {
    ops_of(dy).outer(piece.rows, piece.columns, x, dy, gradient);
  } else {
    GemmCall<T> call{};
    call.m = piece.rows;
    call.n = piece.columns;
    call.k = static_cast<size_t>(in.ints[2]);
    call.trans_a = true;
    call.a = x;
    call.lda = static_cast<size_t>(in.ints[0]);
    call.b = dy;
    call.ldb = columns;
    call.c = gradient;
    call.ldc = piece.columns;
    gemm(call);
  }
  const size_t begin = piece.row * columns + piece.column;
  if (piece.columns == columns) {
    step_plan_run_block(plan, piece.tensor, begin, 1, 0, piece.rows * columns, gradient);
  } else {
    step_plan_run_block(plan, piece.tensor, begin, piece.rows, columns, piece.columns, gradient);
  }
}

template <class T>
void run_piece(const FusedPiece& piece, const StepPlan& plan) {
  if (piece.product != nullptr) return run_matrix<T>(piece, plan);
  const T* gradient = static_cast<const T*>(step_plan_gradient(plan, piece.tensor));
  step_plan_run_block(plan, piece.tensor, piece.column, 1, 0, piece.columns, gradient + piece.column);
}

const Instruction* weight_gradient(const Program& program, const StepPlan& plan, size_t tensor, FusedStep& step) {
  for (size_t i = 0; i < program.instructions.size(); ++i) {
    const Instruction& in = program.instructions[i];
    if (!is_weight_gradient(in) || in.pointers[2] != step_plan_gradient(plan, tensor)) continue;
    if (static_cast<size_t>(in.ints[0] * in.ints[1]) != step_plan_count(&plan, tensor)) continue;
    if (!stay(program, in) || !may_wait(program, i)) continue;
    step.deferred[i] = 1;
    return &in;
  }
  return nullptr;
}

}  // namespace

FusedStep fused_step_make(const Program& program, const StepPlan& plan) {
  FusedStep step;
  if (!step_plan_is_elementwise(plan)) return step;
  const size_t tensors = step_plan_tensors(&plan);
  step.deferred.resize(program.instructions.size());
  for (size_t t = 0; t < tensors; ++t) {
    if (step_plan_is_f64(&plan, t) != program.f64) return FusedStep{};
    if (const Instruction* product = weight_gradient(program, plan, t, step)) {
      add_matrix(step, *product, t);
      step.useful = true;
    } else {
      add_elements(step, t, step_plan_count(&plan, t));
    }
  }
  make_chunks(step);
  return step;
}

void fused_step_run(const FusedStep& step, const Program& program, const StepPlan& plan) {
  auto body = [&](size_t chunk) {
    const FpScope scope(!program.f64);
    const FusedChunk& run = step.chunks[chunk];
    for (size_t i = run.first; i < run.first + run.count; ++i) {
      if (program.f64) run_piece<double>(step.pieces[i], plan);
      else run_piece<float>(step.pieces[i], plan);
    }
  };
  if (step_plan_elements(plan) < kParallelFrom) {
    for (size_t i = 0; i < step.chunks.size(); ++i) body(i);
  } else {
    parallel_for_seats(step.chunks.size(), body);
  }
}

}  // namespace downhill
