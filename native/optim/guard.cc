#include "optim/guard.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "dispatch/dispatch.h"
#include "kernels/gradients/table.h"
#include "kernels/ops/reduce_table.h"
#include "memory/fp_mode.h"
#include "parallel/pool.h"

namespace downhill {
namespace {

// Elements below which a second thread does not pay; see optim/plan.cc.
constexpr size_t kParallelFrom = 32768;
// Columns of one chunk of column sums: whole cache lines of float32.
constexpr size_t kColumnStrip = 64;

size_t blocks_of(size_t count) { return (count + kReduceBlock - 1) / kReduceBlock; }

void block_squares(const GuardTensor& tensor, const void* from, const GuardPiece& piece, double* blocks) {
  const ReduceTable& table = *kernels().reduce;
  double* into = blocks + tensor.first_block + piece.begin / kReduceBlock;
  if (tensor.f64) {
    table.sum_squares_f64(static_cast<const double*>(from) + piece.begin, piece.count, into);
  } else {
    table.sum_squares_f32(static_cast<const float*>(from) + piece.begin, piece.count, into);
  }
}

// Block sums of the wanted tensors' gradients, or of their parameters.
void run_pieces(Guard& guard, bool weights) {
  double* blocks = weights ? guard.weight_blocks.data() : guard.blocks.data();
  auto body = [&](size_t chunk) {
    size_t k = guard.chunks[chunk];
    const size_t end = guard.chunks[chunk + 1];
    while (k < end) {
      const bool f64 = guard.tensors[guard.pieces[k].tensor].f64;
      const FpScope scope(!f64);
      for (; k < end && guard.tensors[guard.pieces[k].tensor].f64 == f64; ++k) {
        const GuardPiece& piece = guard.pieces[k];
        const GuardTensor& tensor = guard.tensors[piece.tensor];
        if (guard.wanted[piece.tensor]) block_squares(tensor, weights ? tensor.p : tensor.g, piece, blocks);
      }
    }
  };
  const size_t chunks = guard.chunks.size() - 1;
  if (guard.elements < kParallelFrom || pool_threads() == 1) {
    for (size_t c = 0; c < chunks; ++c) body(c);
  } else if (chunks > 0) {
    parallel_for(chunks, body);
  }
}

double total_of(const GuardTensor& tensor, const double* blocks) {
  double total = 0;
  for (size_t b = 0; b < blocks_of(tensor.count); ++b) total += blocks[tensor.first_block + b];
  return total;
}

// Only a sum that is not finite leaves a doubt, and in float64 it may come from an overflow of squares.
bool is_finite(const GuardTensor& tensor) {
  if (std::isfinite(tensor.squares)) return true;
  if (!tensor.f64) return false;
  return kernels().gradients->f64.finite(static_cast<const double*>(tensor.g), tensor.count);
}

void measure_wanted(Guard& guard) {
  run_pieces(guard, false);
  guard.finite = true;
  for (size_t t = 0; t < guard.tensors.size(); ++t) {
    GuardTensor& tensor = guard.tensors[t];
    tensor.squares = guard.wanted[t] ? total_of(tensor, guard.blocks.data()) : std::numeric_limits<double>::quiet_NaN();
    if (guard.wanted[t]) guard.finite = guard.finite && is_finite(tensor);
  }
}

bool has_gradient(const GuardTensor& tensor) { return tensor.g != nullptr || tensor.count == 0; }

template <class T> void column_sums(const GuardTensor& tensor, const GradientKernels<T>& table, size_t strip, double* units) {
  const size_t begin = strip * kColumnStrip, width = std::min(kColumnStrip, tensor.columns - begin);
  const size_t rows = tensor.count / tensor.columns;
  const FpScope scope(flushes_subnormals<T>());
  table.column_squares(static_cast<const T*>(tensor.g) + begin, rows, tensor.columns, width, units + begin);
  table.column_squares(static_cast<const T*>(tensor.p) + begin, rows, tensor.columns, width, units + tensor.columns + begin);
}

// Σ g² and Σ p² of every unit of a tensor with several.
void sum_columns(Guard& guard, const GuardTensor& tensor) {
  const GradientTable& table = *kernels().gradients;
  double* units = guard.units.data() + tensor.first_unit;
  auto body = [&](size_t strip) {
    if (tensor.f64) {
      column_sums<double>(tensor, table.f64, strip, units);
    } else {
      column_sums<float>(tensor, table.f32, strip, units);
    }
  };
  const size_t strips = (tensor.columns + kColumnStrip - 1) / kColumnStrip;
  if (tensor.count < kParallelFrom) {
    for (size_t s = 0; s < strips; ++s) body(s);
  } else {
    parallel_for(strips, body);
  }
}

// Unit sums of all tensors of adaptive clusters. Vectors are one unit each, in the order of whole reductions.
void measure_units(Guard& guard, const std::vector<char>& vectors) {
  guard.wanted = vectors;
  run_pieces(guard, true);
  for (size_t t = 0; t < guard.tensors.size(); ++t) {
    const GuardTensor& tensor = guard.tensors[t];
    if (!vectors[t]) continue;
    double* units = guard.units.data() + tensor.first_unit;
    units[0] = tensor.squares;
    units[1] = total_of(tensor, guard.weight_blocks.data());
  }
}

}  // namespace

double clip_factor(double limit, double norm) {
  const double factor = limit / (norm + 1e-6);
  return factor >= 1 ? 1 : factor;
}

float guard_round(double x) {
  const double tiny = 0x1p-126 - 0x1p-151;
  return static_cast<float>(x < tiny && x > -tiny ? x * 0 : x);
}

void guard_finish(Guard& guard, const std::vector<char>& adaptive) {
  size_t blocks = 0, units = 0, gathered = kReducePiece;
  bool any = false;
  for (size_t t = 0; t < guard.tensors.size(); ++t) {
    GuardTensor& tensor = guard.tensors[t];
    tensor.first_block = blocks;
    tensor.first_unit = units;
    tensor.squares = std::numeric_limits<double>::quiet_NaN();
    tensor.factor = 1;
    blocks += blocks_of(tensor.count);
    guard.elements += tensor.count;
    if (adaptive[tensor.cluster]) {
      units += 2 * tensor.columns;
      any = true;
    }
    for (size_t begin = 0; begin < tensor.count; begin += kReducePiece) {
      if (gathered >= kReducePiece) {
        guard.chunks.push_back(guard.pieces.size());
        gathered = 0;
      }
      const size_t count = std::min(kReducePiece, tensor.count - begin);
      guard.pieces.push_back({t, begin, count});
      gathered += count;
    }
  }
  guard.chunks.push_back(guard.pieces.size());
  guard.blocks.resize(blocks);
  if (any) guard.weight_blocks.resize(blocks);
  guard.units.resize(units);
  guard.units_f32.resize(units);
  guard.wanted.resize(guard.tensors.size());
  guard.order.resize(guard.tensors.size());
  std::iota(guard.order.begin(), guard.order.end(), size_t{0});
  std::stable_sort(guard.order.begin(), guard.order.end(),
                   [&](size_t a, size_t b) { return guard.tensors[a].stream < guard.tensors[b].stream; });
}

void guard_measure(Guard& guard) {
  for (size_t t = 0; t < guard.tensors.size(); ++t) guard.wanted[t] = has_gradient(guard.tensors[t]);
  measure_wanted(guard);
}

bool guard_prepare(Guard& guard, const double* row, const char* active, const char* whole) {
  const double* parts = row + kGuardHead;
  const double global = row[kGuardGlobal];
  const bool all = row[kGuardSkip] != 0 || global != 0;
  std::vector<char>& wanted = guard.wanted;
  bool adaptive = false;
  for (size_t t = 0; t < guard.tensors.size(); ++t) {
    GuardTensor& tensor = guard.tensors[t];
    const double* part = parts + tensor.cluster * kGuardPart;
    const bool vector = part[kGuardAdaptive] != 0 && tensor.columns == 1;
    wanted[t] = active[tensor.cluster] && (all || part[kGuardNorm] != 0 || part[kGuardMonitor] != 0 || vector);
    adaptive = adaptive || (active[tensor.cluster] && part[kGuardAdaptive] != 0);
    tensor.factor = 1;
  }
  guard.factor = 1;
  if (row[kGuardMeasured] == 0) measure_wanted(guard);
  if (row[kGuardSkip] != 0 && !guard.finite) return false;
  if (global != 0) {
    double total = 0;
    for (size_t t : guard.order) {
      if (active[guard.tensors[t].cluster]) total += guard.tensors[t].squares;
    }
    guard.factor = clip_factor(global, std::sqrt(total));
  }
  for (size_t t = 0; t < guard.tensors.size(); ++t) {
    const size_t cluster = guard.tensors[t].cluster;
    const double norm = parts[cluster * kGuardPart + kGuardNorm];
    if (norm == 0 || !active[cluster]) continue;
    size_t end = t + 1;
    double squares = guard.tensors[t].squares;
    for (; whole[cluster] && end < guard.tensors.size() && guard.tensors[end].cluster == cluster; ++end) {
      squares += guard.tensors[end].squares;
    }
    const double factor = clip_factor(norm, std::sqrt(squares));
    for (; t + 1 < end; ++t) guard.tensors[t].factor = factor;
    guard.tensors[t].factor = factor;
  }
  if (!adaptive) return true;
  std::vector<char>& vectors = wanted;
  for (size_t t = 0; t < guard.tensors.size(); ++t) {
    const GuardTensor& tensor = guard.tensors[t];
    const bool clipped = active[tensor.cluster] && parts[tensor.cluster * kGuardPart + kGuardAdaptive] != 0 && tensor.count > 0;
    vectors[t] = clipped && tensor.columns == 1;
    if (clipped && tensor.columns > 1) sum_columns(guard, tensor);
  }
  measure_units(guard, vectors);
  return true;
}

const void* guard_unit_factors(Guard& guard, size_t index, double scale, double limit, double epsilon) {
  const GuardTensor& tensor = guard.tensors[index];
  double* units = guard.units.data() + tensor.first_unit;
  float* single = guard.units_f32.data() + tensor.first_unit;
  for (size_t u = 0; u < tensor.columns; ++u) {
    const double weight = std::sqrt(units[tensor.columns + u]), norm = std::sqrt(units[u]);
    const double most = limit * (weight > epsilon ? weight : epsilon);
    const double factor = norm > most ? most / (norm > 1e-6 ? norm : 1e-6) : 1;
    if (tensor.f64) {
      units[u] = scale * factor;
    } else {
      single[u] = guard_round(scale * factor);
    }
  }
  return tensor.f64 ? static_cast<const void*>(units) : single;
}

}  // namespace downhill
