// How many threads this process should use when nobody says.
#pragma once

#include <cstddef>

namespace downhill {

// DOWNHILL_THREADS where it is a positive integer, else the smallest of available parallelism (affinity), cgroup
// quota rounded up and physical cores; at least 1.
size_t default_threads();

}  // namespace downhill
