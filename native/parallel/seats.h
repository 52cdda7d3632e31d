// Chunks that have a home. Data that every step writes again (parameters, optimizer state) is fastest where it was left:
// in the second-level cache of the core that wrote it. So each thread begins with its own share of the chunks, the same
// in every job of as many chunks, and helps the others when that is done. Which thread runs a chunk never changes bits.
#pragma once

#include <atomic>
#include <cstddef>

#include "parallel/pool.h"

namespace downhill {

constexpr size_t kMostSeats = 32;

template <class Body>
void parallel_for_seats(size_t chunks, Body& body) {
  struct alignas(64) Share {
    std::atomic<size_t> next;
    size_t end;
  };
  size_t seats = pool_threads();
  if (seats > kMostSeats) seats = kMostSeats;
  if (seats > chunks) seats = chunks;
  if (seats < 2) {
    for (size_t i = 0; i < chunks; ++i) body(i);
    return;
  }
  if (seats == 2 && chunks == 2) return parallel_for(chunks, body);  // one each: the pool gives the caller the first
  Share shares[kMostSeats];
  for (size_t s = 0; s < seats; ++s) {
    shares[s].next.store(chunks * s / seats, std::memory_order_relaxed);
    shares[s].end = chunks * (s + 1) / seats;
  }
  auto serve = [&](size_t) {
    const size_t own = pool_seat();
    for (size_t k = 0; k < seats; ++k) {
      Share& share = shares[(own + k) % seats];
      for (;;) {
        const size_t chunk = share.next.fetch_add(1, std::memory_order_relaxed);
        if (chunk >= share.end) break;
        body(chunk);
      }
    }
  };
  parallel_for(seats, serve);
}

}  // namespace downhill
