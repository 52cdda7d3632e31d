// Opens the AVX2 target region and namespace. Include after all standard headers, once per file,
// and isa/region_end.h as the last line.
#include <immintrin.h>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>

#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("fma,avx2,f16c,bmi,bmi2,lzcnt,popcnt"))), apply_to = function)
#elif defined(__GNUC__)
#pragma GCC push_options
#pragma GCC target("fma,avx2,f16c,bmi,bmi2,lzcnt,popcnt")
#endif

#define DOWNHILL_REGION_OPEN 1
#define DOWNHILL_ISA avx2
#define DOWNHILL_ISA_AVX2 1
