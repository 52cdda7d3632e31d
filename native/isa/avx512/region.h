// Opens the AVX-512 target region and namespace. Include last, once per file; all standard headers come before it.
#include <immintrin.h>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>

#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,fma,avx2,f16c,bmi,bmi2,lzcnt,popcnt"))), apply_to = function)
#elif defined(__GNUC__)
#pragma GCC target("avx512f,avx512bw,avx512dq,avx512vl,fma,avx2,f16c,bmi,bmi2,lzcnt,popcnt,prefer-vector-width=512")
#endif

#define DOWNHILL_ISA avx512
#define DOWNHILL_ISA_AVX512 1
