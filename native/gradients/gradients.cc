#include "gradients/gradients.h"

#include <algorithm>
#include <atomic>
#include <cmath>

#include "dispatch/dispatch.h"
#include "kernels/gradients/table.h"
#include "kernels/ops/reduce_table.h"
#include "memory/fp_mode.h"
#include "optim/guard.h"
#include "parallel/pool.h"
#include "reduce/reduce.h"

namespace downhill {
namespace {

const GradientKernels<float>& kernels_of(const float*) { return kernels().gradients->f32; }
const GradientKernels<double>& kernels_of(const double*) { return kernels().gradients->f64; }

// body(x, begin, count) with x of the array's type, for pieces that together are the array, over the pool.
template <class Body> void for_pieces(const GradientArray& array, const Body& body) {
  auto piece = [&](size_t index) {
    const size_t begin = index * kReducePiece, count = std::min(kReducePiece, array.count - begin);
    const FpScope scope(!array.f64);
    if (array.f64) {
      body(static_cast<double*>(array.data), begin, count);
    } else {
      body(static_cast<float*>(array.data), begin, count);
    }
  };
  const size_t pieces = (array.count + kReducePiece - 1) / kReducePiece;
  if (pieces > 0) parallel_for(pieces, piece);
}

template <class T> const T* other_of(const GradientArray& array, const T*) { return static_cast<const T*>(array.other); }

template <class T> const T* typed(const void* factors, const T*) { return static_cast<const T*>(factors); }

template <class T> bool all_one(const T* factors, size_t count) {
  return std::all_of(factors, factors + count, [](T x) { return x == 1; });
}

float rounded(double x, const float*) { return guard_round(x); }
double rounded(double x, const double*) { return x; }

void scale(const GradientArray& array, double factor) {
  if ((array.f64 ? factor : static_cast<double>(guard_round(factor))) == 1) return;
  for_pieces(array, [&](auto* x, size_t begin, size_t count) { kernels_of(x).scale(x + begin, count, rounded(factor, x)); });
}

double squares_of(const GradientArray& array) {
  if (array.f64) return reduce_sum_squares(static_cast<const double*>(array.data), array.count);
  return reduce_sum_squares(static_cast<const float*>(array.data), array.count);
}

double absolute_of(const GradientArray& array) {
  if (array.f64) return reduce_sum_absolute(static_cast<const double*>(array.data), array.count);
  return reduce_sum_absolute(static_cast<const float*>(array.data), array.count);
}

double largest_of(const GradientArray& array) {
  const FpScope scope(!array.f64);
  if (array.f64) return kernels().gradients->f64.largest(static_cast<const double*>(array.data), array.count);
  return kernels().gradients->f32.largest(static_cast<const float*>(array.data), array.count);
}

}  // namespace

void gradients_clamp(const GradientArrays& arrays, double bound) {
  for (const GradientArray& array : arrays) {
    for_pieces(array, [&](auto* x, size_t begin, size_t count) { kernels_of(x).clamp(x + begin, count, rounded(bound, x)); });
  }
}

void gradients_scale(const GradientArrays& arrays, const double* factors) {
  for (size_t k = 0; k < arrays.size(); ++k) scale(arrays[k], factors[k]);
}

void gradients_norms(const GradientArrays& arrays, NormKind kind, double* norms) {
  for (size_t k = 0; k < arrays.size(); ++k) {
    norms[k] = kind == NormKind::squares ? squares_of(arrays[k])
                                         : (kind == NormKind::absolute ? absolute_of(arrays[k]) : largest_of(arrays[k]));
  }
}

void gradients_clip(const GradientArrays& arrays, double limit, bool together, double* norms) {
  double total = 0;
  for (size_t k = 0; k < arrays.size(); ++k) {
    const double squares = squares_of(arrays[k]);
    total += squares;
    if (together) continue;
    norms[k] = std::sqrt(squares);
    scale(arrays[k], clip_factor(limit, norms[k]));
  }
  if (!together) return;
  norms[0] = std::sqrt(total);
  for (const GradientArray& array : arrays) scale(array, clip_factor(limit, norms[0]));
}

void gradients_clip_units(const GradientArrays& arrays, double limit, double epsilon) {
  Guard guard;
  for (const GradientArray& array : arrays) {
    GuardTensor tensor{};
    tensor.g = array.data;
    tensor.p = array.other;
    tensor.count = array.count;
    tensor.columns = array.columns;
    tensor.f64 = array.f64;
    guard.add(tensor);
  }
  guard_finish(guard, std::vector<char>(1, 1));
  double row[size_t{kGuardHead} + size_t{kGuardPart}] = {};
  row[kGuardOn] = 1;
  row[size_t{kGuardHead} + size_t{kGuardAdaptive}] = limit;
  const char active = 1, whole = 0;
  guard_prepare(guard, row, &active, &whole);
  for (size_t k = 0; k < arrays.size(); ++k) {
    const GradientArray& array = arrays[k];
    if (array.count == 0) continue;
    const void* factors = guard_unit_factors(guard, k, 1, limit, epsilon);
    if (array.f64 ? all_one(typed(factors, static_cast<double*>(nullptr)), array.columns)
                  : all_one(typed(factors, static_cast<float*>(nullptr)), array.columns)) {
      continue;
    }
    for_pieces(array, [&](auto* x, size_t begin, size_t count) {
      kernels_of(x).scale_columns(x + begin, x + begin, count, array.columns, begin % array.columns, typed(factors, x));
    });
  }
}

void gradients_penalty(const GradientArrays& arrays, double l1, double l2) {
  for (const GradientArray& array : arrays) {
    for_pieces(array, [&](auto* x, size_t begin, size_t count) {
      kernels_of(x).penalty(x + begin, other_of(array, x) + begin, count, rounded(l1, x), rounded(l2, x));
    });
  }
}

void gradients_add(const GradientArrays& arrays) {
  for (const GradientArray& array : arrays) {
    for_pieces(array, [&](auto* x, size_t begin, size_t count) {
      kernels_of(x).add(x + begin, other_of(array, x) + begin, count);
    });
  }
}

bool gradients_finite(const GradientArrays& arrays) {
  std::atomic<bool> finite{true};
  for (const GradientArray& array : arrays) {
    for_pieces(array, [&](auto* x, size_t begin, size_t count) {
      if (finite.load(std::memory_order_relaxed) && !kernels_of(x).finite(x + begin, count)) {
        finite.store(false, std::memory_order_relaxed);
      }
    });
  }
  return finite.load();
}

}  // namespace downhill
