// What one ISA offers for rules that need whole tensors: sweeps over their elements, filled by isa/*/optim_tensor.cc.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/optim/table.h"

namespace downhill {

// A run of elements. A sweep with sums writes one per kReduceBlock elements, in the contract's order; the run must then
// start at a multiple of kReduceBlock of what is summed.
struct SweepSlice {
  void* p;
  const void* g;
  void* slots[kMaxSlots];
  size_t count;
  double* sums[2];
  const void* own;  // coefficients of the tensor or row, of the element type; kOwnCoefficients of them
};
constexpr size_t kOwnCoefficients = 2;

// `coefficients` are kCommonCoefficients + the rule's own, of the element type.
using SweepKernel = void (*)(const SweepSlice& slice, const void* coefficients);

struct Sweep {
  SweepKernel f32[kPreludes];
  SweepKernel f64[kPreludes];
};

// Rows of a matrix, `stride` elements apart: adds the squared gradients of every column, in float64, rows ascending.
struct ColumnSlice {
  const void* p;
  const void* g;
  size_t rows, stride;
  size_t columns;  // at most kColumnStripe
  double* sums;
};
constexpr size_t kColumnStripe = 256;

struct ColumnSums {
  void (*f32[kPreludes])(const ColumnSlice& slice, const void* coefficients);
  void (*f64[kPreludes])(const ColumnSlice& slice, const void* coefficients);
};

// Elements that share a scale in 8-bit state; also the unit in which state of few bits is worked on.
constexpr size_t kStateBlock = 256;

// A run of whole blocks (the last of the tensor may be shorter) of a float32 parameter with state of few bits.
struct StateSlice {
  float* p;
  const float* g;
  void* slots[kMaxSlots];
  size_t count;
  size_t first_block;  // within the tensor
  uint64_t seed;
  uint32_t stream, step;
};
using StateKernel = void (*)(const StateSlice& slice, const void* coefficients);

// Rules that come with state of few bits, in each of its forms; rows.h has the same order.
enum LowState : size_t {
  kAdamBf16, kAdamInt8, kLionBf16, kLionInt8, kMomentumBf16, kMomentumInt8, kNesterovBf16, kNesterovInt8, kLowStates
};
enum Rounding : size_t { kNearest, kStochastic, kRoundings };

struct TensorOptimTable {
  Sweep lamb_moments, lamb_apply;
  Sweep lars_norms, lars_apply;
  Sweep adafactor_moments, adafactor_apply;
  Sweep gradient_squares, adafactor_row_norm, adafactor_row_apply;
  ColumnSums column_squares;
  Sweep muon_momentum, muon_divide, muon_apply;
  StateKernel low_state[kLowStates][kRoundings][kPreludes];
};

}  // namespace downhill
