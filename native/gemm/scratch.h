// Scratch memory of the calling thread: grown before work starts, kept between calls, freed with the thread.
#pragma once

#include <cstddef>

namespace downhill {

// At least `bytes` bytes, 64-byte aligned, valid until this thread's next call; null when memory is short.
void* scratch(size_t bytes);

}  // namespace downhill
