// The list of ISAs, best first: X(name, lanes of float32, enabling architecture macro).
// An ISA is compiled where its architecture macro is 1 and chosen where detect_cpu() says that it runs.
#pragma once

#if defined(__x86_64__) || defined(_M_X64)
#define DOWNHILL_X86_64 1
#else
#define DOWNHILL_X86_64 0
#endif
#if defined(__aarch64__) || defined(_M_ARM64)
#define DOWNHILL_ARM64 1
#else
#define DOWNHILL_ARM64 0
#endif

#if DOWNHILL_X86_64
#define DOWNHILL_ISAS(X) X(avx512, 16) X(avx2, 8) X(scalar, 1)
#elif DOWNHILL_ARM64
#define DOWNHILL_ISAS(X) X(neon, 4) X(scalar, 1)
#else
#define DOWNHILL_ISAS(X) X(scalar, 1)
#endif
