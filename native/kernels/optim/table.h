// What one ISA offers for optimizer updates: one row per rule, filled by kernels/optim/rules.h inside isa/*/optim.cc.
#pragma once

#include <cstddef>

namespace downhill {

// State arrays of one parameter that a rule may have.
constexpr size_t kMaxSlots = 4;

// Coefficients that every rule has, in front of its own. All of them, and the rule's, are doubles in the control row and
// are rounded once to the element type.
//   scale  factor of the gradient: sign of `maximize`, clip coefficient, 1 / accumulated steps
//   clip   the scaled gradient is clamped to [-clip, clip]; NaN stays NaN
//   l1 l2  penalties added to the gradient: l2·p + l1·sign(p)
//   keep   decoupled decay, p is multiplied by it before the update: 1 - learningRate·weightDecay
enum CommonCoefficient : size_t { kScale, kClip, kL1, kL2, kKeep, kCommonCoefficients };
constexpr size_t kMaxCoefficients = 24;

// How much of the gradient's preparation a step needs; chosen from the coefficients, the same way in every backend.
enum Prelude : size_t { kPreludeNone, kPreludeL2, kPreludeFull, kPreludes };

// A run of elements of one parameter with its gradient and state. Pointers need the alignment of their element
// only. p, g and the slots do not overlap.
struct StepSlice {
  void* p;
  const void* g;
  void* slots[kMaxSlots];
  size_t count;   // elements
  size_t stride;  // elements of the whole parameter: from one row of a history to the next
  size_t rows;    // rows of the history, 1 for other rules
};

// Updates `slices` in place. `coefficients` are kCommonCoefficients + the rule's own, of the element type.
using StepKernel = void (*)(const StepSlice* slices, size_t count, const void* coefficients);

struct StepRule {
  const char* name;          // the registry of src/optim has the same three texts
  const char* slots;         // names separated by blanks
  const char* coefficients;  // names of the rule's own, separated by blanks
  bool history;              // slot 0 is a ring of rows
  StepKernel f32[kPreludes];
  StepKernel f64[kPreludes];
};

struct OptimTable {
  const StepRule* rules;
  size_t rule_count;
};

}  // namespace downhill
