#include "kernels/optim/table.h"

#include "dispatch/isas.h"

#if DOWNHILL_X86_64
#include "isa/avx2/region.h"

namespace downhill::avx2 {
namespace {
#include "isa/avx2/vec.h"
#include "kernels/vec_common.h"
#include "kernels/optim/rules.h"
}  // namespace

extern const OptimTable kOptimTable;
const OptimTable kOptimTable = {kStepRules, sizeof kStepRules / sizeof kStepRules[0]};

}  // namespace downhill::avx2
#include "isa/region_end.h"
#endif
