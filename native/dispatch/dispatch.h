// The one place where an ISA is chosen. Everything above asks kernels() and never names an ISA.
#pragma once

#include <atomic>

#include "dispatch/table.h"

namespace downhill {

extern std::atomic<const KernelTable*> active_table;  // null until somebody asks
const KernelTable* choose_table();

// The active table: DOWNHILL_ISA where it is set and valid, else the best that the machine runs. Two instructions once
// it is chosen: small products ask for it every 10 ns.
inline const KernelTable& kernels() {
  const KernelTable* table = active_table.load(std::memory_order_relaxed);
  return *(table != nullptr ? table : choose_table());
}

// Makes `name` the active ISA; false (and no change) where it is unknown or the machine lacks it.
bool select_isa(const char* name);

// Names the machine can run, best first; writes up to `capacity` and returns how many there are.
size_t available_isas(const char** names, size_t capacity);

// True where `name` is an ISA of this project on any architecture.
bool is_known_isa(const char* name);

// The table of an ISA that the machine runs, or null. For tests that compare ISAs side by side.
const KernelTable* table_of(const char* name);

}  // namespace downhill
