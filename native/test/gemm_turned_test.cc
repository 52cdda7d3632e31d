// The copies of a transposed A (gemm/turned.h): each tile finds its elements, and large products keep their bits.
#include <cstring>
#include <vector>

#include "dispatch/dispatch.h"
#include "gemm/gemm.h"
#include "gemm/turned.h"
#include "parallel/pool.h"
#include "test/test.h"

namespace downhill::test {
namespace {

template <class T>
std::vector<T> filled(size_t count, uint32_t seed) {
  std::vector<T> values(count);
  for (T& value : values) {
    seed = seed * 1664525u + 1013904223u;
    value = static_cast<T>(static_cast<double>(seed >> 8) / (1 << 24) - 0.5);
  }
  return values;
}

const KernelSet<float>& kernel_set(float) { return kernels().gemm->f32; }
const KernelSet<double>& kernel_set(double) { return kernels().gemm->f64; }

// Walks over op(A) as the blocked regime does; true where each tile has each of its elements.
template <class T>
bool finds_all(size_t m, size_t k, size_t lda, size_t columns, TurnedA way) {
  const KernelSet<T>& set = kernel_set(T{});
  const std::vector<T> a = filled<T>(lda * k, 7);
  const GemmCall<T> call{m, columns, k, a.data(), lda, true, nullptr, columns, false, nullptr, columns, T(1), T(0), nullptr};
  const Job<T> job{call, set};
  constexpr size_t kBlock = 300;
  Turned<T> turned(job, kBlock, m, columns);
  if (turned.way() != way) return false;
  std::vector<T> memory(turned.size());
  turned.place(memory.data());
  for (size_t i = 0; i < m; i += turned.rows()) {
    const size_t rows = smaller(turned.rows(), m - i);
    for (size_t p = 0; p < k; p += kBlock) turned.fill(i, rows, p, smaller(kBlock, k - p));
    for (size_t p = 0; p < k; p += kBlock) {
      size_t index = 0;
      for (RowTiles t(rows, set.max_rows[set.widest]); t.next(); ++index) {
        const T* const tile = turned.tile(index, i, t.at, p);
        for (size_t q = 0; q < smaller(kBlock, k - p); ++q) {
          if (std::memcmp(tile + q * turned.step(t.height), &a[(p + q) * lda + i + t.at], t.height * sizeof(T)) != 0) return false;
        }
      }
    }
  }
  return true;
}

template <class T>
void check_tiles() {
  const bool one_line = is_one_line(kernel_set(T{}));
  const size_t kib = 1024 / sizeof(T), many = one_line ? 2 * kib : 128 * sizeof(T), most = one_line ? 2 * kib : 1024;
  CHECK(finds_all<T>(kib - 5, 700, kib, many, TurnedA::rows));
  CHECK(finds_all<T>(kib - 5, 700, kib + 1, many, TurnedA::in_place));
  CHECK(finds_all<T>(kib - 5, 700, kib, many - 1, TurnedA::in_place));
  CHECK(finds_all<T>(4 * kib, 300, 4 * kib, one_line ? kib / 4 : many, TurnedA::rows));  // colliding rows
  CHECK(finds_all<T>(6 * kib + 1, 1030, 7 * kib, most, TurnedA::strips));
  CHECK(finds_all<T>(6 * kib + 1, 1030, 7 * kib, most - 1, TurnedA::in_place));
  CHECK(finds_all<T>(5 * kib, 4000, 5 * kib + 3, most, TurnedA::strips));  // more than is copied at a time
  CHECK(finds_all<T>(2 * kib, 33 * kib, 2 * kib + 1, most, TurnedA::in_place));  // a copy would hold too few rows
}

TEST("every tile finds its elements of a transposed A, in place and in copies") {
  const char* names[8];
  const size_t count = available_isas(names, 8);
  for (size_t i = 0; i < count; ++i) {
    CHECK(select_isa(names[i]));
    check_tiles<float>();
    check_tiles<double>();
  }
  select_isa(names[0]);
}

// A as stored, by the same library, without a copy of A.
template <class T>
void check_product(size_t m, size_t n, size_t k, size_t lda) {
  const std::vector<T> turned = filled<T>(lda * k, 1), b = filled<T>(k * n, 2), c = filled<T>(m * n, 3);
  std::vector<T> plain(m * k);
  for (size_t p = 0; p < k; ++p) {
    for (size_t i = 0; i < m; ++i) plain[i * k + p] = turned[p * lda + i];
  }
  std::vector<T> actual = c, expected = c;
  GemmCall<T> call{m, n, k, turned.data(), lda, true, b.data(), n, false, actual.data(), n, T(0.5), T(2), nullptr};
  gemm(call);
  call.a = plain.data();
  call.lda = k;
  call.trans_a = false;
  call.c = expected.data();
  gemm(call);
  CHECK(std::memcmp(expected.data(), actual.data(), actual.size() * sizeof(T)) == 0);
}

TEST("a product with a copied transposed A has the bits of one with A as stored") {
  const size_t threads = pool_threads();
  set_pool_threads(1);  // a thread's share of the columns would be too narrow
  const char* names[8];
  const size_t count = available_isas(names, 8);
  for (size_t i = 0; i < count; ++i) {
    CHECK(select_isa(names[i]));
    check_product<float>(250, 530, 900, 256);
    check_product<float>(1024, 50, 96, 1024);
    check_product<float>(300, 260, 300, 512);
    check_product<double>(512, 19, 200, 512);
  }
  select_isa(names[0]);
  check_product<double>(1001, 1050, 800, 1001);
  set_pool_threads(threads);
}

}  // namespace
}  // namespace downhill::test

TEST_MAIN()
