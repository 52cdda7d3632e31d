// What one ISA offers for optimizer updates. Filled by isa/*/optim.cc.
#pragma once

#include <cstddef>

namespace downhill {

struct OptimTable {
  size_t rules;
};

}  // namespace downhill
