#include "kernels/ops/table.h"

#include "dispatch/isas.h"

#if DOWNHILL_ARM64
#include "isa/neon/region.h"

namespace downhill::neon {
namespace {
#include "isa/neon/vec.h"
#include "kernels/vec_common.h"
#include "isa/neon/shift.h"
#include "kernels/ops/math.h"
#include "kernels/ops/activations.h"
#include "kernels/ops/elementwise.h"
#include "kernels/ops/sums.h"
#include "kernels/ops/softmax.h"
#include "kernels/ops/normalize.h"
#include "kernels/ops/random.h"
#include "kernels/ops/all.h"
}  // namespace

extern const OpsTable kOpsTable;
const OpsTable kOpsTable = {ops_kernels<VecF32>(), ops_kernels<VecF64>()};

}  // namespace downhill::neon
#include "isa/region_end.h"
#endif
