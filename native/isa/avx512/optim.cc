#include "kernels/optim/table.h"

#include "dispatch/isas.h"

#if DOWNHILL_X86_64
#include "isa/avx512/region.h"

namespace downhill::avx512 {
namespace {
#include "isa/avx512/vec.h"
#include "kernels/vec_common.h"
#include "kernels/optim/rules.h"
}  // namespace

extern const OptimTable kOptimTable;
const OptimTable kOptimTable = {kStepRules, sizeof kStepRules / sizeof kStepRules[0]};

}  // namespace downhill::avx512
#include "isa/region_end.h"
#endif
