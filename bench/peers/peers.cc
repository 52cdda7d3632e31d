// Times libdownhill_blas.so beside the BLAS libraries found on the machine, in one process, rounds interleaved.
//   downhill_peers LIBRARY [--threads N] [--double] [--rounds N] [--shape M,N,K[,NT]]... [--set table|odd|all] [--json FILE]
// Prints GFLOP/s (median of the rounds), percent of the peak measured in the same run and the ratio to the best peer.
// On recent AMD processors set OPENBLAS_CORETYPE=SkylakeX and BLIS_ARCH_TYPE=0, else those libraries take slow kernels.
#include <dlfcn.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <thread>
#include <vector>

#include "peak.h"

namespace {

using Clock = std::chrono::steady_clock;

struct Shape {
  int m, n, k;
  bool trans_a, trans_b;
};

const Shape kTable[] = {
    {8, 8, 8, false, false},        {16, 16, 16, false, false},    {32, 32, 32, false, false},
    {64, 64, 64, false, false},     {128, 128, 128, false, false}, {256, 256, 256, false, false},
    {512, 512, 512, false, false},  {1024, 1024, 1024, false, false}, {2048, 2048, 2048, false, false},
    {1, 256, 784, false, false},    {1, 128, 256, false, false},   {1, 10, 128, false, false},
    {32, 256, 784, false, false},   {32, 128, 256, false, false},  {32, 10, 128, false, false},
    {256, 256, 784, false, false},  {256, 128, 256, false, false}, {256, 10, 128, false, false},
    {784, 256, 32, true, false},    {784, 256, 256, true, false},  {1, 784, 256, false, true},
    {32, 784, 256, false, true},    {256, 784, 256, false, true},  {512, 768, 768, false, false},
    {512, 3072, 768, false, false}, {512, 768, 3072, false, false}, {512, 2304, 768, false, false},
};

// Sizes that no table names: odd, tails, tall, flat, leading dimensions of 1024, batches with any layer width.
const Shape kOdd[] = {
    {37, 53, 71, false, false},      {100, 100, 100, false, false},   {127, 129, 255, false, false},
    {333, 77, 500, false, false},    {1000, 20, 300, false, false},   {20, 1000, 300, false, false},
    {4, 1024, 1024, false, false},   {16, 1024, 1024, false, false},  {64, 1024, 1024, false, false},
    {1024, 64, 1024, false, false},  {1024, 16, 1024, false, false},  {2, 300, 300, false, false},
    {3, 512, 512, false, true},      {64, 1000, 512, false, true},    {1000, 64, 512, true, false},
    {200, 200, 200, true, true},     {7, 640, 320, false, false},     {1024, 1, 1024, false, false},
    {128, 10, 64, false, false},     {128, 64, 784, false, false},    {64, 784, 128, false, true},
    {784, 64, 128, true, false},     {300, 300, 3000, false, false},  {1500, 17, 40, false, false},
};

// One library: row-major gemm through whichever interface it has.
struct Side {
  std::string name;
  void (*cblas_s)(int, int, int, int, int, int, float, const float*, int, const float*, int, float, float*, int) = nullptr;
  void (*cblas_d)(int, int, int, int, int, int, double, const double*, int, const double*, int, double, double*, int) = nullptr;
  int (*dnnl_s)(char, char, long, long, long, float, const float*, long, const float*, long, float, float*, long) = nullptr;

  bool has(bool is_double) const { return is_double ? cblas_d != nullptr : cblas_s != nullptr || dnnl_s != nullptr; }

  void run(const Shape& s, const float* a, const float* b, float* c) const {
    const int lda = s.trans_a ? s.m : s.k, ldb = s.trans_b ? s.k : s.n;
    if (dnnl_s) {
      dnnl_s(s.trans_a ? 'T' : 'N', s.trans_b ? 'T' : 'N', s.m, s.n, s.k, 1, a, lda, b, ldb, 0, c, s.n);
    } else {
      cblas_s(101, 111 + s.trans_a, 111 + s.trans_b, s.m, s.n, s.k, 1, a, lda, b, ldb, 0, c, s.n);
    }
  }
  void run(const Shape& s, const double* a, const double* b, double* c) const {
    const int lda = s.trans_a ? s.m : s.k, ldb = s.trans_b ? s.k : s.n;
    cblas_d(101, 111 + s.trans_a, 111 + s.trans_b, s.m, s.n, s.k, 1, a, lda, b, ldb, 0, c, s.n);
  }
};

template <class F>
bool find(void* library, const char* symbol, F*& function) {
  function = reinterpret_cast<F*>(dlsym(library, symbol));
  return function != nullptr;
}

// Opens a library and tells it how many threads to use. Missing ones are left out.
void open_side(std::vector<Side>& sides, const char* name, const char* path, int threads) {
  void* library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) return;
  Side side;
  side.name = name;
  find(library, "cblas_sgemm", side.cblas_s);
  find(library, "cblas_dgemm", side.cblas_d);
  find(library, "dnnl_sgemm", side.dnnl_s);
  if (!side.has(false)) return;
  void (*set_int)(int);
  void (*set_long)(long);
  for (const char* symbol : {"downhill_set_threads", "openblas_set_num_threads", "omp_set_num_threads"}) {
    if (find(library, symbol, set_int)) set_int(threads);
  }
  if (find(library, "bli_thread_set_num_threads", set_long)) set_long(threads);
  sides.push_back(side);
}

template <class T>
struct Operands {
  std::vector<T> a, b, c;
  explicit Operands(const Shape& s) : a(size_t(s.m) * s.k), b(size_t(s.k) * s.n), c(size_t(s.m) * s.n) {
    unsigned state = 1;
    for (std::vector<T>* v : {&a, &b}) {
      for (T& x : *v) x = T(int((state = state * 1664525u + 1013904223u) >> 8) % 2001 - 1000) / T(1000);
    }
  }
};

template <class T>
double seconds(const Side& side, const Shape& s, Operands<T>& o, int repeats) {
  const auto start = Clock::now();
  for (int i = 0; i < repeats; ++i) side.run(s, o.a.data(), o.b.data(), o.c.data());
  return std::chrono::duration<double>(Clock::now() - start).count() / repeats;
}

// The result against a float64 sum: a library that computes something else must not be timed.
template <class T>
bool correct(const Side& side, const Shape& s, Operands<T>& o) {
  std::fill(o.c.begin(), o.c.end(), T(NAN));
  side.run(s, o.a.data(), o.b.data(), o.c.data());
  for (int i = 0; i < s.m; i += 1 + s.m / 7) {
    for (int j = 0; j < s.n; j += 1 + s.n / 7) {
      double sum = 0, bound = 0;
      for (int p = 0; p < s.k; ++p) {
        const double x = s.trans_a ? o.a[size_t(p) * s.m + i] : o.a[size_t(i) * s.k + p];
        const double y = s.trans_b ? o.b[size_t(j) * s.k + p] : o.b[size_t(p) * s.n + j];
        sum += x * y;
        bound += std::fabs(x * y);
      }
      const double unit = sizeof(T) == 4 ? 6e-8 : 1.2e-16;
      if (!(std::fabs(o.c[size_t(i) * s.n + j] - sum) <= unit * (s.k + 2) * bound + 1e-300)) return false;
    }
  }
  return true;
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

struct Row {
  Shape shape;
  std::vector<double> gflops;
};

template <class T>
Row measure(const std::vector<Side>& sides, const Shape& s, int rounds) {
  Operands<T> o(s);
  const double flops = 2.0 * s.m * s.n * s.k;
  std::vector<std::vector<double>> times(sides.size());
  for (const Side& side : sides) {
    if (!correct(side, s, o)) std::fprintf(stderr, "peers: %s is wrong on %dx%dx%d\n", side.name.c_str(), s.m, s.n, s.k);
  }
  for (int round = 0; round < rounds; ++round) {
    for (size_t i = 0; i < sides.size(); ++i) {
      // Other libraries' workers may still spin; they must not take the core of the side that is timed now.
      std::this_thread::sleep_for(std::chrono::microseconds(500));
      const double once = seconds(sides[i], s, o, 1 + int(2e-4 / (flops / 1e11 + 1e-7)));
      times[i].push_back(seconds(sides[i], s, o, std::max(1, int(3e-3 / once))));
    }
  }
  Row row{s, {}};
  for (std::vector<double>& t : times) row.gflops.push_back(flops / median(t) / 1e9);
  return row;
}

std::string shape_name(const Shape& s) {
  char text[80];
  std::snprintf(text, sizeof text, "%s%s %dx%dx%d", s.trans_a ? "T" : "N", s.trans_b ? "T" : "N", s.m, s.n, s.k);
  return text;
}

void print_json(FILE* file, const std::vector<Side>& sides, const std::vector<Row>& rows, double peak, int threads) {
  std::fprintf(file, "{\"threads\":%d,\"peakGflopsPerCore\":%.1f,\"rows\":[", threads, peak);
  for (size_t r = 0; r < rows.size(); ++r) {
    std::fprintf(file, "%s{\"shape\":\"%s\"", r ? "," : "", shape_name(rows[r].shape).c_str());
    for (size_t i = 0; i < sides.size(); ++i) std::fprintf(file, ",\"%s\":%.2f", sides[i].name.c_str(), rows[r].gflops[i]);
    std::fprintf(file, "}");
  }
  std::fprintf(file, "]}\n");
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: downhill_peers LIBRARY [--threads N] [--double] [--rounds N] [--shape M,N,K[,NT]] [--set table|odd|all] [--json FILE]\n");
    return 2;
  }
  int threads = 1, rounds = 9;
  bool is_double = false;
  const char* json = nullptr;
  std::string set = "table";
  std::vector<Shape> shapes;
  for (int i = 2; i < argc; ++i) {
    const std::string option = argv[i];
    const char* value = i + 1 < argc ? argv[i + 1] : "";
    if (option == "--double") {
      is_double = true;
      continue;
    }
    ++i;
    if (option == "--threads") threads = std::atoi(value);
    else if (option == "--rounds") rounds = std::atoi(value);
    else if (option == "--json") json = value;
    else if (option == "--set") set = value;
    else if (option == "--shape") {
      Shape s{};
      char trans[3] = "NN";
      if (std::sscanf(value, "%d,%d,%d,%2s", &s.m, &s.n, &s.k, trans) < 3) return 2;
      s.trans_a = trans[0] == 'T';
      s.trans_b = trans[1] == 'T';
      shapes.push_back(s);
    } else {
      std::fprintf(stderr, "peers: unknown option %s\n", option.c_str());
      return 2;
    }
  }
  if (shapes.empty() && set != "odd") shapes.insert(shapes.end(), std::begin(kTable), std::end(kTable));
  if (shapes.empty() || set == "all" || set == "odd") {
    if (set != "table") shapes.insert(shapes.end(), std::begin(kOdd), std::end(kOdd));
  }
  std::vector<Side> sides;
  open_side(sides, "downhill", argv[1], threads);
  if (sides.empty()) {
    std::fprintf(stderr, "peers: %s\n", dlerror());
    return 1;
  }
  open_side(sides, "openblas", "libopenblas.so.0", threads);
  open_side(sides, "blis", "libblis.so.4", threads);
  if (!is_double) open_side(sides, "onednn", "libdnnl.so.2", threads);
  const char* (*isa)() = nullptr;
  find(dlopen(argv[1], RTLD_NOW), "downhill_isa", isa);
  const double peak = peak_gflops(isa ? isa() : "avx512", is_double) * threads;
  std::printf("%s, %d thread%s, isa %s, measured peak %.0f GFLOP/s\n", is_double ? "float64" : "float32", threads,
              threads == 1 ? "" : "s", isa ? isa() : "?", peak);
  std::printf("%-20s", "shape (A, B) MxNxK");
  for (const Side& side : sides) std::printf("%10s", side.name.c_str());
  std::printf("%9s%9s\n", "% peak", "ratio");
  std::vector<Row> rows;
  double logs = 0, worst = 1e9;
  int counted = 0;
  for (const Shape& s : shapes) {
    rows.push_back(is_double ? measure<double>(sides, s, rounds) : measure<float>(sides, s, rounds));
    const Row& row = rows.back();
    std::printf("%-20s", shape_name(s).c_str());
    double best = 0;
    for (size_t i = 0; i < sides.size(); ++i) {
      std::printf("%10.1f", row.gflops[i]);
      if (i > 0) best = std::max(best, row.gflops[i]);
    }
    const double ratio = best > 0 ? row.gflops[0] / best : 0;
    std::printf("%8.1f%%%9.3f\n", 100 * row.gflops[0] / peak, ratio);
    std::fflush(stdout);
    if (best > 0 && double(s.m) * s.n * s.k >= 32768) {
      logs += std::log(ratio);
      worst = std::min(worst, ratio);
      ++counted;
    }
  }
  if (counted > 0) {
    std::printf("shapes with M*N*K >= 32768: geometric mean of the ratio to the best peer %.3f, worst %.3f\n",
                std::exp(logs / counted), worst);
  }
  if (json != nullptr) {
    if (FILE* file = std::fopen(json, "w")) {
      print_json(file, sides, rows, peak / threads, threads);
      std::fclose(file);
    }
  }
  return 0;
}
