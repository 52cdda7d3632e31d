// The products that are timed.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace peers {

// Row-major C = op(A) op(B), alpha 1, beta 0. Leading dimensions are the packed ones, or `leading` where that is more.
struct Shape {
  size_t m, n, k;
  bool trans_a = false, trans_b = false;
  size_t leading = 0;

  size_t lda() const { return widest(trans_a ? m : k); }
  size_t ldb() const { return widest(trans_b ? k : n); }
  size_t ldc() const { return widest(n); }
  size_t length_a() const { return lda() * (trans_a ? k : m); }
  size_t length_b() const { return ldb() * (trans_b ? n : k); }
  size_t length_c() const { return ldc() * m; }
  double flops() const { return 2.0 * static_cast<double>(m) * static_cast<double>(n) * static_cast<double>(k); }
  // Small products are shown; the claim is about those with at least 32³ multiply-adds.
  bool counts() const { return m * n * k >= 32768; }
  std::string name() const;

 private:
  size_t widest(size_t packed) const { return packed > leading ? packed : leading; }
};

// "MxNxK[:ta][:tb][:ldN]"; throws std::invalid_argument.
Shape parse_shape(const std::string& text);

// "table": layers of a trainer, squares. "odd": tails, tall and flat ones, awkward leading dimensions, batches.
// "all": both. Throws std::invalid_argument.
std::vector<Shape> shape_list(const std::string& name);

}  // namespace peers
