#include "parallel/limits.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <set>
#include <string>
#include <thread>
#include <utility>

#if defined(__linux__)
#include <sched.h>
#endif

namespace downhill {
namespace {

constexpr size_t kNoLimit = 1 << 20;

size_t affinity() {
#if defined(__linux__)
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) == 0) return static_cast<size_t>(CPU_COUNT(&set));
#endif
  const unsigned count = std::thread::hardware_concurrency();
  return count ? count : 1;
}

// cgroup v2 cpu.max is "quota period" or "max period"; v1 has the two numbers in files of their own.
size_t cgroup_quota() {
  std::string quota;
  double period = 0;
  std::ifstream v2("/sys/fs/cgroup/cpu.max");
  if (v2 >> quota >> period) {
    if (quota == "max" || period <= 0) return kNoLimit;
    return std::max<size_t>(1, static_cast<size_t>(std::ceil(std::atof(quota.c_str()) / period)));
  }
  double micros = -1;
  std::ifstream("/sys/fs/cgroup/cpu/cpu.cfs_quota_us") >> micros;
  std::ifstream("/sys/fs/cgroup/cpu/cpu.cfs_period_us") >> period;
  if (micros > 0 && period > 0) return std::max<size_t>(1, static_cast<size_t>(std::ceil(micros / period)));
  return kNoLimit;
}

// Distinct (package, core) pairs: two hardware threads of one core share its vector units.
size_t physical_cores() {
  std::set<std::pair<int, int>> cores;
  for (int cpu = 0; cpu < 4096; ++cpu) {
    const std::string base = "/sys/devices/system/cpu/cpu" + std::to_string(cpu) + "/topology/";
    int package = -1, core = -1;
    std::ifstream(base + "physical_package_id") >> package;
    if (!(std::ifstream(base + "core_id") >> core)) break;
    cores.insert({package, core});
  }
  return cores.empty() ? kNoLimit : cores.size();
}

}  // namespace

size_t default_threads() {
  if (const char* text = std::getenv("DOWNHILL_THREADS")) {
    char* end = nullptr;
    const long threads = std::strtol(text, &end, 10);
    if (end != text && *end == '\0' && threads >= 1 && threads <= 1024) return static_cast<size_t>(threads);
  }
  return std::max<size_t>(1, std::min({affinity(), cgroup_quota(), physical_cores()}));
}

}  // namespace downhill
