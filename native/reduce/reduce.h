// Sums of whole arrays in the contract's order, over the pool. Bits depend on neither threads nor ISA.
#pragma once

#include <cstddef>

namespace downhill {

// Σ xᵢ, Σ xᵢ² and Σ |xᵢ| in float64; +0 for count 0. Sets the floating-point mode itself, allocates nothing, never fails.
double reduce_sum(const float* x, size_t count);
double reduce_sum(const double* x, size_t count);
double reduce_sum_squares(const float* x, size_t count);
double reduce_sum_squares(const double* x, size_t count);
double reduce_sum_absolute(const float* x, size_t count);
double reduce_sum_absolute(const double* x, size_t count);

}  // namespace downhill
