// What one ISA offers for the remaining tensor operations. Filled by isa/*/ops.cc.
#pragma once

#include <cstddef>

namespace downhill {

struct OpsTable {
  size_t operations;
};

}  // namespace downhill
