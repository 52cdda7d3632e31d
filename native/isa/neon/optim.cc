#include "kernels/optim/table.h"

#include "dispatch/isas.h"

#if DOWNHILL_ARM64
#include "isa/neon/region.h"

namespace downhill::neon {
namespace {
#include "isa/neon/vec.h"
#include "kernels/vec_common.h"
#include "kernels/optim/rules.h"
}  // namespace

extern const OptimTable kOptimTable;
const OptimTable kOptimTable = {kStepRules, sizeof kStepRules / sizeof kStepRules[0]};

}  // namespace downhill::neon
#include "isa/region_end.h"
#endif
