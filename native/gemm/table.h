// What one ISA offers for matrix multiply. Filled by isa/*/gemm.cc.
#pragma once

#include <cstddef>

namespace downhill {

struct GemmTable {
  size_t mr_f32;
};

}  // namespace downhill
