// The process's thread pool: persistent, lazy, shared by every environment. The only place that starts threads.
// Work is a number of chunks that workers and the caller take one by one; what a chunk computes must not depend on
// who runs it. A caller that finds the pool busy runs all chunks itself. It is not for blocking work.
#pragma once

#include <cstddef>

namespace downhill {

using ChunkFunction = void (*)(void* context, size_t chunk);

// Runs function(context, i) once for every i in [0, chunks), in any order, and returns when all are done. Cannot fail:
// where memory or threads are short, fewer threads take part. What a chunk throws would end the process.
// The floating-point mode is the chunk's own business (memory/fp_mode.h).
void parallel_run(size_t chunks, ChunkFunction function, void* context) noexcept;

// Threads that take part, the caller included. Default: min(available parallelism, cgroup quota, physical cores),
// or DOWNHILL_THREADS.
size_t pool_threads() noexcept;
void set_pool_threads(size_t threads) noexcept;

// While it lives, the calling thread computes alone: pool_threads() is 1 for it.
class AloneScope {
 public:
  explicit AloneScope(bool alone);
  ~AloneScope();
  AloneScope(const AloneScope&) = delete;
  AloneScope& operator=(const AloneScope&) = delete;

 private:
  bool before_;
};

// Whether a worker takes up a job soon, so that small jobs are worth sharing; as measured on the last jobs. While it does not,
// 256 of 8192 answers in a row are yes, so that somebody tries.
bool pool_is_near();

// The seat of the calling thread: 0 for a thread that submits work, 1, 2, … for the pool's workers. It says where data
// lies in a cache, never what is computed.
size_t pool_seat();

// Environments hold the pool; when the last one lets go, all workers are joined.
void pool_acquire();
void pool_release();

// Calls body(chunk) for each chunk; body may be any callable, captured state included.
template <class Body>
void parallel_for(size_t chunks, Body& body) {
  if (chunks == 1) {
    body(size_t{0});
    return;
  }
  parallel_run(chunks, [](void* context, size_t chunk) { (*static_cast<Body*>(context))(chunk); }, &body);
}

}  // namespace downhill
