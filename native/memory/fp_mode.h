// Floating-point mode of native work. float32: subnormals read and written as zero (FTZ, DAZ; FZ on arm64).
// float64: plain IEEE. Either way rounding is to nearest and the caller's mode comes back on scope exit.
#pragma once

#include "dispatch/isas.h"

#if DOWNHILL_X86_64
#include <xmmintrin.h>
#endif
#include <cstdint>

namespace downhill {

class FpScope {
 public:
  explicit FpScope(bool flush_subnormals) : saved_(read()) {
    const Word wanted = flush_subnormals ? kDefault | kFlush : kDefault;
    changed_ = (saved_ & kControlMask) != wanted;
    if (changed_) write(wanted);
  }
  ~FpScope() {
    if (changed_) write(saved_);
  }
  FpScope(const FpScope&) = delete;
  FpScope& operator=(const FpScope&) = delete;

#if DOWNHILL_X86_64
  using Word = uint32_t;
  static constexpr Word kDefault = 0x1f80;  // all exceptions masked, round to nearest
  static constexpr Word kFlush = 0x8040;    // FTZ, DAZ
  static constexpr Word kControlMask = 0xffc0;  // not the sticky exception flags
  static Word read() { return _mm_getcsr(); }
  static void write(Word word) { _mm_setcsr(word); }
#elif DOWNHILL_ARM64
  using Word = uint64_t;
  static constexpr Word kDefault = 0;
  static constexpr Word kFlush = 1ull << 24;  // FZ
  static constexpr Word kControlMask = ~Word{0};
  static Word read() {
    Word word;
    __asm__ volatile("mrs %0, fpcr" : "=r"(word));
    return word;
  }
  static void write(Word word) { __asm__ volatile("msr fpcr, %0" : : "r"(word)); }
#else
  using Word = uint32_t;
  static constexpr Word kDefault = 0;
  static constexpr Word kFlush = 0;
  static constexpr Word kControlMask = 0;
  static Word read() { return 0; }
  static void write(Word) {}
#endif

 private:
  Word saved_;
  bool changed_;
};

template <class T>
constexpr bool flushes_subnormals() {
  return sizeof(T) == 4;
}

}  // namespace downhill
