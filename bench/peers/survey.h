// Random products, the same for the same seed: what the shapes that somebody picked do not show.
#pragma once

#include <cstdint>

#include "shapes.h"

namespace peers {

// Products of dense layers: batches of 1 to 1024 and widths of 1 to 1024 that people use, each as the forward product, the
// gradient of the input (B transposed) or that of the weights (A transposed).
std::vector<Shape> trainer_shapes(size_t count, uint64_t seed);

// Any m and n of 1 to 600 and k of 4 to 1000, even on a logarithmic scale, with any transposes; every fifth with leading
// dimensions of 1024, 2048 or 4096.
std::vector<Shape> random_shapes(size_t count, uint64_t seed);

}  // namespace peers
