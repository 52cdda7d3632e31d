// The instructions of a program. Names, in this order, are also src/backend/program.ts; the addon reports this list and
// loading compares it. X(name, operands, ints, reals).
#pragma once

#include <cstddef>

#define DOWNHILL_OPCODES(X)       \
  X(gemm, 4, 6, 0)                \
  X(unary, 2, 2, 1)               \
  X(unaryGradient, 3, 2, 1)       \
  X(binary, 3, 5, 0)              \
  X(maskGreater, 4, 2, 0)         \
  X(rowSums, 2, 2, 1)             \
  X(columnSums, 2, 2, 1)          \
  X(sumAll, 2, 1, 1)              \
  X(expand, 2, 3, 0)              \
  X(fill, 1, 1, 1)                \
  X(softmax, 2, 2, 0)             \
  X(softmaxGradient, 3, 2, 0)     \
  X(logSoftmax, 2, 2, 0)          \
  X(logSoftmaxGradient, 3, 2, 0)  \
  X(crossEntropySparse, 6, 2, 2)  \
  X(crossEntropyDense, 6, 2, 2)   \
  X(layerNorm, 4, 2, 1)           \
  X(layerNormGradient, 5, 2, 1)   \
  X(batchNorm, 6, 2, 1)           \
  X(batchNormGradient, 6, 2, 1)   \
  X(blend, 2, 1, 2)               \
  X(dropout, 2, 3, 1)             \
  X(embedding, 3, 3, 0)           \
  X(embeddingGradient, 3, 3, 0)   \
  X(copyBlock, 2, 6, 0)           \
  X(hitsSparse, 3, 2, 1)          \
  X(hitsDense, 3, 2, 1)           \
  X(stats, 3, 1, 0)               \
  X(patches, 2, 14, 0)            \
  X(patchesGradient, 2, 14, 0)    \
  X(maxPool, 2, 14, 0)            \
  X(maxPoolGradient, 3, 14, 0)    \
  X(averagePool, 2, 14, 0)        \
  X(averagePoolGradient, 2, 14, 0) \
  X(gemmBatched, 3, 6, 0)         \
  X(maskFuture, 2, 3, 1)

namespace downhill {

#define DOWNHILL_OPCODE(name, operands, ints, reals) name,
enum class OpCode : int { DOWNHILL_OPCODES(DOWNHILL_OPCODE) count };
#undef DOWNHILL_OPCODE

struct OpShape {
  const char* name;
  size_t operands, ints, reals;
};
extern const OpShape kOpShapes[];

constexpr size_t kMaxOperands = 6;
constexpr size_t kMaxInts = 14;
constexpr size_t kMaxReals = 2;

}  // namespace downhill
