// Products of every regime on every ISA of the machine: operands that end at forbidden pages, the scalar ISA's bits for
// any number of threads, and exact results for whole numbers. Runs under sanitizers and emulators; speed is not for here.
#include <cmath>
#include <cstring>
#include <string>
#include <vector>

#include "dispatch/dispatch.h"
#include "gemm/gemm.h"
#include "parallel/pool.h"
#include "test/guarded.h"
#include "test/test.h"

namespace downhill::test {
namespace {

struct Shape {
  size_t m, n, k;
};

// Tiles and their edges, narrow and flat ones, vectors, and what is packed and split over threads.
const Shape kShapes[] = {{1, 1, 1},    {3, 5, 7},     {8, 8, 8},      {16, 16, 16},  {17, 33, 9},   {31, 2, 64},  {64, 10, 128}, {100, 1, 70},
                         {1, 130, 90}, {2, 300, 41},  {300, 3, 17},   {33, 31, 0},   {63, 65, 64},  {5, 257, 33}, {129, 127, 65}, {24, 500, 100}, {29, 130, 1},
                         {37, 100, 3}, {40, 13, 22}};
const Shape kLargeShapes[] = {{700, 350, 420}, {70, 1030, 520}, {512, 40, 600}, {130, 1100, 1000}};

double number(size_t i) { return static_cast<double>(i * 7919 % 17) - 8; }

// A matrix whose last row ends where memory does; not under qemu 7.2, which reads whole registers before it masks them.
template <class T>
struct Matrix {
  size_t ld;
  Guarded<T> memory;
  T* data;

  Matrix(size_t rows, size_t columns, size_t pad, bool whole)
      : ld(columns + pad),
        memory(extent(rows, columns, pad) + 64),
        data(emulated() ? memory.first() : memory.last(extent(rows, columns, pad))) {
    for (size_t i = 0; i < extent(rows, columns, pad); ++i) data[i] = static_cast<T>(whole ? number(i) : std::sin(number(i) + 0.1 * static_cast<double>(i)));
  }
  static size_t extent(size_t rows, size_t columns, size_t pad) {
    return rows == 0 || columns == 0 ? 0 : (rows - 1) * (columns + pad) + columns;
  }
};

template <class T>
struct Problem {
  Shape shape;
  bool trans_a, trans_b;
  Matrix<T> a, b;

  Problem(Shape s, bool ta, bool tb, bool whole)
      : shape(s), trans_a(ta), trans_b(tb), a(ta ? s.k : s.m, ta ? s.m : s.k, s.m % 3, whole), b(tb ? s.n : s.k, tb ? s.k : s.n, s.n % 4, whole) {}

  T at(const Matrix<T>& matrix, bool transposed, size_t row, size_t column) const {
    return transposed ? matrix.data[column * matrix.ld + row] : matrix.data[row * matrix.ld + column];
  }

  // C, beginning with `fill` where beta reads it; the gaps between its rows must stay.
  std::vector<T> run(T alpha, T beta, const T* bias, Activation activation) const {
    const size_t pad = shape.k % 3;
    Matrix<T> c(shape.m, shape.n, pad, true);
    GemmCall<T> call{shape.m, shape.n, shape.k, a.data, a.ld, trans_a, b.data, b.ld, trans_b, c.data, c.ld};
    call.alpha = alpha;
    call.beta = beta;
    call.bias = bias;
    call.activation = activation;
    gemm(call);
    return {c.data, c.data + Matrix<T>::extent(shape.m, shape.n, pad)};
  }

  // For whole numbers, which every order of sums gives exactly.
  bool exact() const {
    const std::vector<T> c = run(2, -1, nullptr, Activation::none);
    const size_t ld = shape.n + shape.k % 3;
    for (size_t i = 0; i < c.size(); ++i) {
      const size_t row = i / ld, column = i % ld;
      double expected = number(i);
      if (column < shape.n) {
        double sum = 0;
        for (size_t p = 0; p < shape.k; ++p) sum += static_cast<double>(at(a, trans_a, row, p)) * static_cast<double>(at(b, trans_b, p, column));
        expected = 2 * sum - expected;
      }
      if (static_cast<double>(c[i]) != expected) return false;
    }
    return true;
  }
};

std::vector<const char*> isas() {
  std::vector<const char*> names(8);
  names.resize(available_isas(names.data(), names.size()));
  return names;
}

template <class T, size_t kCount>
void check_bits(const Shape (&shapes)[kCount], std::initializer_list<size_t> thread_counts) {
  for (const Shape& shape : shapes) {
    for (int trans = 0; trans < 4; ++trans) {
      const Problem<T> problem(shape, trans & 1, trans & 2, false);
      const Matrix<T> bias(1, shape.n, 0, false);
      const auto all = [&] {
        std::vector<T> c = problem.run(1, 0, nullptr, Activation::none);
        const std::vector<T> more = problem.run(static_cast<T>(0.75), static_cast<T>(1.5), bias.data, Activation::relu);
        c.insert(c.end(), more.begin(), more.end());
        return c;
      };
      CHECK(select_isa("scalar"));
      set_pool_threads(1);
      const std::vector<T> expected = all();
      for (const char* isa : isas()) {
        CHECK(select_isa(isa));
        for (size_t threads : thread_counts) {
          set_pool_threads(threads);
          const std::vector<T> actual = all();
          CHECK(actual.size() == expected.size() && std::memcmp(actual.data(), expected.data(), actual.size() * sizeof(T)) == 0);
        }
      }
    }
  }
}

template <class T, size_t kCount>
void check_exact(const Shape (&shapes)[kCount]) {
  set_pool_threads(2);
  for (const char* isa : isas()) {
    CHECK(select_isa(isa));
    for (const Shape& shape : shapes) {
      for (int trans = 0; trans < 4; ++trans) CHECK((Problem<T>(shape, trans & 1, trans & 2, true).exact()));
    }
  }
}

TEST("whole numbers: exact on every ISA, and nothing outside of C is written") {
  check_exact<float>(kShapes);
  check_exact<double>(kShapes);
}

TEST("the scalar ISA's bits on every ISA, float32") { check_bits<float>(kShapes, {1, 2}); }

TEST("the scalar ISA's bits on every ISA, float64") { check_bits<double>(kShapes, {1, 2}); }

TEST("few columns, few and many rows in dot order: the scalar ISA's bits on every ISA") {
  for (size_t n = 1; n <= 14; ++n) {
    const Shape shapes[] = {{1, n, 150}, {3, n, 160}, {4, n, 175}, {7, n, 149}, {18, n, 161}};
    check_bits<float>(shapes, {1});
    check_bits<double>(shapes, {1});
  }
}

// One to four rows or columns, so few k that each lane sums one or two products, whole blocks of 16 of the others and more.
TEST("few rows or columns and short k: the scalar ISA's bits on every ISA") {
  for (size_t k = 1; k <= 33; ++k) {
    const size_t few = 1 + k % 4;
    const Shape shapes[] = {{few, 16, k}, {few, 37, k}, {5 - few, 40, k}, {16, few, k}, {37, few, k}, {40, 5 - few, k}};
    check_bits<float>(shapes, {1});
    check_bits<double>(shapes, {1});
  }
}

// Products too small for float32 are -0: absent k must not make +0 of it, which zeros multiplied in their place would.
TEST("products that vanish: the scalar ISA's sign of zero on every ISA") {
  for (size_t k = 1; k <= 70; ++k) {
    Problem<float> problem({3, 19, k}, false, true, false);
    for (size_t p = 0; p < 3; ++p) {
      for (size_t i = 0; i < k; ++i) problem.a.data[p * problem.a.ld + i] = 1e-30F;
    }
    for (size_t j = 0; j < 19; ++j) {
      for (size_t i = 0; i < k; ++i) problem.b.data[j * problem.b.ld + i] = -1e-30F;
    }
    CHECK(select_isa("scalar"));
    const std::vector<float> expected = problem.run(1, 0, nullptr, Activation::none);
    CHECK(std::signbit(expected[0]) == (k >= 16));
    for (const char* isa : isas()) {
      CHECK(select_isa(isa));
      const std::vector<float> actual = problem.run(1, 0, nullptr, Activation::none);
      CHECK(std::memcmp(actual.data(), expected.data(), actual.size() * sizeof(float)) == 0);
    }
  }
}

// Every height of a tile that turns a panel of a transposed B, panels of one to four vectors, the last of them whole or not, any
// remainder of a group of k, one tile of rows and several; k in two blocks. Matrices end where readable memory does.
TEST("few rows and a transposed B: the scalar ISA's bits on every ISA") {
  for (size_t m : {5, 6, 7, 8, 9, 10, 11, 12, 13, 17, 25, 26}) {
    const size_t wide = emulated() ? 33 : 130;
    const Shape shapes[] = {{m, 7, 3}, {m, 16, 4}, {m, 17, 5}, {m, 40, 14}, {m, 63, 23}, {m, 64, 36}, {m, wide, 21}};
    check_bits<float>(shapes, {1});
    check_bits<double>(shapes, {1});
  }
  // In pairs: eights of rows and pairs of columns, whole and not, in one tile and several; k in batches and not.
  const Shape pairs[] = {{16, 16, 500}, {21, 23, 48}, {23, 50, 77},  {24, 17, 16},  {33, 15, 31},
                         {50, 35, 33},  {5, 20, 71},  {70, 11, 119}, {17, 24, 300}, {9, 47, 40}};
  check_bits<float>(pairs, {1, 2});
  const Shape blocks[] = {{26, 35, 801}};
  check_bits<float>(blocks, {1, 2});
  if (emulated()) return;
  // Enough work to be cut, so that a thread's last rows are fewer than four.
  const Shape cut[] = {{49, 128, 1700}, {51, 127, 1650}, {50, 100, 2100}, {35, 61, 900}};
  check_bits<float>(cut, {1, 2, 3});
}

TEST("large products: the scalar ISA's bits on every ISA, for any number of threads") {
  if (emulated()) SKIP("minutes under emulation; the smaller ones run");
  check_bits<float>(kLargeShapes, {1, 2, 3});
  check_bits<double>(kLargeShapes, {2});
}

}  // namespace
}  // namespace downhill::test

TEST_MAIN()
