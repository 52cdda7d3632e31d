// The pace of a loop: the faster way wins, is tried again, and long updates are not tried alone.
#include "engine/pace.h"
#include "test/test.h"

namespace downhill::test {
namespace {

struct Outcome {
  size_t alone, together;
};

// Runs `updates` updates that take `alone` or `together` nanoseconds.
Outcome run(Pace& pace, size_t updates, uint64_t alone, uint64_t together) {
  Outcome outcome{};
  for (size_t i = 0; i < updates; ++i) {
    ++(pace.alone() ? outcome.alone : outcome.together);
    pace.took(pace.alone() ? alone : together);
  }
  return outcome;
}

TEST("the faster way makes nearly all updates") {
  Pace pace;
  const Outcome slow_alone = run(pace, 10'000, 15'000, 10'000);
  CHECK(slow_alone.alone > 0);
  CHECK(slow_alone.alone < 100);
  Pace other;
  const Outcome fast_alone = run(other, 10'000, 10'000, 15'000);
  CHECK(fast_alone.together > 0);
  CHECK(fast_alone.together < 100);
}

TEST("a change of what is faster is found") {
  Pace pace;
  run(pace, 20'000, 15'000, 10'000);
  const Outcome after = run(pace, 20'000, 10'000, 15'000);
  CHECK(after.alone > 14'000);
}

TEST("single slow updates do not decide") {
  Pace pace;
  size_t alone = 0;
  for (size_t i = 0; i < 5'000; ++i) {
    alone += pace.alone();
    const uint64_t base = pace.alone() ? 14'000 : 10'000;
    pace.took(i % 4 == 3 ? base * 30 : base);
  }
  CHECK(alone < 200);
}

TEST("updates of milliseconds are never tried alone, much slower ones only once") {
  Pace pace;
  CHECK(run(pace, 10'000, 5'000'000, 3'000'000).alone == 0);
  Pace slower, slowest;
  CHECK(run(slower, 100, 30'000, 10'000).alone == 3);
  CHECK(run(slowest, 100, 100'000, 10'000).alone == 1);
}

}  // namespace
}  // namespace downhill::test

TEST_MAIN()
