// The scalar ISA: plain C++ for the build's base target. The same bits everywhere, without any vector unit.
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>

#define DOWNHILL_ISA scalar
#define DOWNHILL_ISA_SCALAR 1
