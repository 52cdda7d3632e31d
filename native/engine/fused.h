// Updates without gradients in memory: where nothing else needs the gradient of a weight matrix, blocks of it are computed
// into a cache's worth of scratch memory and the optimizer's rule runs over them at once. Bits are those of the product
// and the update made one after the other: a product's elements do not depend on how it is cut, and the rules that take
// part are element-wise.
#pragma once

#include <cstddef>
#include <vector>

#include "engine/program.h"
#include "optim/plan.h"

namespace downhill {

// A block of one parameter: rows of it that a product gives, or a run of elements whose gradient is in the arena.
struct FusedPiece {
  const Instruction* product;  // null: the gradient is in the arena
  size_t tensor;               // of the plan
  size_t row, rows, column, columns;
};

struct FusedChunk {
  size_t first, count;  // pieces
};

struct FusedStep {
  std::vector<char> deferred;  // of each instruction: not run with the others, its product goes into the update
  std::vector<FusedPiece> pieces;
  std::vector<FusedChunk> chunks;
  bool useful = false;
};

// What can be fused between a program and a plan that reads its gradients; not useful where nothing can. May throw
// std::bad_alloc.
FusedStep fused_step_make(const Program& program, const StepPlan& plan);

// The update, after all other instructions have run. The plan has begun the step.
void fused_step_run(const FusedStep& step, const Program& program, const StepPlan& plan);

}  // namespace downhill
