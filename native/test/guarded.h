// An array whose last element lies directly before (or whose first lies directly after) a page that may not be touched.
#pragma once

#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>

namespace downhill::test {

template <class T>
class Guarded {
 public:
  explicit Guarded(size_t capacity) {
    const size_t page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
    inner_ = (capacity * sizeof(T) + page - 1) / page * page;
    total_ = inner_ + 2 * page;
    base_ = static_cast<char*>(mmap(nullptr, total_, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    mprotect(base_ + page, inner_, PROT_READ | PROT_WRITE);
    begin_ = base_ + page;
  }
  ~Guarded() { munmap(base_, total_); }
  Guarded(const Guarded&) = delete;
  Guarded& operator=(const Guarded&) = delete;

  T* first() { return reinterpret_cast<T*>(begin_); }
  // n elements that end where the forbidden page begins
  T* last(size_t n) { return reinterpret_cast<T*>(begin_ + inner_) - n; }

 private:
  char* base_;
  char* begin_;
  size_t inner_, total_;
};

}  // namespace downhill::test
