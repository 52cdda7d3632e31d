#include "kernels/optim/table.h"

#include "dispatch/isas.h"

#if 1
#include "isa/scalar/region.h"

namespace downhill::scalar {
namespace {
#include "isa/scalar/vec.h"
#include "kernels/vec_common.h"
#include "kernels/optim/rules.h"
}  // namespace

extern const OptimTable kOptimTable;
const OptimTable kOptimTable = {kStepRules, sizeof kStepRules / sizeof kStepRules[0]};

}  // namespace downhill::scalar
#include "isa/region_end.h"
#endif
