// Advanced SIMD is part of the arm64 base target: no region to open, only the name.
#include <arm_neon.h>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>

#define DOWNHILL_ISA neon
#define DOWNHILL_ISA_NEON 1
