// Aligned, reference-counted memory that the addon owns: 64-byte aligned, zeroed, 2 MiB pages advised from 2 MiB on.
// Freed when the last holder (JavaScript's ArrayBuffer, a plan, a pending call) lets go.
#pragma once

#include <cstddef>

namespace downhill {

struct Buffer;

// A zeroed buffer with one reference, or null when memory is short. bytes = 0 gives a valid, non-null pointer.
Buffer* buffer_create(size_t bytes);
void buffer_retain(Buffer* buffer);
void buffer_release(Buffer* buffer);
void* buffer_data(const Buffer* buffer);
size_t buffer_bytes(const Buffer* buffer);

// The buffer whose memory contains [data, data + bytes), retained for the caller, or null where the memory is not ours.
Buffer* buffer_find(const void* data, size_t bytes);

}  // namespace downhill
