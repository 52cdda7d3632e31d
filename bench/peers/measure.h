// One shape, all sides: results checked against float64, then timed in turns.
#pragma once

#include <string>
#include <vector>

#include "sides.h"

namespace peers {

struct Settings {
  int rounds = 7;
  double sample_seconds = 0.003;  // a shorter call is repeated within one sample
  double pause_seconds = 0.03;    // between sides where several threads run: idle workers of the last side stop polling
};

struct Figure {
  bool ran = false;
  std::string error;  // a wrong result, with where; then the side is not timed
  double seconds = 0, best = 0, low = 0, high = 0;  // per call: median, minimum, quartiles
};

struct Row {
  Shape shape;
  int threads;
  double peak;  // GFLOP/s, the best seen beside this shape; 0 where the width is unknown
  std::vector<Figure> figures;  // one per side
};

template <class T>
Row measure_shape(const Shape& shape, int threads, const Sides& sides, const Settings& settings);

}  // namespace peers
