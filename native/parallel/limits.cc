// Nothing here allocates: it runs at the first call, which must work where memory is short.
#include "parallel/limits.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <thread>

#if defined(__linux__)
#include <fcntl.h>
#include <sched.h>
#include <unistd.h>
#endif

namespace downhill {
namespace {

constexpr size_t kNoLimit = 1 << 20;

#if defined(__linux__)
// The beginning of a small file of the kernel's; empty where it is missing.
struct Text {
  char data[128] = {};

  explicit Text(const char* path) {
    const int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) return;
    const ssize_t length = read(file, data, sizeof data - 1);
    data[length < 0 ? 0 : length] = '\0';
    close(file);
  }
};

size_t affinity() {
  cpu_set_t set;
  return sched_getaffinity(0, sizeof set, &set) == 0 ? static_cast<size_t>(CPU_COUNT(&set)) : kNoLimit;
}

size_t share(double quota, double period) {
  if (!(quota > 0 && period > 0)) return kNoLimit;
  return std::max<size_t>(1, static_cast<size_t>(std::ceil(quota / period)));
}

// cgroup v2 cpu.max is "quota period" or "max period"; v1 has the two numbers in files of their own.
size_t cgroup_quota() {
  const Text v2("/sys/fs/cgroup/cpu.max");
  if (v2.data[0] != '\0') {
    char* rest = nullptr;
    const double quota = std::strtod(v2.data, &rest);
    return rest == v2.data ? kNoLimit : share(quota, std::strtod(rest, nullptr));
  }
  const Text quota("/sys/fs/cgroup/cpu/cpu.cfs_quota_us"), period("/sys/fs/cgroup/cpu/cpu.cfs_period_us");
  return share(std::strtod(quota.data, nullptr), std::strtod(period.data, nullptr));
}

// Two hardware threads of one core share its vector units: a core counts at the first of its threads.
size_t physical_cores() {
  size_t cores = 0;
  for (long cpu = 0; cpu < 4096; ++cpu) {
    char path[96];
    std::snprintf(path, sizeof path, "/sys/devices/system/cpu/cpu%ld/topology/thread_siblings_list", cpu);
    const Text siblings(path);
    if (siblings.data[0] == '\0') break;
    if (std::strtol(siblings.data, nullptr, 10) == cpu) ++cores;
  }
  return cores == 0 ? kNoLimit : cores;
}
#else
size_t affinity() { return kNoLimit; }
size_t cgroup_quota() { return kNoLimit; }
size_t physical_cores() { return kNoLimit; }
#endif

// Of the whole machine, for where the limits above are not to be had.
size_t hardware_threads() {
  const unsigned count = std::thread::hardware_concurrency();
  return count ? count : 1;
}

}  // namespace

size_t default_threads() {
  if (const char* text = std::getenv("DOWNHILL_THREADS")) {
    char* end = nullptr;
    const long threads = std::strtol(text, &end, 10);
    if (end != text && *end == '\0' && threads >= 1 && threads <= 1024) return static_cast<size_t>(threads);
  }
  const size_t limit = std::min({affinity(), cgroup_quota(), physical_cores()});
  return limit == kNoLimit ? hardware_threads() : limit;
}

}  // namespace downhill
