// What is decided inside a regime by how far apart rows lie: each is a yes or no that changes no bit of the result. The benchmark looks
// where the answers change along its sweeps and inverts one at a time, to time both (bench/regimes.mjs); else nobody watches.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace downhill {

enum class Decision {
  copies_a,        // direct: a block of a transposed A whose steps of k share sets
  copies_b,        // direct: rows of B that share sets
  copies_columns,  // dot order: columns in two groups, before they are turned
  copies_panel,    // swapped: a panel of a transposed A
  copies_rows,     // dot order: few rows that share a set
  copies_turned,   // blocked: a transposed A, rows as they lie
  cuts_strips,     // shallow: eight rows of C at a time
  goes_by_tiles,   // direct: tile by tile, although panel by panel L1 would hold more
  keeps_edge,      // direct: no pass of its own for the last columns
  limits_rows,     // direct: tiles of eight rows of A
  reads_blocks,    // one row: in blocks (few) although a register tile is as wide
  turns_before,    // a transposed B in a pass of its own
  count
};

inline const char* name_of(Decision decision) {
  constexpr const char* kNames[] = {"copies a",    "copies b",      "copies columns", "copies panel", "copies rows",  "copies turned",
                                    "cuts strips", "goes by tiles", "keeps edge",     "limits rows",  "reads blocks", "turns before"};
  static_assert(sizeof(kNames) / sizeof(*kNames) == static_cast<size_t>(Decision::count));
  return kNames[static_cast<int>(decision)];
}

// What was asked since watch_decisions(), and what of it was ever answered with yes, a bit each.
struct Answers {
  uint32_t asked, yes;
};

// Answers are noted from now on, and those of one decision inverted (Decision::count: of none), while no product is under way.
void watch_decisions(Decision inverted);
void stop_watching();
Answers answers();

extern std::atomic<bool> decisions_are_watched;
[[gnu::cold]] bool watched(Decision decision, bool yes);

inline bool decided(Decision decision, bool yes) {
  if (decisions_are_watched.load(std::memory_order_relaxed)) [[unlikely]] return watched(decision, yes);
  return yes;
}

}  // namespace downhill
