// Products while scratch memory is refused: the bits of every regime are those with memory, the dot order included.
#include <atomic>
#include <cstdlib>
#include <cstring>
#include <thread>
#include <vector>

#include "dispatch/dispatch.h"
#include "gemm/packed.h"
#include "gemm/regime.h"
#include "parallel/pool.h"
#include "test/test.h"

namespace {
std::atomic<bool> refuse{false};
std::atomic<int> refused{0};
}  // namespace

#if !defined(_WIN32)
// Stands before the C library's for the whole executable.
extern "C" void* aligned_alloc(size_t alignment, size_t bytes) {
  if (refuse.load()) {
    refused.fetch_add(1);
    return nullptr;
  }
  void* data = nullptr;
  return posix_memalign(&data, alignment, bytes) == 0 ? data : nullptr;
}
#endif

namespace downhill::test {
namespace {

struct Shape {
  const char* way;
  size_t m, n, k;
  bool trans_a, trans_b;
  size_t slack;  // by which rows are longer than their contents
  bool packed;
};

// Ways that need scratch memory: operands turned for dot order, panels, transposes, blocks of k with beta.
constexpr Shape kShapes[] = {
    {"dot, transposed row of A", 1, 30, 40, true, true, 3, false},
    {"dot, column of B", 30, 1, 45, false, false, 2, false},
    {"dot, both", 1, 1, 70, true, false, 2, false},
    {"dot, few columns of row-major B", 90, 10, kDotLength + 9, false, false, 2, false},
    {"dot, few rows of transposed A", 11, 90, kDotLength, true, true, 1, false},
    {"one row and beta", 1, 700, 20, false, false, 0, false},
    {"few k, transposed B", 40, 30, 5, false, true, 1, false},
    {"three rows off the lines of the cache", 3, 301, 60, false, false, 1, false},
    {"transposed B", 40, 30, 25, false, true, 1, false},
    {"k in blocks", 9, 70, 2000, false, false, 0, false},
    {"blocks copied ahead", 50, 200, 900, false, true, 1, false},
    {"narrow C", 90, 7, 33, false, false, 0, false},
    {"in pairs", 50, 20, 70, false, true, 2, false},
    {"transposed B, few rows", 17, 90, 33, false, true, 0, false},
    {"steps of k 4 KiB apart", 20, 520, 40, true, false, 1004, false},
    {"both transposed, steps of k 4 KiB apart", 64, 300, 500, true, true, 960, false},
    {"rows of B 4 KiB apart", 50, 70, 24, false, true, 1000, false},
    {"packed along k, transposed A", 40, 10, kDotLength, true, false, 1, true},
    {"packed operand, k in blocks", kDotWidth + 1, 150, 2000, false, true, 0, true},
};

template <class T>
std::vector<T> filled(size_t count, uint32_t seed) {
  std::vector<T> values(count);
  for (T& value : values) {
    seed = seed * 1664525u + 1013904223u;
    value = static_cast<T>(static_cast<double>(seed >> 8) / (1 << 24) - 0.5);
  }
  return values;
}

// In a thread of its own: scratch memory belongs to a thread, and this one has none yet.
template <class T>
std::vector<T> product(const GemmCall<T>& call, std::vector<T> c) {
  std::thread([&] {
    GemmCall<T> own = call;
    own.c = c.data();
    gemm(own);
  }).join();
  return c;
}

template <class T>
void check_all() {
  for (const Shape& s : kShapes) {
    const size_t lda = (s.trans_a ? s.m : s.k) + s.slack, ldb = (s.trans_b ? s.k : s.n) + s.slack;
    const std::vector<T> a = filled<T>(lda * (s.trans_a ? s.k : s.m), 1), b = filled<T>(ldb * (s.trans_b ? s.n : s.k), 2);
    const std::vector<T> bias = filled<T>(s.n, 3), c = filled<T>(s.m * s.n, 4);
    GemmCall<T> call{s.m, s.n, s.k, a.data(), lda, s.trans_a, b.data(), ldb, s.trans_b, nullptr, s.n, T(0.5), T(2), bias.data()};
    std::vector<T> memory(packed_elements<T>(s.n, s.k, s.trans_b));
    const PackedB<T> packed = pack_b(s.n, s.k, b.data(), ldb, s.trans_b, memory.data());
    if (s.packed) call.packed = &packed;
    const std::vector<T> expected = product(call, c);
    refused = 0;
    refuse = true;
    const std::vector<T> actual = product(call, c);
    refuse = false;
    CHECK(std::memcmp(expected.data(), actual.data(), expected.size() * sizeof(T)) == 0);
    if (std::memcmp(expected.data(), actual.data(), expected.size() * sizeof(T)) != 0) std::printf("    %s\n", s.way);
  }
}

TEST("without scratch memory every regime computes the same bits") {
#if defined(_WIN32)
  SKIP("allocation cannot be replaced here");
#else
  const size_t threads = pool_threads();
  set_pool_threads(1);
  const char* names[8];
  const size_t count = available_isas(names, 8);
  int most = 0;
  for (size_t i = 0; i < count; ++i) {
    CHECK(select_isa(names[i]));
    check_all<float>();
    check_all<double>();
    if (refused > most) most = refused;
  }
  CHECK(most > 0);  // the last way, a packed operand in blocks, asks on every ISA
  select_isa(names[0]);
  set_pool_threads(threads);
#endif
}

}  // namespace
}  // namespace downhill::test

TEST_MAIN()
