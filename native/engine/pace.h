// Whether the updates of a loop run faster on one thread. It cannot be computed: handing data from core to core costs 45 ns
// a line where the cores share a cache and 500 ns where they do not, or where a virtual machine's processors moved; a step
// of 784-256-128-10 on one sample takes 42 µs on two threads and 53 on one there, 120 and 54 here. So both ways are tried
// from time to time and the faster one is kept. Bits never depend on it.
#pragma once

#include <cstddef>
#include <cstdint>

namespace downhill {

class Pace {
 public:
  // How the next update is to run.
  bool alone() const { return alone_; }
  // What the last one took, in nanoseconds.
  void took(uint64_t nanoseconds);

 private:
  enum class Stage { together, alone, settled };
  void begin(Stage stage, bool alone);
  void settle(bool alone);

  // After a change the caches fill anew: these updates do not count.
  static constexpr size_t kWarm = 2;
  static constexpr size_t kSamples = 5;
  // Updates until the next trial: more, the longer the outcome stays the same.
  static constexpr size_t kFirstInterval = 128, kLastInterval = 4096;
  // An update this long is faster on all threads anywhere.
  static constexpr uint64_t kLong = 2'000'000;

  Stage stage_ = Stage::together;
  bool alone_ = false;
  bool last_winner_ = false;
  size_t seen_ = 0;
  size_t interval_ = kFirstInterval;
  uint64_t samples_[kSamples] = {};
  uint64_t together_ = 0;
};

}  // namespace downhill
