// cblas_sgemm and cblas_dgemm.
#include "blas/arguments.h"
#include "blas/downhill_blas.h"
#include "blas/errors.h"

namespace downhill::blas {
namespace {

constexpr int kRowMajor = 101, kColumnMajor = 102;
constexpr int kNoTrans = 111, kTrans = 112, kConjTrans = 113;

bool is_transpose(int value) { return value >= kNoTrans && value <= kConjTrans; }

template <class T>
inline void cblas_gemm(const char* routine, const char* fortran_routine, int layout, int trans_a, int trans_b, int m,
                       int n, int k, T alpha, const T* a, int lda, const T* b, int ldb, T beta, T* c, int ldc) {
  const bool row_major = layout == kRowMajor;
  if (!row_major && layout != kColumnMajor) return report_setting(routine, 1, "layout", layout);
  if (!is_transpose(trans_a)) return report_setting(routine, 2, "TransA", trans_a);
  if (!is_transpose(trans_b)) return report_setting(routine, 3, "TransB", trans_b);
  const bool ta = trans_a != kNoTrans, tb = trans_b != kNoTrans;
  const Problem<T> problem = row_major ? Problem<T>{tb, ta, n, m, k, alpha, b, ldb, a, lda, beta, c, ldc}
                                       : Problem<T>{ta, tb, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc};
  if (const int position = wrong_argument(problem)) {
    return report_cblas(routine, fortran_routine, position, row_major);
  }
  multiply(problem);
}

}  // namespace
}  // namespace downhill::blas

extern "C" __attribute__((visibility("default"))) void cblas_sgemm(int layout, int trans_a, int trans_b, int m, int n,
                                                                   int k, float alpha, const float* a, int lda,
                                                                   const float* b, int ldb, float beta, float* c,
                                                                   int ldc) {
  downhill::blas::cblas_gemm("cblas_sgemm", "SGEMM ", layout, trans_a, trans_b, m, n, k, alpha, a, lda, b, ldb, beta,
                             c, ldc);
}

extern "C" __attribute__((visibility("default"))) void cblas_dgemm(int layout, int trans_a, int trans_b, int m, int n,
                                                                   int k, double alpha, const double* a, int lda,
                                                                   const double* b, int ldb, double beta, double* c,
                                                                   int ldc) {
  downhill::blas::cblas_gemm("cblas_dgemm", "DGEMM ", layout, trans_a, trans_b, m, n, k, alpha, a, lda, b, ldb, beta,
                             c, ldc);
}
