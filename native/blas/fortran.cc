// sgemm_ and dgemm_.
#include "blas/arguments.h"
#include "blas/downhill_blas.h"
#include "blas/errors.h"

namespace downhill::blas {
namespace {

// 0 as stored, 1 transposed (for real matrices C is T), -1 neither.
int transpose_of(char letter) {
  switch (letter) {
    case 'N': case 'n': return 0;
    case 'T': case 't': case 'C': case 'c': return 1;
    default: return -1;
  }
}

template <class T>
inline void fortran_gemm(const char* routine, const char* trans_a, const char* trans_b, const int* m, const int* n,
                         const int* k, const T* alpha, const T* a, const int* lda, const T* b, const int* ldb,
                         const T* beta, T* c, const int* ldc) {
  const int ta = transpose_of(*trans_a), tb = transpose_of(*trans_b);
  if (ta < 0) return report_fortran(routine, 1);
  if (tb < 0) return report_fortran(routine, 2);
  const Problem<T> problem{ta == 1, tb == 1, *m, *n, *k, *alpha, a, *lda, b, *ldb, *beta, c, *ldc};
  if (const int position = wrong_argument(problem)) return report_fortran(routine, position);
  multiply(problem);
}

}  // namespace
}  // namespace downhill::blas

extern "C" __attribute__((visibility("default"))) void sgemm_(const char* trans_a, const char* trans_b, const int* m,
                                                              const int* n, const int* k, const float* alpha,
                                                              const float* a, const int* lda, const float* b,
                                                              const int* ldb, const float* beta, float* c,
                                                              const int* ldc) {
  downhill::blas::fortran_gemm("SGEMM ", trans_a, trans_b, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
}

extern "C" __attribute__((visibility("default"))) void dgemm_(const char* trans_a, const char* trans_b, const int* m,
                                                              const int* n, const int* k, const double* alpha,
                                                              const double* a, const int* lda, const double* b,
                                                              const int* ldb, const double* beta, double* c,
                                                              const int* ldc) {
  downhill::blas::fortran_gemm("DGEMM ", trans_a, trans_b, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
}
