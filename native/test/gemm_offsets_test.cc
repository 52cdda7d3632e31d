// Matrices whose elements lie beyond 2^31: address space is reserved and not backed, and leading dimensions are so large
// that the last row starts at 1.5 * 2^31 elements, while few pages are touched. The result must have the bits of the same
// product with rows close together, in every regime.
#include <cstdint>
#include <vector>

#if defined(__linux__)
#include <sys/mman.h>
#endif

#include "dispatch/dispatch.h"
#include "gemm/gemm.h"
#include "gemm/regime.h"
#include "test/test.h"

namespace downhill::test {
namespace {

#if defined(__linux__) && UINTPTR_MAX > 0xffffffffu

// rows x columns elements, rows `ld` apart, in address space without memory behind it.
template <class T>
struct Sparse {
  Sparse(size_t rows, size_t columns)
      : rows(rows), columns(columns), ld(rows > 1 ? 3 * (size_t{1} << 30) / (rows - 1) + columns : columns) {
    bytes = ((rows - 1) * ld + columns) * sizeof(T);
    void* p = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (p == MAP_FAILED) return;
    madvise(p, bytes, MADV_NOHUGEPAGE);
    data = static_cast<T*>(p);
  }
  Sparse(const Sparse&) = delete;
  ~Sparse() {
    if (data != nullptr) munmap(data, bytes);
  }
  size_t rows, columns, ld, bytes = 0;
  T* data = nullptr;
};

struct Shape {
  size_t m, n, k;
};

// One tile, a few tiles, large (copied blocks), dot order of contiguous and of narrow operands, one row, narrow C.
constexpr Shape kShapes[] = {{7, 20, 9},   {30, 40, 50}, {53, 200, 140},       {3, 40, 50},
                             {1, 300, 40}, {60, 10, 40}, {60, 10, kDotLength}, {10, 60, kDotLength}};

template <class T>
void fill(Sparse<T>& to, std::vector<T>& dense, uint32_t& state) {
  dense.resize(to.rows * to.columns);
  for (size_t i = 0; i < to.rows; ++i) {
    for (size_t j = 0; j < to.columns; ++j) {
      state = state * 1664525u + 1013904223u;
      to.data[i * to.ld + j] = dense[i * to.columns + j] = static_cast<T>(static_cast<int32_t>(state)) * static_cast<T>(0x1p-31);
    }
  }
}

template <class T>
void compare() {
  uint32_t state = 1;
  for (const Shape& s : kShapes) {
    for (int transposes = 0; transposes < 4; ++transposes) {
      const bool ta = (transposes & 1) != 0, tb = (transposes & 2) != 0;
      Sparse<T> a(ta ? s.k : s.m, ta ? s.m : s.k), b(tb ? s.n : s.k, tb ? s.k : s.n), c(s.m, s.n);
      if (a.data == nullptr || b.data == nullptr || c.data == nullptr) {
        skip_reason = "no address space of 72 GiB to be had";
        return;
      }
      std::vector<T> dense_a, dense_b, dense_c;
      fill(a, dense_a, state);
      fill(b, dense_b, state);
      fill(c, dense_c, state);
      GemmCall<T> call{.m = s.m, .n = s.n, .k = s.k, .a = a.data, .lda = a.ld, .trans_a = ta, .b = b.data, .ldb = b.ld,
                       .trans_b = tb, .c = c.data, .ldc = c.ld};
      call.beta = static_cast<T>(0.5);
      gemm(call);
      call.a = dense_a.data();
      call.lda = a.columns;
      call.b = dense_b.data();
      call.ldb = b.columns;
      call.c = dense_c.data();
      call.ldc = c.columns;
      gemm(call);
      size_t wrong = 0;
      for (size_t i = 0; i < s.m; ++i) {
        for (size_t j = 0; j < s.n; ++j) wrong += c.data[i * c.ld + j] != dense_c[i * s.n + j];
      }
      CHECK(wrong == 0);
    }
  }
}

TEST("float32 products reach beyond 2^31 elements") {
  if (emulated()) skip_reason = "emulators reserve no such address space";
  else compare<float>();
}

TEST("float64 products reach beyond 2^31 elements") {
  if (emulated()) skip_reason = "emulators reserve no such address space";
  else compare<double>();
}

#else

TEST("products reach beyond 2^31 elements") { skip_reason = "needs Linux and 64-bit addresses"; }

#endif

}  // namespace
}  // namespace downhill::test

TEST_MAIN()
