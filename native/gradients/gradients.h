// The gradient tools over lists of arrays: one call each, in pieces over the pool. Bits depend on neither threads nor ISA.
// Twin of src/backend/reference/gradients.ts.
#pragma once

#include <cstddef>
#include <vector>

namespace downhill {

struct GradientArray {
  void* data;
  const void* other;  // of the same length and type, where the operation has a second list
  size_t count;
  bool f64;
  size_t columns;  // units of adaptive clipping
};
using GradientArrays = std::vector<GradientArray>;

enum class NormKind : int { squares, absolute, largest };

// x is clamped to [-bound, bound], the bound being rounded to the element type; NaN stays NaN.
void gradients_clamp(const GradientArrays& arrays, double bound);
// x ← x·factors[array], rounded once; a factor of 1 leaves every bit alone.
void gradients_scale(const GradientArrays& arrays, const double* factors);
// Σ x², Σ |x| or the largest magnitude of each array, in float64.
void gradients_norms(const GradientArrays& arrays, NormKind kind, double* norms);
// Scales each array, or all `together`, by min(1, limit ÷ (norm + 1e-6)); `norms` receives the Euclidean norms before, of
// each array or one.
void gradients_clip(const GradientArrays& arrays, double limit, bool together, double* norms);
// Clips each unit to limit · max(‖other‖, epsilon). Throws std::bad_alloc before anything is written.
void gradients_clip_units(const GradientArrays& arrays, double limit, double epsilon);
// x ← (x + l2·other) + l1·sign(other).
void gradients_penalty(const GradientArrays& arrays, double l1, double l2);
// x ← x + other.
void gradients_add(const GradientArrays& arrays);
// True where no element is NaN or infinite.
bool gradients_finite(const GradientArrays& arrays);

}  // namespace downhill
