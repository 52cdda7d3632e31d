// The rules that this build has, the same in every ISA's table.
#pragma once

#include <cstddef>

namespace downhill {

constexpr size_t kNoRule = ~size_t{0};

// Index of the rule called `name`, or kNoRule.
size_t rule_find(const char* name);
size_t rule_slots(size_t rule);
// True where slot 0 is a ring of several rows of the parameter's length.
bool rule_has_history(size_t rule);
// The rule's description where it needs whole tensors, null where it is element-wise.
struct TensorRule;
const TensorRule* tensor_rule_of(size_t rule);
// How many coefficients of its own a rule takes.
size_t rule_coefficients(size_t rule);

}  // namespace downhill
