#include "kernels/ops/table.h"

#include "dispatch/isas.h"

#if DOWNHILL_ARM64
#include "isa/neon/region.h"

namespace downhill::neon {
namespace {
#include "isa/neon/vec.h"
#include "kernels/vec_common.h"
}  // namespace

extern const OpsTable kOpsTable;
const OpsTable kOpsTable = {0};

}  // namespace downhill::neon
#include "isa/region_end.h"
#endif
