// Which algorithms can compute a product, whichever is chosen: for force_regime().
#pragma once

#include "gemm/dots.h"
#include "gemm/pairs.h"
#include "gemm/regime.h"
#include "gemm/tiny.h"

namespace downhill {

// Whether `regime` has kernels for the product. Dot order where the contract says one chain an element, or one chain where it
// says dot order, gives other bits.
template <class T>
bool can_compute(const GemmCall<T>& g, const KernelSet<T>& set, Regime regime) {
  if (g.k == 0 || g.alpha == 0) return false;
  switch (regime) {
    case Regime::dot: {
      const DotSides<T> d = dot_sides(g, {0, g.m}, {0, g.n});
      return d.few_count <= kDotWidth && d.many_step == 1;
    }
    case Regime::shallow: return g.k <= set.most_shallow[g.n <= set.lanes];
    case Regime::direct: return true;
    case Regime::few: return !g.trans_b && g.m <= kMaxFewRows && set.few[g.m] != nullptr;
    case Regime::swapped: return true;
    case Regime::pairs: return can_pair(g, set);
    case Regime::blocked: return g.n >= set.widest * set.lanes;
    case Regime::small: return !g.trans_b;
    case Regime::tiny: return tile_vectors(g, set) != 0;
    case Regime::scale:
    case Regime::count: break;
  }
  return false;
}

}  // namespace downhill
