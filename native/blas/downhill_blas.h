// The C interface of libdownhill_blas.so: matrix multiply under the standard BLAS names (32-bit integers), and two
// functions of its own. Nothing else is exported.
//
// The arithmetic is the project's (NUMERICS: one fma chain per element, bits independent of threads and ISA). float32
// reads and writes subnormals as zero. C must not overlap A or B.
//
// Wrong arguments leave C untouched and are reported as the reference BLAS does: xerbla_ gets the Fortran position,
// cblas_xerbla the position plus one, in row-major with the operands already swapped (a handler that knows the
// reference's RowMajorStrg convention maps it back). Where the program brings no handler, the library prints the
// position in the C argument list to standard error and returns; it never ends the process.
//
// Environment, read at the first call: DOWNHILL_THREADS (1 to 1024), DOWNHILL_ISA (avx512, avx2, neon, scalar). A value
// that is invalid or that the machine lacks is reported once on standard error and the default is used.
//
// Every function may be called from any thread at any time. One call at a time has the thread pool; others that
// arrive meanwhile compute alone. The library stays mapped after dlclose, because its sleeping workers and its
// per-thread scratch memory outlive any one user.
#pragma once

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

// CBLAS_LAYOUT: 101 row-major, 102 column-major. CBLAS_TRANSPOSE: 111 none, 112 transposed, 113 conjugate transposed.
void cblas_sgemm(int layout, int trans_a, int trans_b, int m, int n, int k, float alpha, const float* a, int lda,
                 const float* b, int ldb, float beta, float* c, int ldc);
void cblas_dgemm(int layout, int trans_a, int trans_b, int m, int n, int k, double alpha, const double* a, int lda,
                 const double* b, int ldb, double beta, double* c, int ldc);

// Fortran: column-major, everything by reference. trans: N, T or C in either case. The hidden string lengths that
// Fortran compilers append are not read.
void sgemm_(const char* trans_a, const char* trans_b, const int* m, const int* n, const int* k, const float* alpha,
            const float* a, const int* lda, const float* b, const int* ldb, const float* beta, float* c,
            const int* ldc);
void dgemm_(const char* trans_a, const char* trans_b, const int* m, const int* n, const int* k, const double* alpha,
            const double* a, const int* lda, const double* b, const int* ldb, const double* beta, double* c,
            const int* ldc);

// Threads that take part in a call, the caller included. Below 1 means the default again: DOWNHILL_THREADS where it is
// valid, else the smallest of affinity, cgroup quota and physical cores.
void downhill_set_threads(int threads);

// The active ISA: "avx512", "avx2", "neon" or "scalar". The string lives as long as the process.
const char* downhill_isa(void);

#ifdef __cplusplus
}
#endif
