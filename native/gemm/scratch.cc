#include "gemm/scratch.h"

#include <cstdint>
#include <cstdlib>

#if defined(__linux__)
#include <sys/mman.h>
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

thread_local Holder holder;

}  // namespace

void* scratch(size_t bytes) {
  if (bytes <= holder.bytes) return holder.data;
  if (bytes > SIZE_MAX - kUnit) return nullptr;
  holder.release();
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
  holder.data = data;
  holder.bytes = size;
  return data;
}

}  // namespace downhill
