#include "survey.h"

#include <cmath>
#include <random>
#include <set>

namespace peers {
namespace {

constexpr size_t kMost = 40'000'000;  // multiply-adds: one product may not take the time of all others

// std::mt19937_64 is the same everywhere, the distributions of <random> are not.
class Draw {
 public:
  explicit Draw(uint64_t seed) : engine_(seed) {}

  size_t below(size_t limit) { return static_cast<size_t>(engine_() % limit); }

  template <class T, size_t N>
  T from(const T (&list)[N]) {
    return list[below(N)];
  }

  size_t logarithmic(double low, double high) {
    const double unit = static_cast<double>(engine_() >> 11) * 0x1p-53;
    return static_cast<size_t>(std::lround(low * std::pow(high / low, unit)));
  }

 private:
  std::mt19937_64 engine_;
};

Shape trainer_shape(Draw& draw) {
  static constexpr size_t kWidths[] = {1,   2,   3,   4,   5,   8,   10,  10,  16,  20,  32,  50,  64,  64,  100, 128,
                                       128, 200, 256, 256, 300, 400, 500, 512, 512, 600, 768, 784, 784, 1000, 1024};
  static constexpr size_t kBatches[] = {1,  1,  2,  3,  4,  5,   6,   7,   8,   10,  12,  16,  20,  24,
                                        32, 32, 48, 64, 64, 96,  100, 128, 128, 200, 256, 256, 512, 1024};
  const size_t batch = draw.from(kBatches), in = draw.from(kWidths), out = draw.from(kWidths);
  switch (draw.below(3)) {
    case 0: return {batch, out, in};
    case 1: return {batch, in, out, false, true};
    default: return {in, out, batch, true, false};
  }
}

Shape random_shape(Draw& draw) {
  static constexpr size_t kLeading[] = {1024, 2048, 4096};
  Shape shape{draw.logarithmic(1, 600), draw.logarithmic(1, 600), draw.logarithmic(4, 1000)};
  shape.trans_a = draw.below(3) == 0;
  shape.trans_b = draw.below(3) == 0;
  if (draw.below(5) == 0) shape.leading = draw.from(kLeading);
  return shape;
}

template <class Next>
std::vector<Shape> distinct(size_t count, uint64_t seed, Next next) {
  Draw draw(seed);
  std::vector<Shape> shapes;
  std::set<std::string> names;
  // A count beyond what there is ends after many draws in vain.
  for (size_t vain = 0; shapes.size() < count && vain < 100'000; ++vain) {
    const Shape shape = next(draw);
    if (!shape.counts() || shape.m * shape.n * shape.k > kMost || !names.insert(shape.name()).second) continue;
    shapes.push_back(shape);
    vain = 0;
  }
  return shapes;
}

}  // namespace

std::vector<Shape> trainer_shapes(size_t count, uint64_t seed) { return distinct(count, seed, trainer_shape); }
std::vector<Shape> random_shapes(size_t count, uint64_t seed) { return distinct(count, seed, random_shape); }

}  // namespace peers
