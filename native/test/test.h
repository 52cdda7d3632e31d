// The smallest test runner that serves: TEST(name) { … CHECK(condition); … }, one executable per file. Every executable
// ends with "N passed, N failed, N skipped" and fails when a test failed or none ran.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

namespace downhill::test {

struct Test {
  const char* name;
  void (*run)();
};

inline std::vector<Test>& tests() {
  static std::vector<Test> list;
  return list;
}

inline int failures = 0;           // of the running test
inline const char* skip_reason = nullptr;  // set by the running test

// True under qemu-user, which .ci/run announces: some of its instructions and system calls are not the machine's.
inline bool emulated() { return std::getenv("DOWNHILL_TEST_EMULATED") != nullptr; }

inline bool add(const char* name, void (*run)()) {
  tests().push_back({name, run});
  return true;
}

inline void fail(const char* file, int line, const char* what) {
  if (++failures <= 10) std::printf("    %s:%d: %s\n", file, line, what);
}

inline int run_all() {
  int passed = 0, failed = 0, skipped = 0;
  for (const Test& test : tests()) {
    failures = 0;
    skip_reason = nullptr;
    test.run();
    if (failures > 0) {
      ++failed;
      std::printf("FAILED  %s (%d checks)\n", test.name, failures);
    } else if (skip_reason != nullptr) {
      ++skipped;
      std::printf("skipped %s: %s\n", test.name, skip_reason);
    } else {
      ++passed;
      std::printf("ok      %s\n", test.name);
    }
    std::fflush(stdout);
  }
  std::printf("%d passed, %d failed, %d skipped\n", passed, failed, skipped);
  return failed > 0 || passed + skipped == 0 ? 1 : 0;
}

}  // namespace downhill::test

#define DOWNHILL_TEST_NAME(line) test_at_line_##line
#define DOWNHILL_TEST(line, name)                                                                   \
  static void DOWNHILL_TEST_NAME(line)();                                                           \
  static const bool test_added_##line = ::downhill::test::add(name, DOWNHILL_TEST_NAME(line));      \
  static void DOWNHILL_TEST_NAME(line)()
#define DOWNHILL_EXPAND(line, name) DOWNHILL_TEST(line, name)
#define TEST(name) DOWNHILL_EXPAND(__LINE__, name)
#define CHECK(condition)                                                                            \
  do {                                                                                              \
    if (!(condition)) ::downhill::test::fail(__FILE__, __LINE__, #condition);                       \
  } while (0)
#define SKIP(reason)                                                                                \
  do {                                                                                              \
    ::downhill::test::skip_reason = reason;                                                         \
    return;                                                                                         \
  } while (0)
#define TEST_MAIN() \
  int main() { return ::downhill::test::run_all(); }
