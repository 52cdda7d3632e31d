// Detection of ISAs, their selection, and the floating-point mode of native work.
#include <cfenv>
#include <cstring>
#include <limits>
#include <string>
#include <thread>

#include "dispatch/cpu.h"
#include "dispatch/dispatch.h"
#include "dispatch/isas.h"
#include "memory/fp_mode.h"
#include "test/test.h"

namespace downhill::test {
namespace {

TEST("the ISAs of the machine end with scalar and the best one is active") {
  const char* names[8];
  const size_t count = available_isas(names, 8);
  CHECK(count >= 1 && count <= 4);
  CHECK(std::strcmp(names[count - 1], "scalar") == 0);
  CHECK(getenv("DOWNHILL_ISA") != nullptr || std::strcmp(kernels().name, names[0]) == 0);
  CHECK(available_isas(names, 0) == count);
}

TEST("detection agrees with the compiler's own") {
#if DOWNHILL_X86_64
  __builtin_cpu_init();
  CHECK(cpu_features().avx2 == (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi2")));
  CHECK(cpu_features().avx512 == (cpu_features().avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                                  __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl")));
  CHECK(!cpu_features().neon);
#else
  CHECK(!cpu_features().avx2 && !cpu_features().avx512);
  CHECK(cpu_features().neon == (DOWNHILL_ARM64 == 1));
#endif
}

TEST("an ISA is selected where the machine has it and refused elsewhere") {
  const std::string before = kernels().name;
  const char* names[8];
  const size_t count = available_isas(names, 8);
  for (size_t i = 0; i < count; ++i) {
    CHECK(select_isa(names[i]));
    CHECK(std::strcmp(kernels().name, names[i]) == 0);
    CHECK(table_of(names[i]) == &kernels());
  }
  for (const char* name : {"avx512", "avx2", "neon", "sse9", ""}) {
    bool available = false;
    for (size_t i = 0; i < count; ++i) available = available || std::strcmp(name, names[i]) == 0;
    if (available) continue;
    CHECK(!select_isa(name));
    CHECK(table_of(name) == nullptr);
  }
  CHECK(is_known_isa("neon") && is_known_isa("avx2") && !is_known_isa("sse9"));
  CHECK(select_isa(before.c_str()));
}

volatile float tiny = std::numeric_limits<float>::min() / 4;
volatile double tiny64 = std::numeric_limits<double>::min() / 4;

TEST("float32 scopes flush subnormals, float64 scopes do not, and the caller's mode comes back") {
#if DOWNHILL_X86_64 || DOWNHILL_ARM64
  const FpScope::Word before = FpScope::read() & FpScope::kControlMask;
  CHECK(tiny * 1.0f != 0.0f);
  {
    FpScope scope(true);
    CHECK(tiny * 1.0f == 0.0f);
    {
      FpScope inner(false);
      CHECK(tiny64 * 1.0 != 0.0);
    }
    CHECK(tiny * 1.0f == 0.0f);
  }
  CHECK((FpScope::read() & FpScope::kControlMask) == before);
  CHECK(tiny * 1.0f != 0.0f);
#else
  SKIP("this architecture has no mode to set");
#endif
}

TEST("a scope rounds to nearest whatever the caller's mode was") {
#if DOWNHILL_X86_64 || DOWNHILL_ARM64
  std::fesetround(FE_UPWARD);
  const FpScope::Word before = FpScope::read() & FpScope::kControlMask;
  {
    FpScope scope(true);
    CHECK(std::fegetround() == FE_TONEAREST || DOWNHILL_X86_64);  // x86's fegetround reads the x87 word
    volatile float one = 1.0f, small = 0x1p-30f;
    CHECK(one + small == 1.0f);
  }
  CHECK((FpScope::read() & FpScope::kControlMask) == before);
  std::fesetround(FE_TONEAREST);
#else
  SKIP("this architecture has no mode to set");
#endif
}

TEST("a thread's mode is its own") {
  FpScope scope(true);
  bool flushed = true;
  std::thread other([&] {
    FpScope inner(false);
    flushed = tiny * 1.0f == 0.0f;
  });
  other.join();
  CHECK(!flushed);
  CHECK(tiny * 1.0f == 0.0f);
}

}  // namespace
}  // namespace downhill::test

TEST_MAIN()
