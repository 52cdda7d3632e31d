// Loads the library as a foreign program would and checks it against a float64 oracle, its error reports, its threads
// and unloading. The handlers below are this program's own: the library must find them through its weak references.
#include <dlfcn.h>

#include <cmath>
#include <cstdarg>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <string>
#include <thread>
#include <vector>

#include "blas/downhill_blas.h"

namespace {

int reported_position = 0;
std::string reported_routine;
size_t failures = 0, checks = 0;

void expect(bool good, const std::string& what) {
  ++checks;
  if (good) return;
  if (++failures <= 20) std::fprintf(stderr, "FAILED: %s\n", what.c_str());
}

struct Library {
  void* handle;
  decltype(&cblas_sgemm) sgemm;
  decltype(&cblas_dgemm) dgemm;
  decltype(&sgemm_) fortran_sgemm;
  decltype(&dgemm_) fortran_dgemm;
  decltype(&downhill_set_threads) set_threads;
  decltype(&downhill_isa) isa;
};

template <class F>
void find(void* handle, const char* name, F& function) {
  function = reinterpret_cast<F>(dlsym(handle, name));
  if (function == nullptr) {
    std::fprintf(stderr, "%s: %s\n", name, dlerror());
    std::exit(1);
  }
}

Library open_library(const char* path) {
  Library l{};
  l.handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  if (l.handle == nullptr) {
    std::fprintf(stderr, "%s\n", dlerror());
    std::exit(1);
  }
  find(l.handle, "cblas_sgemm", l.sgemm);
  find(l.handle, "cblas_dgemm", l.dgemm);
  find(l.handle, "sgemm_", l.fortran_sgemm);
  find(l.handle, "dgemm_", l.fortran_dgemm);
  find(l.handle, "downhill_set_threads", l.set_threads);
  find(l.handle, "downhill_isa", l.isa);
  return l;
}

void call_cblas(const Library& l, int layout, int ta, int tb, int m, int n, int k, float alpha, const float* a, int lda,
                const float* b, int ldb, float beta, float* c, int ldc) {
  l.sgemm(layout, ta, tb, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
}
void call_cblas(const Library& l, int layout, int ta, int tb, int m, int n, int k, double alpha, const double* a,
                int lda, const double* b, int ldb, double beta, double* c, int ldc) {
  l.dgemm(layout, ta, tb, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
}
void call_fortran(const Library& l, char ta, char tb, int m, int n, int k, float alpha, const float* a, int lda,
                  const float* b, int ldb, float beta, float* c, int ldc) {
  l.fortran_sgemm(&ta, &tb, &m, &n, &k, &alpha, a, &lda, b, &ldb, &beta, c, &ldc);
}
void call_fortran(const Library& l, char ta, char tb, int m, int n, int k, double alpha, const double* a, int lda,
                  const double* b, int ldb, double beta, double* c, int ldc) {
  l.fortran_dgemm(&ta, &tb, &m, &n, &k, &alpha, a, &lda, b, &ldb, &beta, c, &ldc);
}

uint64_t random_state = 0x9e3779b97f4a7c15u;

double uniform() {  // xorshift64*, in [-1, 1)
  random_state ^= random_state >> 12;
  random_state ^= random_state << 25;
  random_state ^= random_state >> 27;
  return static_cast<double>((random_state * 0x2545f4914f6cdd1du) >> 11) * 0x1p-52 - 1;
}

template <class T>
std::vector<T> random_matrix(size_t length) {
  std::vector<T> values(length);
  for (T& x : values) x = static_cast<T>(uniform());
  return values;
}

// One product through both entry points against sums in float64; elements between the columns must survive.
// |error| <= u (k + 2) (|alpha| |A| |B| + |beta| |C|), with u the unit roundoff, for any order of summation.
template <class T>
void check_product(const Library& l, int m, int n, int k, bool ta, bool tb, int pad, T alpha, T beta, bool row_major) {
  const int rows_a = (ta != row_major) ? k : m, rows_b = (tb != row_major) ? n : k, rows_c = row_major ? n : m;
  const int lda = std::max(1, rows_a + pad), ldb = std::max(1, rows_b + pad), ldc = std::max(1, rows_c + pad);
  const auto at = [&](int i, int j, int ld, bool trans) {  // element (i, j) of op(X)
    return static_cast<size_t>(trans != row_major ? j + static_cast<int64_t>(i) * ld : i + static_cast<int64_t>(j) * ld);
  };
  const size_t lines_a = static_cast<size_t>((ta != row_major) ? m : k), lines_b = static_cast<size_t>((tb != row_major) ? k : n);
  const std::vector<T> a = random_matrix<T>(lines_a * lda + 1), b = random_matrix<T>(lines_b * ldb + 1);
  const std::vector<T> before = random_matrix<T>(static_cast<size_t>(row_major ? m : n) * ldc + 1);
  std::vector<T> expected(before.size(), 0), bound(before.size(), -1);
  const double u = sizeof(T) == 4 ? 0x1p-24 : 0x1p-52;  // float64 is summed in long double below
  for (int i = 0; i < m; ++i) {
    for (int j = 0; j < n; ++j) {
      long double sum = 0, magnitude = 0;
      for (int p = 0; p < k; ++p) {
        const long double x = static_cast<long double>(a[at(i, p, lda, ta)]) * b[at(p, j, ldb, tb)];
        sum += x;
        magnitude += std::fabs(x);
      }
      const size_t index = at(i, j, ldc, false);
      const long double old = beta == 0 ? 0 : static_cast<long double>(before[index]);
      expected[index] = static_cast<T>(alpha * sum + beta * old);
      bound[index] = static_cast<T>(1.01 * u * (k + 3) * (std::fabs(alpha) * magnitude + std::fabs(beta * old)) + 1e-37);
    }
  }
  for (int entry = 0; entry < 2; ++entry) {
    if (entry == 1 && row_major) continue;
    std::vector<T> c = before;
    if (beta == 0) {
      for (size_t i = 0; i < c.size(); ++i) if (bound[i] >= 0) c[i] = std::numeric_limits<T>::quiet_NaN();
    }
    if (entry == 0) {
      call_cblas(l, row_major ? 101 : 102, ta ? 112 : 111, tb ? 113 : 111, m, n, k, alpha, a.data(), lda, b.data(), ldb,
                 beta, c.data(), ldc);
    } else {
      call_fortran(l, ta ? 't' : 'N', tb ? 'C' : 'n', m, n, k, alpha, a.data(), lda, b.data(), ldb, beta, c.data(), ldc);
    }
    bool good = true;
    for (size_t i = 0; i < c.size(); ++i) {
      good &= bound[i] < 0 ? c[i] == before[i] : std::fabs(c[i] - expected[i]) <= bound[i];
    }
    char text[160];
    std::snprintf(text, sizeof text, "%s %s %dx%dx%d trans %d %d pad %d alpha %g beta %g", sizeof(T) == 4 ? "s" : "d",
                  entry ? "fortran" : row_major ? "cblas row" : "cblas column", m, n, k, ta, tb, pad,
                  static_cast<double>(alpha), static_cast<double>(beta));
    expect(good, text);
  }
}

template <class T>
void check_products(const Library& l) {
  constexpr int kSizes[] = {0, 1, 2, 5, 16, 17, 33, 67};
  constexpr T kScalars[] = {0, 1, T(-0.7)};
  size_t turn = 0;
  for (int m : kSizes) {
    for (int n : kSizes) {
      for (int k : kSizes) {
        for (int form = 0; form < 8; ++form, ++turn) {
          check_product<T>(l, m, n, k, form & 1, form & 2, turn % 3 == 0 ? 3 : 0, kScalars[turn % 7 % 3],
                           kScalars[turn % 5 % 3], form & 4);
        }
      }
    }
  }
  for (int form = 0; form < 8; ++form) {
    check_product<T>(l, 150, 131, 700, form & 1, form & 2, form, T(1), T(form % 2), form & 4);  // several blocks of k
    check_product<T>(l, 1, 513, 257, form & 1, form & 2, 0, T(1), T(0), form & 4);
    check_product<T>(l, 513, 3, 257, form & 1, form & 2, 1, T(2), T(1), form & 4);
  }
}

// Every wrong argument alone, with the number the reference BLAS reports for it; C must stay as it was.
void check_errors(const Library& l) {
  float a[64] = {}, b[64] = {}, c[64];
  const auto cblas = [&](int expected, int layout, int ta, int tb, int m, int n, int k, int lda, int ldb, int ldc) {
    for (float& x : c) x = 7;
    reported_position = 0;
    reported_routine.clear();
    l.sgemm(layout, ta, tb, m, n, k, 1, a, lda, b, ldb, 0, c, ldc);
    bool same = true;
    for (float x : c) same &= x == 7;
    expect(reported_position == expected && reported_routine == "cblas_sgemm" && same,
           "cblas error " + std::to_string(expected) + ", reported " + std::to_string(reported_position));
  };
  cblas(1, 0, 111, 111, 1, 1, 1, 1, 1, 1);
  cblas(2, 102, 0, 111, 1, 1, 1, 1, 1, 1);
  cblas(3, 102, 111, 114, 1, 1, 1, 1, 1, 1);
  cblas(4, 102, 111, 111, -1, 1, 1, 1, 1, 1);
  cblas(5, 102, 111, 111, 1, -1, 1, 1, 1, 1);
  cblas(6, 102, 111, 111, 1, 1, -1, 1, 1, 1);
  cblas(9, 102, 111, 111, 2, 1, 1, 1, 1, 2);
  cblas(9, 102, 112, 111, 1, 1, 2, 1, 2, 1);
  cblas(11, 102, 111, 111, 1, 1, 2, 1, 1, 1);
  cblas(11, 102, 111, 112, 1, 2, 1, 1, 1, 1);
  cblas(14, 102, 111, 111, 2, 1, 1, 2, 1, 1);
  cblas(2, 101, 0, 111, 1, 1, 1, 1, 1, 1);
  cblas(3, 101, 111, 0, 1, 1, 1, 1, 1, 1);
  // Row-major: numbered as the reference does before its own handler swaps back (m with n, lda with ldb).
  cblas(5, 101, 111, 111, -1, 1, 1, 1, 1, 1);
  cblas(4, 101, 111, 111, 1, -1, 1, 1, 1, 1);
  cblas(6, 101, 111, 111, 1, 1, -1, 1, 1, 1);
  cblas(11, 101, 111, 111, 1, 1, 2, 1, 1, 1);
  cblas(9, 101, 111, 111, 1, 2, 1, 1, 1, 2);
  cblas(14, 101, 111, 111, 1, 2, 1, 1, 2, 1);

  const auto fortran = [&](int expected, char ta, char tb, int m, int n, int k, int lda, int ldb, int ldc) {
    const double one = 1;
    double x[4] = {}, y[4] = {7, 7, 7, 7};
    reported_position = 0;
    reported_routine.clear();
    l.fortran_dgemm(&ta, &tb, &m, &n, &k, &one, x, &lda, x, &ldb, &one, y, &ldc);
    expect(reported_position == expected && reported_routine == "DGEMM " && y[0] == 7,
           "fortran error " + std::to_string(expected) + ", reported " + std::to_string(reported_position));
  };
  fortran(1, '/', 'N', 1, 1, 1, 1, 1, 1);
  fortran(2, 'N', '/', 1, 1, 1, 1, 1, 1);
  fortran(3, 'N', 'N', -1, 1, 1, 1, 1, 1);
  fortran(4, 'T', 'N', 1, -1, 1, 1, 1, 1);
  fortran(5, 'N', 'T', 1, 1, -1, 1, 1, 1);
  fortran(8, 'N', 'N', 2, 1, 1, 1, 1, 2);
  fortran(8, 'N', 'N', 0, 1, 1, 0, 1, 1);
  fortran(10, 'N', 'T', 1, 2, 1, 1, 1, 1);
  fortran(13, 'N', 'N', 2, 1, 1, 2, 1, 1);
}

void check_contract(const Library& l) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  float a[4] = {nan, nan, nan, nan}, b[4] = {nan, nan, nan, nan}, c[4] = {1, 2, 3, -0.0f};
  l.sgemm(101, 111, 111, 2, 2, 2, 0, a, 2, b, 2, 2, c, 2);
  expect(c[0] == 2 && c[1] == 4 && c[2] == 6 && c[3] == 0, "alpha 0 scales C and reads neither A nor B");
  c[3] = -0.0f;
  c[2] = 1e-40f;
  l.sgemm(101, 111, 111, 2, 2, 0, 1, a, 2, b, 2, 1, c, 2);
  expect(std::signbit(c[3]) && c[2] == 1e-40f, "k 0 with beta 1 leaves C alone");
  l.sgemm(101, 111, 111, 2, 2, 0, 1, nullptr, 1, nullptr, 2, 0, c, 2);
  expect(c[0] == 0 && c[1] == 0 && c[2] == 0 && c[3] == 0, "k 0 with beta 0 clears C");
  l.sgemm(101, 111, 111, 0, 2, 2, 1, nullptr, 2, nullptr, 2, 0, nullptr, 2);
  const char* wanted = std::getenv("DOWNHILL_ISA");
  expect(wanted == nullptr || std::strcmp(l.isa(), wanted) == 0, "DOWNHILL_ISA is obeyed");
}

// The same bits from every number of threads, also with four callers at once.
void check_threads(const Library& l) {
  constexpr int m = 190, n = 210, k = 333;
  const std::vector<float> a = random_matrix<float>(m * k), b = random_matrix<float>(k * n);
  const auto product = [&] {
    std::vector<float> c(m * n);
    l.sgemm(101, 111, 111, m, n, k, 1, a.data(), k, b.data(), n, 0, c.data(), n);
    return c;
  };
  l.set_threads(1);
  const std::vector<float> one = product();
  for (int threads : {2, 3, 8, 1, 0}) {
    l.set_threads(threads);
    for (int turn = 0; turn < 20; ++turn) expect(product() == one, "bits do not depend on threads");
  }
  l.set_threads(2);
  std::vector<std::thread> callers;
  std::vector<int> bad(4, 0);
  for (size_t i = 0; i < bad.size(); ++i) {
    callers.emplace_back([&, i] {
      for (int turn = 0; turn < 50; ++turn) bad[i] += product() != one;
    });
  }
  for (int turn = 0; turn < 20; ++turn) l.set_threads(1 + turn % 3);
  for (std::thread& t : callers) t.join();
  for (int count : bad) expect(count == 0, "four callers at once");
}

}  // namespace

extern "C" __attribute__((visibility("default"))) void xerbla_(const char* routine, const int* position, size_t length) {
  reported_position = *position;
  reported_routine.assign(routine, length);
}

extern "C" __attribute__((visibility("default"))) void cblas_xerbla(int position, const char* routine, const char*, ...) {
  reported_position = position;
  reported_routine = routine;
}

int main(int count, char** arguments) {
  if (count != 2) {
    std::fprintf(stderr, "usage: blas_test LIBRARY\n");
    return 2;
  }
  const char* wanted = std::getenv("DOWNHILL_ISA");
  Library l = open_library(arguments[1]);
  if (wanted != nullptr && std::strcmp(l.isa(), wanted) != 0) {
    std::printf("skipped: this machine does not run %s\n", wanted);
    return 77;
  }
  check_products<float>(l);
  check_products<double>(l);
  check_errors(l);
  check_contract(l);
  check_threads(l);
  for (int turn = 0; turn < 1000; ++turn) {  // with workers asleep in the library's code
    dlclose(l.handle);
    l = open_library(arguments[1]);
  }
  check_product<float>(l, 300, 300, 300, false, true, 0, 1, 0, true);
  dlclose(l.handle);
  std::printf("%s: %zu checks, %zu failed\n", wanted ? wanted : "default", checks, failures);
  return failures == 0 ? 0 : 1;
}
