// Full unrolling of loops whose count is a template argument, so that arrays of registers become registers.
#ifndef DOWNHILL_UNROLL
#if defined(__clang__)
#define DOWNHILL_UNROLL _Pragma("clang loop unroll(full)")
#elif defined(__GNUC__)
#define DOWNHILL_UNROLL _Pragma("GCC unroll 32")
#else
#define DOWNHILL_UNROLL
#endif
#endif
