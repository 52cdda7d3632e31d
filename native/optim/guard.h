// What a step does with the norms of its gradients before it updates anything: skipping steps that are not finite, and the
// factors of clipping. Norms are float64 in the contract's order (NUMERICS, Reductions); each factor is rounded once.
// Twin of src/backend/reference/guard.ts, whose expressions this file repeats.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace downhill {

// Behind the clusters a control row has a head, and then a part per cluster. With on = 0 the rest is not read.
//   skip      1: a step with a gradient that is not finite changes nothing
//   global    highest norm of all gradients together; 0: none
//   measured  1: the squares of the last guard_measure() hold
//   norm      highest norm of each tensor's gradient (of all tensors together where the rule needs whole ones); 0: none
//   adaptive  highest ratio of a unit's gradient norm to its weights'; 0: none
//   epsilon   floor of the weights' norm
//   monitor   1: the squares are wanted
enum GuardHead : size_t { kGuardOn, kGuardSkip, kGuardGlobal, kGuardMeasured, kGuardHead };
enum GuardPart : size_t { kGuardNorm, kGuardAdaptive, kGuardEpsilon, kGuardMonitor, kGuardPart };

struct GuardTensor {
  const void* g;
  const void* p;
  size_t count;
  size_t columns;      // units of adaptive clipping: the last dimension of a matrix, else 1
  uint32_t stream;     // the parameter's number
  size_t cluster;
  bool f64;
  size_t first_block;
  size_t first_unit;   // of its factors; set where its cluster can be clipped adaptively
  double squares;      // Σ g², NaN where it was not measured
  double factor;       // of this tensor: by its own norm
};

struct GuardPiece {
  size_t tensor, begin, count;
};

struct Guard {
  std::vector<GuardTensor> tensors;
  std::vector<GuardPiece> pieces;       // whole reduction blocks of one tensor each
  std::vector<size_t> chunks;           // first piece of each chunk, and the end
  std::vector<double> blocks;           // Σ g² of each block, tensor after tensor
  std::vector<double> weight_blocks;    // Σ p²; only where a cluster can be clipped adaptively
  std::vector<size_t> order;            // tensors by their parameter's number
  std::vector<double> units;            // per tensor: Σ g² of its units, then Σ p²; float64: then the factors
  std::vector<float> units_f32;         // float32: the factors
  std::vector<char> wanted;             // per tensor, in the measurement that runs
  size_t elements = 0;
  bool finite = true;
  double factor = 1;  // of all: by the global norm

  void add(const GuardTensor& tensor) { tensors.push_back(tensor); }
};

// PyTorch's factor: limit / (norm + 1e-6) where that is below 1. A NaN norm makes every gradient NaN, as it does there.
double clip_factor(double limit, double norm);

// Cuts the work; throws std::bad_alloc. `adaptive[cluster]` says which clusters can be clipped adaptively.
void guard_finish(Guard& guard, const std::vector<char>& adaptive);
// Σ g² of every tensor with a gradient, and whether all are finite.
void guard_measure(Guard& guard);
// Measures what `row` asks for and sets the factors of tensors and units. False where the step is to be skipped.
// `active[cluster]` says whose gradients count, `whole[cluster]` whose rules need whole tensors.
bool guard_prepare(Guard& guard, const double* row, const char* active, const char* whole);
// The factors of a tensor's units for gradients that are scaled by `scale` too: an array of the element type.
const void* guard_unit_factors(Guard& guard, size_t tensor, double scale, double limit, double epsilon);
// x rounded to float32, a subnormal result being zero of its sign.
float guard_round(double x);

}  // namespace downhill
