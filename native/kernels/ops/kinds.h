// Element-wise operations by number. The names, in this order, are src/backend/program.ts; the addon reports these
// lists and loading compares them.
#pragma once

#define DOWNHILL_UNARY_KINDS(X)                                                                                     \
  X(relu) X(leakyRelu) X(elu) X(silu) X(gelu) X(geluTanh) X(sigmoid) X(tanh) X(softplus) X(exp) X(log) X(sqrt)      \
  X(square) X(abs) X(negate) X(reciprocal) X(scale) X(offset) X(log1p) X(copy)

#define DOWNHILL_BINARY_KINDS(X) X(add) X(subtract) X(multiply) X(divide) X(maximum) X(minimum)

namespace downhill {

#define DOWNHILL_KIND(name) name,
enum class UnaryKind : int { DOWNHILL_UNARY_KINDS(DOWNHILL_KIND) count };
enum class BinaryKind : int { DOWNHILL_BINARY_KINDS(DOWNHILL_KIND) count };
#undef DOWNHILL_KIND

}  // namespace downhill
