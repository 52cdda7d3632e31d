// Parameters of one cluster whose rule needs whole tensors (LAMB, LARS, Adafactor, Muon) or keeps state in few bits. Built
// with the plan; one run updates all of them. Element-wise rules do not come here.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "kernels/optim/tensor/table.h"

namespace downhill {

struct Buffer;

struct TensorView {
  char* p;
  const char* g;
  char* slots[kMaxSlots];
  size_t count;          // batch · rows · columns
  size_t rows, columns;  // the last two dimensions; 1 and count for a vector
  uint32_t stream;       // the parameter's number within its optimizer
  size_t first_block;    // of its block sums
};

struct TensorChunk {
  size_t tensor, begin, count;
};

struct TensorRule;

struct TensorWork {
  const TensorRule* rule;
  bool f64;
  std::vector<TensorView> tensors;
  std::vector<TensorChunk> chunks;
  std::vector<double> sums[2];  // of blocks of kReduceBlock elements, tensor after tensor
  std::vector<double> own;      // kOwnCoefficients per tensor, stored as elements of the dtype
  size_t elements = 0;
  Buffer* scratch = nullptr;
};

// One step of one cluster.
struct TensorStep {
  TensorWork& work;
  Prelude prelude;
  const double* control;     // the rule's own coefficients as they were handed down
  const void* coefficients;  // common and own, of the element type
};

enum class SlotType : uint8_t { parameter, f32, u16, i8 };
struct SlotLayout {
  SlotType type;
  size_t count;
};

struct TensorRule {
  const char* name;          // the registry of src/optim has the same three texts
  const char* slots;
  const char* coefficients;
  SlotLayout (*layout)(size_t slot, size_t count, size_t rows, size_t columns);
  // Bytes of memory that a tensor needs while it is updated; the largest is kept with the plan.
  size_t (*scratch)(const TensorView& tensor, bool f64);
  void (*run)(const TensorStep& step);
  bool f32_only;
};

// The table, in the order in which the addon describes it.
const TensorRule* tensor_rules(size_t* count);

// Cuts chunks and makes scratch; throws std::bad_alloc.
void tensor_work_finish(TensorWork& work);
void tensor_work_release(TensorWork& work);
void tensor_work_run(TensorWork& work, Prelude prelude, const double* control, const void* coefficients);

}  // namespace downhill
