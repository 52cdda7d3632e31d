#include "blas/errors.h"

#include <cstddef>
#include <cstdio>
#include <cstring>

// The program's, or another library's: null where nobody brings them.
extern "C" {
__attribute__((weak)) void xerbla_(const char* routine, const int* position, size_t length);
__attribute__((weak)) void cblas_xerbla(int position, const char* routine, const char* format, ...);
}

namespace downhill::blas {
namespace {

// Row-major calls swap A with B and m with n before the checks; this maps the C position back for people.
int position_as_written(int position, bool row_major) {
  if (!row_major) return position;
  switch (position) {
    case 4: return 5;
    case 5: return 4;
    case 9: return 11;
    case 11: return 9;
    default: return position;
  }
}

}  // namespace

void report_fortran(const char* routine, int position) {
  if (xerbla_ != nullptr) return xerbla_(routine, &position, std::strlen(routine));
  std::fprintf(stderr, " ** On entry to %s parameter number %2d had an illegal value\n", routine, position);
}

void report_setting(const char* routine, int position, const char* what, int value) {
  if (cblas_xerbla != nullptr) {
    char format[64];
    std::snprintf(format, sizeof format, "Illegal %s setting, %%d\n", what);
    return cblas_xerbla(position, routine, format, value);
  }
  std::fprintf(stderr, "Parameter %d to routine %s was incorrect\nIllegal %s setting, %d\n", position, routine, what,
               value);
}

void report_cblas(const char* routine, const char* fortran_routine, int fortran_position, bool row_major) {
  if (cblas_xerbla != nullptr) return cblas_xerbla(fortran_position + 1, routine, "");
  if (xerbla_ != nullptr) return report_fortran(fortran_routine, fortran_position);
  std::fprintf(stderr, "Parameter %d to routine %s was incorrect\n",
               position_as_written(fortran_position + 1, row_major), routine);
}

}  // namespace downhill::blas
