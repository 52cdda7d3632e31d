// Owned memory: alignment, zeroes, references, recognition by address, refusal of what does not fit.
#include <cstdint>
#include <cstring>
#include <thread>
#include <vector>

#include "memory/buffer.h"
#include "test/test.h"

namespace downhill::test {
namespace {

TEST("buffers are aligned, zeroed and as long as asked") {
  for (size_t bytes : {size_t{0}, size_t{1}, size_t{63}, size_t{64}, size_t{4097}, (size_t{2} << 20) - 1, size_t{2} << 20,
                       (size_t{5} << 20) + 12}) {
    Buffer* buffer = buffer_create(bytes);
    CHECK(buffer != nullptr);
    unsigned char* data = static_cast<unsigned char*>(buffer_data(buffer));
    CHECK(data != nullptr && reinterpret_cast<uintptr_t>(data) % 64 == 0);
    CHECK(bytes < (size_t{2} << 20) || reinterpret_cast<uintptr_t>(data) % (size_t{2} << 20) == 0);
    CHECK(buffer_bytes(buffer) == bytes);
    for (size_t i = 0; i < bytes; ++i) {
      if (data[i] != 0) CHECK(!"zeroed");
    }
    if (bytes > 0) std::memset(data, 0xab, bytes);
    buffer_release(buffer);
  }
}

TEST("an absurd size gives null, not a crash") {
  for (size_t bytes : {SIZE_MAX, SIZE_MAX - 63, SIZE_MAX / 2 + 1, SIZE_MAX / 2, size_t{1} << 62}) CHECK(buffer_create(bytes) == nullptr);
}

TEST("memory is recognised from any range inside it and from none outside") {
  Buffer* buffer = buffer_create(1000);
  char* data = static_cast<char*>(buffer_data(buffer));
  Buffer* whole = buffer_find(data, 1000);
  Buffer* inside = buffer_find(data + 400, 600);
  CHECK(whole == buffer && inside == buffer);
  CHECK(buffer_find(data + 400, 601) == nullptr);
  CHECK(buffer_find(data - 1, 2) == nullptr);
  CHECK(buffer_find(data, SIZE_MAX) == nullptr);
  int local = 0;
  CHECK(buffer_find(&local, sizeof local) == nullptr);
  CHECK(buffer_find(nullptr, 0) == nullptr);
  buffer_release(whole);
  buffer_release(inside);
  buffer_release(buffer);
}

TEST("a buffer outlives its owner while somebody holds it") {
  Buffer* buffer = buffer_create(256);
  char* data = static_cast<char*>(buffer_data(buffer));
  Buffer* held = buffer_find(data, 256);
  buffer_release(buffer);
  data[255] = 1;
  Buffer* again = buffer_find(data, 1);
  CHECK(again == held);
  buffer_release(again);
  buffer_release(held);
  CHECK(buffer_find(data, 1) == nullptr);
}

TEST("threads create, find and release at once") {
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([t] {
      for (size_t i = 0; i < 2000; ++i) {
        Buffer* buffer = buffer_create(64 + i % 7 * static_cast<size_t>(t + 1));
        Buffer* found = buffer_find(buffer_data(buffer), 64);
        buffer_release(buffer);
        if (found != nullptr) buffer_release(found);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace downhill::test

TEST_MAIN()
