#include "memory/buffer.h"

#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <map>
#include <mutex>
#include <new>

#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace downhill {

struct Buffer {
  std::atomic<size_t> references{1};
  void* data = nullptr;
  size_t bytes = 0;
};

namespace {

constexpr size_t kAlignment = 64;
constexpr size_t kHugePage = size_t{2} << 20;

// Live buffers by address, so that a typed array's memory can be recognised as ours.
std::mutex registry_lock;
using Registry = std::map<uintptr_t, Buffer*>;
Registry& registry() {
  // Never destroyed, because buffers outlive static objects; in place, so that looking something up cannot fail.
  alignas(Registry) static unsigned char memory[sizeof(Registry)];
  static Registry* const buffers = new (memory) Registry;
  return *buffers;
}

size_t rounded(size_t bytes, size_t unit) { return (bytes + unit - 1) / unit * unit; }

#if defined(__linux__)
// Large buffers come straight from the kernel: zero without being touched, so a size that does not fit in memory is
// refused or paid for page by page, and whole 2 MiB pages can back them.
void* map_zeroed(size_t size) {
  const size_t reserved = size + kHugePage;
  void* raw = mmap(nullptr, reserved, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (raw == MAP_FAILED) return nullptr;
  const uintptr_t begin = reinterpret_cast<uintptr_t>(raw);
  const uintptr_t aligned = rounded(begin, kHugePage);
  if (aligned != begin) munmap(raw, aligned - begin);
  munmap(reinterpret_cast<void*>(aligned + size), begin + reserved - (aligned + size));
  madvise(reinterpret_cast<void*>(aligned), size, MADV_HUGEPAGE);
  return reinterpret_cast<void*>(aligned);
}
#endif

void* aligned_zeroed(size_t bytes) {
  if (bytes > SIZE_MAX / 2) return nullptr;
#if defined(__linux__)
  if (bytes >= kHugePage) return map_zeroed(rounded(bytes, kHugePage));
#endif
  const size_t size = rounded(bytes ? bytes : 1, kAlignment);
#if defined(_WIN32)
  void* data = _aligned_malloc(size, kAlignment);
#else
  void* data = std::aligned_alloc(kAlignment, size);
#endif
  if (data != nullptr) std::memset(data, 0, size);
  return data;
}

void aligned_free(void* data, size_t bytes) {
#if defined(__linux__)
  if (bytes >= kHugePage) {
    munmap(data, rounded(bytes, kHugePage));
    return;
  }
#endif
#if defined(_WIN32)
  _aligned_free(data);
#else
  std::free(data);
#endif
}

}  // namespace

Buffer* buffer_create(size_t bytes) {
  Buffer* buffer = new (std::nothrow) Buffer;
  if (buffer == nullptr) return nullptr;
  buffer->bytes = bytes;
  buffer->data = aligned_zeroed(bytes);
  if (buffer->data == nullptr) {
    delete buffer;
    return nullptr;
  }
  try {
    std::lock_guard<std::mutex> lock(registry_lock);
    registry().emplace(reinterpret_cast<uintptr_t>(buffer->data), buffer);
  } catch (const std::bad_alloc&) {
    aligned_free(buffer->data, buffer->bytes);
    delete buffer;
    return nullptr;
  }
  return buffer;
}

void buffer_retain(Buffer* buffer) { buffer->references.fetch_add(1, std::memory_order_relaxed); }

void buffer_release(Buffer* buffer) {
  // The lock keeps buffer_find from handing out a buffer whose last reference is being dropped.
  {
    std::lock_guard<std::mutex> lock(registry_lock);
    if (buffer->references.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
    registry().erase(reinterpret_cast<uintptr_t>(buffer->data));
  }
  aligned_free(buffer->data, buffer->bytes);
  delete buffer;
}

void* buffer_data(const Buffer* buffer) { return buffer->data; }

size_t buffer_bytes(const Buffer* buffer) { return buffer->bytes; }

Buffer* buffer_find(const void* data, size_t bytes) {
  const uintptr_t address = reinterpret_cast<uintptr_t>(data);
  std::lock_guard<std::mutex> lock(registry_lock);
  auto above = registry().upper_bound(address);
  if (above == registry().begin()) return nullptr;
  Buffer* buffer = std::prev(above)->second;
  const uintptr_t begin = reinterpret_cast<uintptr_t>(buffer->data);
  if (bytes > buffer->bytes || address - begin > buffer->bytes - bytes) return nullptr;
  buffer_retain(buffer);
  return buffer;
}

}  // namespace downhill
