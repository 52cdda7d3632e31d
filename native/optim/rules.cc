#include "optim/rules.h"

#include <cstring>

#include "dispatch/dispatch.h"
#include "kernels/optim/table.h"

namespace downhill {
namespace {

size_t words(const char* text) {
  size_t count = 0;
  for (bool inside = false; *text; ++text) {
    if (*text == ' ') {
      inside = false;
    } else if (!inside) {
      inside = true;
      ++count;
    }
  }
  return count;
}

}  // namespace

size_t rule_find(const char* name) {
  const OptimTable& table = *kernels().optim;
  for (size_t i = 0; i < table.rule_count; ++i) {
    if (std::strcmp(table.rules[i].name, name) == 0) return i;
  }
  return kNoRule;
}

size_t rule_slots(size_t rule) { return words(kernels().optim->rules[rule].slots); }

bool rule_has_history(size_t rule) { return kernels().optim->rules[rule].history; }

size_t rule_coefficients(size_t rule) { return words(kernels().optim->rules[rule].coefficients); }

}  // namespace downhill
