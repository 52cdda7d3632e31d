#include "gemm/scratch.h"

#include <cstdint>
#include <cstdlib>
#include <new>

#if defined(__linux__)
#include <sys/mman.h>
#endif
#if !defined(_WIN32)
#include <pthread.h>
#endif

namespace downhill {
namespace {

constexpr size_t kUnit = size_t{2} << 20;  // one large page: panels are read in long strides

struct Holder {
  void* data = nullptr;
  size_t bytes = 0;
  ~Holder() { release(); }

  void release() {
#if defined(_WIN32)
    _aligned_free(data);
#else
    std::free(data);
#endif
    data = nullptr;
    bytes = 0;
  }
};

// The calling thread's holder; null when memory is short.
#if defined(_WIN32)
Holder* own_holder() {
  thread_local Holder holder;
  return &holder;
}
#else
// Not thread_local: where memory is short, the C library ends the process when a loaded library's thread-local variable
// is first touched or its destructor registered. These calls say so instead.
struct Key {
  pthread_key_t key;
  bool made;
  Key() { made = pthread_key_create(&key, [](void* holder) { delete static_cast<Holder*>(holder); }) == 0; }
};

Holder* own_holder() {
  static const Key holders;
  if (!holders.made) return nullptr;
  Holder* holder = static_cast<Holder*>(pthread_getspecific(holders.key));
  if (holder != nullptr) return holder;
  holder = new (std::nothrow) Holder;
  if (holder != nullptr && pthread_setspecific(holders.key, holder) == 0) return holder;
  delete holder;
  return nullptr;
}
#endif

}  // namespace

void* scratch(size_t bytes) {
  Holder* const holder = own_holder();
  if (holder == nullptr || bytes > SIZE_MAX - kUnit) return nullptr;
  if (bytes <= holder->bytes) return holder->data;
  holder->release();
  const size_t size = (bytes + kUnit - 1) / kUnit * kUnit;
#if defined(_WIN32)
  void* data = _aligned_malloc(size, kUnit);
#else
  void* data = std::aligned_alloc(kUnit, size);
#endif
  if (data == nullptr) return nullptr;
#if defined(__linux__)
  madvise(data, size, MADV_HUGEPAGE);
#endif
  holder->data = data;
  holder->bytes = size;
  return data;
}

}  // namespace downhill
