// Rows a multiple of 4 KiB apart lie in one set of the L1 cache, which has 8 or 12 ways. A tile that reads along 16 such rows
// fetches each line again and again (16 x 16 x 4096: 0.64 of oneDNN, 0.99 with eight rows; 100 x 512 x 256 ABᵀ with nine
// rows of B in the swapped regime: 153 GFLOP/s, with eight 202). So does one that walks down such rows, k of them.
#pragma once

#include <cstddef>

#include "gemm/decide.h"
#include "gemm/job.h"

namespace downhill {

constexpr size_t kCollidingRows = 8;

// Whether rows of `ld` elements collide.
template <class T>
bool collides(size_t ld) {
  return ld * sizeof(T) % 4096 == 0;
}

// Elements between rows of a dense copy: an odd number of lines, so that they use all sets evenly.
template <class T>
size_t dense_ld(size_t columns) {
  constexpr size_t kLine = 64 / sizeof(T);
  return (ceil_div(columns, kLine) | 1) * kLine;
}

}  // namespace downhill
