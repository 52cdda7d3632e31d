#include "measure.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <memory>
#include <thread>

#if defined(__linux__)
#include <sys/mman.h>
#endif

#include "peak.h"

namespace peers {
namespace {

double now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

// Page-aligned, in large pages where the system has them: the same conditions for every side.
template <class T>
struct Buffer {
  explicit Buffer(size_t count) : count(count) {
    constexpr size_t kPage = size_t{2} << 20;
    const size_t bytes = (count * sizeof(T) + kPage - 1) / kPage * kPage;
    data.reset(static_cast<T*>(std::aligned_alloc(kPage, bytes)));
#if defined(__linux__)
    madvise(data.get(), bytes, MADV_HUGEPAGE);
#endif
  }
  struct Free {
    void operator()(T* p) const { std::free(p); }
  };
  size_t count;
  std::unique_ptr<T, Free> data;
};

struct Random {
  uint64_t state;
  uint64_t next() {
    state ^= state >> 12;
    state ^= state << 25;
    state ^= state >> 27;
    return state * 0x2545f4914f6cdd1du;
  }
  double uniform() { return static_cast<double>(next() >> 11) * 0x1p-52 - 1; }
};

// Up to 4096 elements of C, all of a small one, against sums in float64; |error| <= (k + 2) u sum |a| |b|.
template <class T>
std::string check(const Shape& s, const T* a, const T* b, const T* c) {
  const double u = sizeof(T) == 4 ? 0x1p-24 : 0x1p-52;  // a float64 oracle has roundings of its own
  const size_t total = s.m * s.n, count = std::min<size_t>(total, 4096);
  Random random{0x853c49e6748fea9bu};
  for (size_t turn = 0; turn < count; ++turn) {
    const size_t at = count == total ? turn : random.next() % total;
    const size_t i = at / s.n, j = at % s.n;
    double sum = 0, magnitude = 0;
    for (size_t p = 0; p < s.k; ++p) {
      const double x = static_cast<double>(a[s.trans_a ? p * s.lda() + i : i * s.lda() + p]) *
                       static_cast<double>(b[s.trans_b ? j * s.ldb() + p : p * s.ldb() + j]);
      sum += x;
      magnitude += std::fabs(x);
    }
    const double value = static_cast<double>(c[i * s.ldc() + j]);
    if (!(std::fabs(value - sum) <= 1.01 * u * static_cast<double>(s.k + 2) * magnitude)) {
      char text[120];
      std::snprintf(text, sizeof text, "C[%zu, %zu] is %.9g, not %.9g", i, j, value, sum);
      return text;
    }
  }
  return "";
}

template <class T>
const Multiply<T>& multiply_of(const Side& side) {
  if constexpr (sizeof(T) == 4) return side.multiply32;
  else return side.multiply64;
}

double quantile(const std::vector<double>& sorted, double q) {
  const double position = static_cast<double>(sorted.size() - 1) * q;
  const size_t low = static_cast<size_t>(position);
  const size_t high = std::min(low + 1, sorted.size() - 1);
  return sorted[low] + (sorted[high] - sorted[low]) * (position - static_cast<double>(low));
}

template <class F>
double time_calls(size_t calls, F&& call) {
  const double start = now();
  for (size_t i = 0; i < calls; ++i) call();
  return (now() - start) / static_cast<double>(calls);
}

}  // namespace

template <class T>
Row measure_shape(const Shape& shape, int threads, const Sides& sides, const Settings& settings) {
  const size_t count = sides.all.size();
  Row row{shape, threads, 0, std::vector<Figure>(count)};
  Buffer<T> a(shape.length_a()), b(shape.length_b());
  Random random{0x9e3779b97f4a7c15u};
  for (size_t i = 0; i < a.count; ++i) a.data.get()[i] = static_cast<T>(random.uniform());
  for (size_t i = 0; i < b.count; ++i) b.data.get()[i] = static_cast<T>(random.uniform());
  std::vector<Buffer<T>> results;
  std::vector<size_t> repeats(count, 1);
  std::vector<std::vector<double>> samples(count);
  const auto settle = [&] {
    if (threads > 1) std::this_thread::sleep_for(std::chrono::duration<double>(settings.pause_seconds));
  };
  for (size_t i = 0; i < count; ++i) {
    const Side& side = sides.all[i];
    const Multiply<T>& multiply = multiply_of<T>(side);
    results.emplace_back(shape.length_c());
    T* const c = results[i].data.get();
    if (!multiply || (side.takes && !side.takes(shape))) continue;
    if (side.informational && threads > 1) continue;
    std::fill(c, c + shape.length_c(), std::numeric_limits<T>::quiet_NaN());
    side.set_threads(threads);
    multiply(shape, a.data.get(), b.data.get(), c);
    row.figures[i].error = check(shape, a.data.get(), b.data.get(), c);
    if (!row.figures[i].error.empty()) continue;
    row.figures[i].ran = true;
    double fastest = std::numeric_limits<double>::infinity();
    const double until = now() + 0.01;
    for (int turn = 0; turn < 2 || (now() < until && turn < 1000); ++turn) {
      fastest = std::min(fastest, time_calls(1, [&] { multiply(shape, a.data.get(), b.data.get(), c); }));
    }
    repeats[i] = static_cast<size_t>(std::ceil(settings.sample_seconds / std::max(fastest, 1e-9)));
  }
  for (int round = 0; round < settings.rounds; ++round) {
    settle();
    row.peak = std::max(row.peak, measure_peak(sides.isa, sizeof(T), threads));
    for (size_t turn = 0; turn < count; ++turn) {
      const size_t i = (turn + static_cast<size_t>(round)) % count;
      if (!row.figures[i].ran) continue;
      const Multiply<T>& multiply = multiply_of<T>(sides.all[i]);
      T* const c = results[i].data.get();
      const auto call = [&] { multiply(shape, a.data.get(), b.data.get(), c); };
      settle();
      sides.all[i].set_threads(threads);
      time_calls(std::max<size_t>(1, repeats[i] / 4), call);  // wakes workers, fills caches
      samples[i].push_back(time_calls(repeats[i], call));
    }
  }
  for (size_t i = 0; i < count; ++i) {
    if (!row.figures[i].ran) continue;
    std::sort(samples[i].begin(), samples[i].end());
    Figure& figure = row.figures[i];
    figure.seconds = quantile(samples[i], 0.5);
    figure.best = samples[i].front();
    figure.low = quantile(samples[i], 0.25);
    figure.high = quantile(samples[i], 0.75);
  }
  return row;
}

template Row measure_shape<float>(const Shape&, int, const Sides&, const Settings&);
template Row measure_shape<double>(const Shape&, int, const Sides&, const Settings&);

}  // namespace peers
