#include "optim/rules.h"

#include <cstring>

#include "dispatch/dispatch.h"
#include "kernels/optim/table.h"
#include "optim/tensor/work.h"

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
  size_t count = 0;
  const TensorRule* whole = tensor_rules(&count);
  for (size_t i = 0; i < count; ++i) {
    if (std::strcmp(whole[i].name, name) == 0) return table.rule_count + i;
  }
  return kNoRule;
}

const TensorRule* tensor_rule_of(size_t rule) {
  const size_t elementwise = kernels().optim->rule_count;
  size_t count = 0;
  return rule < elementwise ? nullptr : tensor_rules(&count) + (rule - elementwise);
}

size_t rule_slots(size_t rule) {
  const TensorRule* whole = tensor_rule_of(rule);
  return words(whole != nullptr ? whole->slots : kernels().optim->rules[rule].slots);
}

bool rule_has_history(size_t rule) { return tensor_rule_of(rule) == nullptr && kernels().optim->rules[rule].history; }

size_t rule_coefficients(size_t rule) {
  const TensorRule* whole = tensor_rule_of(rule);
  return words(whole != nullptr ? whole->coefficients : kernels().optim->rules[rule].coefficients);
}

}  // namespace downhill
