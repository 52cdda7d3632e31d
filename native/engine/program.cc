#include "engine/program.h"

#include "gemm/epilogue.h"
#include "engine/windows.h"
#include "kernels/ops/kinds.h"

namespace downhill {

#define DOWNHILL_SHAPE(name, operands, ints, reals) {#name, operands, ints, reals},
const OpShape kOpShapes[] = {DOWNHILL_OPCODES(DOWNHILL_SHAPE)};
#undef DOWNHILL_SHAPE

namespace {

// Products of dimensions stay below this, so that no sum or product of two of them wraps.
constexpr int64_t kLargest = int64_t{1} << 48;

// Checks one instruction's operands against what its integers say it touches.
class Checker {
 public:
  Checker(const Program& program, const Instruction& instruction) : program_(program), instruction_(instruction) {}

  bool ok() const { return ok_; }
  int64_t dimension(size_t i) {
    const int64_t value = instruction_.ints[i];
    if (value < 0 || value > kLargest) ok_ = false;
    return ok_ ? value : 0;
  }
  int64_t product(int64_t a, int64_t b) {
    int64_t result = 0;
    if (__builtin_mul_overflow(a, b, &result) || result > kLargest) ok_ = false;
    return ok_ ? result : 0;
  }
  void range(size_t i, int64_t limit) {
    if (instruction_.ints[i] < 0 || instruction_.ints[i] >= limit) ok_ = false;
  }
  // Operand i holds at least `length` elements of `kind`.
  void need(size_t i, int64_t length, Kind kind = Kind::element) {
    const int index = instruction_.operands[i];
    if (index < 0) {
      ok_ = false;
      return;
    }
    const Operand& operand = program_.operands[static_cast<size_t>(index)];
    if (operand.kind != kind || operand.length < static_cast<uint64_t>(length)) ok_ = false;
  }
  void may_need(size_t i, int64_t length, Kind kind = Kind::element) {
    if (instruction_.operands[i] >= 0) need(i, length, kind);
  }
  // A broadcast side of a binary operation: all, one row, one column, one element.
  void side(size_t i, int64_t mode, int64_t rows, int64_t cols) {
    if (mode < 0 || mode > 3) {
      ok_ = false;
      return;
    }
    need(i, mode == 0 ? product(rows, cols) : mode == 1 ? cols : mode == 2 ? rows : 1);
  }
  // rows·cols from the first two integers.
  int64_t area() { return product(dimension(0), dimension(1)); }
  void needs_area(size_t begin, size_t end) {
    const int64_t size = area();
    for (size_t i = begin; i < end; ++i) need(i, size);
  }
  // A block of rows by cols at an offset in a matrix.
  void block(size_t i, int64_t rows, int64_t cols, int64_t stride, int64_t offset) {
    if (rows == 0 || cols == 0) return;
    need(i, product(rows - 1, stride) + offset + cols);
  }
  // Images in one operand, patches or pooled images in another: the integers are those of Windows.
  void windows(size_t image, size_t other, bool patches) {
    for (size_t i = 1; i < kWindowInts; ++i) range(i, int64_t{1} << 24);
    const auto times = [this](int64_t value, size_t i) { return product(value, dimension(i)); };
    need(image, times(times(times(dimension(0), 1), 2), 3));
    const int64_t outputs = times(times(times(dimension(0), 4), 5), 3);
    need(other, patches ? times(times(outputs, 6), 7) : outputs);
  }

 private:
  const Program& program_;
  const Instruction& instruction_;
  bool ok_ = true;
};

bool fits(const Program& program, const Instruction& in) {
  Checker c(program, in);
  const auto unary_kinds = static_cast<int64_t>(UnaryKind::count);
  const auto binary_kinds = static_cast<int64_t>(BinaryKind::count);
  switch (in.op) {
    case OpCode::gemm: {
      const int64_t m = c.dimension(0), n = c.dimension(1), k = c.dimension(2);
      c.range(3, 2);
      c.range(4, 2);
      c.range(5, static_cast<int64_t>(Activation::count));
      c.need(0, c.product(m, k));
      c.need(1, c.product(k, n));
      c.need(2, c.product(m, n));
      c.may_need(3, n);
      break;
    }
    case OpCode::unary:
      c.range(0, unary_kinds);
      c.need(0, c.dimension(1));
      c.need(1, c.dimension(1));
      break;
    case OpCode::unaryGradient:
      c.range(0, unary_kinds);
      for (size_t i = 0; i < 3; ++i) c.need(i, c.dimension(1));
      break;
    case OpCode::binary: {
      c.range(0, binary_kinds);
      const int64_t rows = c.dimension(1), cols = c.dimension(2);
      c.side(0, in.ints[3], rows, cols);
      c.side(1, in.ints[4], rows, cols);
      c.need(2, c.product(rows, cols));
      break;
    }
    case OpCode::maskGreater:
      c.range(0, 2);
      for (size_t i = 0; i < 4; ++i) c.need(i, c.dimension(1));
      break;
    case OpCode::rowSums:
      c.needs_area(0, 1);
      c.need(1, c.dimension(0));
      break;
    case OpCode::columnSums:
      c.needs_area(0, 1);
      c.need(1, c.dimension(1));
      break;
    case OpCode::sumAll:
      c.need(0, c.dimension(0));
      c.need(1, 1);
      break;
    case OpCode::expand:
      c.side(0, in.ints[2], c.dimension(0), c.dimension(1));
      c.needs_area(1, 2);
      break;
    case OpCode::fill:
      c.need(0, c.dimension(0));
      break;
    case OpCode::softmax:
    case OpCode::logSoftmax:
      c.needs_area(0, 2);
      break;
    case OpCode::softmaxGradient:
    case OpCode::logSoftmaxGradient:
      c.needs_area(0, 3);
      break;
    case OpCode::crossEntropySparse:
    case OpCode::crossEntropyDense:
      c.needs_area(0, 1);
      if (in.op == OpCode::crossEntropySparse) c.need(1, c.dimension(0), Kind::int32);
      else c.needs_area(1, 2);
      c.may_need(2, c.dimension(0));
      c.need(3, c.dimension(0));
      c.need(4, c.dimension(0));
      c.may_need(5, c.area());
      if (c.dimension(1) == 0) return false;
      break;
    case OpCode::layerNorm:
      c.needs_area(0, 1);
      c.need(1, c.dimension(1));
      c.need(2, c.dimension(1));
      c.needs_area(3, 4);
      break;
    case OpCode::layerNormGradient:
      c.needs_area(0, 1);
      c.need(1, c.dimension(1));
      c.needs_area(2, 5);
      break;
    case OpCode::batchNorm:
      c.needs_area(0, 1);
      c.need(1, c.dimension(1));
      c.need(2, c.dimension(1));
      c.needs_area(3, 4);
      c.need(4, c.dimension(1));
      c.need(5, c.dimension(1));
      break;
    case OpCode::batchNormGradient:
      c.needs_area(0, 1);
      c.need(1, c.dimension(1));
      c.needs_area(2, 4);
      c.need(4, c.dimension(1));
      c.need(5, c.dimension(1));
      break;
    case OpCode::blend:
      c.need(0, c.dimension(0));
      c.need(1, c.dimension(0));
      break;
    case OpCode::dropout:
      c.needs_area(0, 2);
      c.range(2, int64_t{1} << 32);
      if (!(in.reals[0] >= 0 && in.reals[0] < 1)) return false;
      break;
    case OpCode::embedding:
    case OpCode::embeddingGradient: {
      const bool forward = in.op == OpCode::embedding;
      const int64_t table = c.area(), count = c.dimension(2);
      c.need(forward ? 1 : 0, count);
      c.need(forward ? 2 : 1, c.product(count, c.dimension(1)));
      c.need(forward ? 0 : 2, table);
      break;
    }
    case OpCode::copyBlock:
      for (size_t i = 2; i < 6; ++i) c.dimension(i);
      c.block(0, c.dimension(0), c.dimension(1), in.ints[2], in.ints[3]);
      c.block(1, c.dimension(0), c.dimension(1), in.ints[4], in.ints[5]);
      break;
    case OpCode::hitsSparse:
    case OpCode::hitsDense:
      c.needs_area(0, 1);
      if (in.op == OpCode::hitsSparse) c.need(1, c.dimension(0), Kind::int32);
      else c.needs_area(1, 2);
      c.need(2, c.dimension(0));
      if (c.dimension(1) == 0) return false;
      break;
    case OpCode::stats:
      c.need(0, c.dimension(0));
      c.may_need(1, c.dimension(0));
      c.need(2, 2, Kind::float64);
      break;
    case OpCode::patches:
      c.windows(0, 1, true);
      break;
    case OpCode::patchesGradient:
      c.windows(1, 0, true);
      break;
    case OpCode::maxPool:
    case OpCode::averagePool:
      c.windows(0, 1, false);
      break;
    case OpCode::maxPoolGradient:
      c.windows(0, 1, false);
      c.windows(2, 1, false);
      break;
    case OpCode::averagePoolGradient:
      c.windows(1, 0, false);
      break;
    case OpCode::gemmBatched: {
      const int64_t count = c.dimension(0), m = c.dimension(1), n = c.dimension(2), k = c.dimension(3);
      c.range(4, 2);
      c.range(5, 2);
      c.need(0, c.product(count, c.product(m, k)));
      c.need(1, c.product(count, c.product(k, n)));
      c.need(2, c.product(count, c.product(m, n)));
      break;
    }
    case OpCode::maskFuture:
      for (size_t i = 0; i < 2; ++i) c.need(i, c.product(c.area(), c.dimension(2)));
      break;
    case OpCode::count:
      return false;
  }
  return c.ok();
}

size_t size_of(const Program& program, Kind kind) {
  return kind == Kind::int32 ? 4 : kind == Kind::float64 ? 8 : program.f64 ? 8 : 4;
}

}  // namespace

Program::~Program() {
  for (SpaceMemory& space : spaces) {
    if (space.buffer) buffer_release(space.buffer);
  }
}

const char* program_finish(Program& program) {
  for (const Operand& operand : program.operands) {
    const SpaceMemory& space = program.spaces[static_cast<size_t>(operand.space)];
    const uint64_t size = size_of(program, operand.kind);
    if (operand.length > (uint64_t{1} << 48) || operand.offset % size != 0) return "binding: operand misaligned";
    if (operand.offset > space.bytes || operand.length * size > space.bytes - operand.offset) {
      return "binding: operand outside its space";
    }
  }
  for (Instruction& instruction : program.instructions) {
    const size_t count = kOpShapes[static_cast<size_t>(instruction.op)].operands;
    for (size_t i = 0; i < count; ++i) {
      const int index = instruction.operands[i];
      if (index >= 0 && static_cast<size_t>(index) >= program.operands.size()) return "binding: no such operand";
    }
    if (!fits(program, instruction)) return "binding: instruction does not fit its operands";
    for (size_t i = 0; i < count; ++i) {
      const int index = instruction.operands[i];
      if (index < 0) continue;
      const Operand& operand = program.operands[static_cast<size_t>(index)];
      instruction.pointers[i] = program.spaces[static_cast<size_t>(operand.space)].data + operand.offset;
    }
  }
  return nullptr;
}

}  // namespace downhill
