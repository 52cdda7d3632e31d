// Opens the AVX-512 target region and namespace. Include after all standard headers, once per file,
// and isa/region_end.h as the last line.

// GCC 12 warns of its own _mm512_undefined_*() once they are inlined (GCC bug 105593); the warning sits in that header.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wuninitialized"
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif
#include <immintrin.h>
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic pop
#endif

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>

#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,fma,avx2,f16c,bmi,bmi2,lzcnt,popcnt"))), apply_to = function)
#elif defined(__GNUC__)
#pragma GCC push_options
#pragma GCC target("avx512f,avx512bw,avx512dq,avx512vl,fma,avx2,f16c,bmi,bmi2,lzcnt,popcnt,prefer-vector-width=512")
#endif

#define DOWNHILL_REGION_OPEN 1
#define DOWNHILL_ISA avx512
#define DOWNHILL_ISA_AVX512 1
