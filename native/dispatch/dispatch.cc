#include "dispatch/dispatch.h"

#include <atomic>
#include <cstdlib>
#include <cstring>

#include "dispatch/cpu.h"
#include "dispatch/isas.h"

namespace downhill {

#define DOWNHILL_DECLARE(isa, lanes)         \
  namespace isa {                            \
  extern const GemmTable kGemmTable;         \
  extern const OptimTable kOptimTable;       \
  extern const TensorOptimTable kOptimTensorTable; \
  extern const OpsTable kOpsTable;           \
  extern const ReduceTable kReduceTable;     \
  extern const GradientTable kGradientsTable; \
  }
DOWNHILL_ISAS(DOWNHILL_DECLARE)
#undef DOWNHILL_DECLARE

namespace {

constexpr const char* kKnown[] = {"avx512", "avx2", "neon", "scalar"};

const KernelTable kTables[] = {
#define DOWNHILL_ROW(isa, lanes) {#isa, lanes, &isa::kGemmTable, &isa::kOptimTable, &isa::kOptimTensorTable, &isa::kOpsTable, &isa::kReduceTable, &isa::kGradientsTable},
    DOWNHILL_ISAS(DOWNHILL_ROW)
#undef DOWNHILL_ROW
};

bool runs_here(const char* name) {
  const CpuFeatures& cpu = cpu_features();
  if (std::strcmp(name, "avx512") == 0) return cpu.avx512;
  if (std::strcmp(name, "avx2") == 0) return cpu.avx2;
  if (std::strcmp(name, "neon") == 0) return cpu.neon;
  return true;
}

const KernelTable* best() {
  for (const KernelTable& table : kTables) {
    if (runs_here(table.name)) return &table;
  }
  return nullptr;  // unreachable: scalar runs everywhere
}

const KernelTable* initial() {
  const char* wanted = std::getenv("DOWNHILL_ISA");
  const KernelTable* table = wanted ? table_of(wanted) : nullptr;
  return table ? table : best();
}

}  // namespace

std::atomic<const KernelTable*> active_table{nullptr};

const KernelTable* choose_table() {
  const KernelTable* unset = nullptr;
  const KernelTable* table = initial();
  return active_table.compare_exchange_strong(unset, table) ? table : unset;
}

const KernelTable* table_of(const char* name) {
  for (const KernelTable& table : kTables) {
    if (std::strcmp(table.name, name) == 0 && runs_here(name)) return &table;
  }
  return nullptr;
}

bool select_isa(const char* name) {
  const KernelTable* table = table_of(name);
  if (table == nullptr) return false;
  active_table.store(table, std::memory_order_relaxed);
  return true;
}

size_t available_isas(const char** names, size_t capacity) {
  size_t count = 0;
  for (const KernelTable& table : kTables) {
    if (!runs_here(table.name)) continue;
    if (count < capacity) names[count] = table.name;
    ++count;
  }
  return count;
}

bool is_known_isa(const char* name) {
  for (const char* known : kKnown) {
    if (std::strcmp(known, name) == 0) return true;
  }
  return false;
}

}  // namespace downhill
