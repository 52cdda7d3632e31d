// One product on its way through a driver: the call, the ISA's kernels, and helpers that several regimes use.
#pragma once

#include <cstddef>

#include "gemm/gemm.h"
#include "gemm/table.h"

namespace downhill {

struct Range {
  size_t begin, end;
  size_t size() const { return end - begin; }
};

template <class T>
struct Job {
  const GemmCall<T>& call;
  const KernelSet<T>& set;

  // The epilogue with its pointers at element (i, j) of C.
  Epilogue<T> epilogue(size_t i, size_t j) const {
    return {call.alpha,
            call.beta,
            call.bias ? call.bias + j : nullptr,
            call.residual ? call.residual + i * call.ldr + j : nullptr,
            call.ldr,
            call.activation};
  }
  T* c(size_t i, size_t j) const { return call.c + i * call.ldc + j; }
};

inline size_t ceil_div(size_t a, size_t b) { return (a + b - 1) / b; }
inline size_t smaller(size_t a, size_t b) { return a < b ? a : b; }

// Cuts `count` rows into tiles of at most `tallest` whose heights differ by at most one, so that no tile is too short
// to fill the pipelines. Usage: for (RowTiles t(count, 6); t.next();) use(t.at, t.height).
struct RowTiles {
  size_t at = 0, height = 0;

  // Divides only where there are several tiles.
  RowTiles(size_t count, size_t tallest)
      : left_(count > tallest ? ceil_div(count, tallest) : count != 0),
        lower_(left_ > 1 ? count / left_ : count),
        higher_(count - left_ * lower_) {}

  bool next() {
    at += height;
    if (left_ == 0) return false;
    height = lower_ + (higher_ != 0);
    higher_ -= higher_ != 0;
    --left_;
    return true;
  }

  // Tiles after this one; all of them before the first next().
  size_t rest() const { return left_; }

 private:
  size_t left_, lower_, higher_;  // tiles to come, their least height, how many of them have one row more
};

}  // namespace downhill
