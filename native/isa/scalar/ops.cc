#include "kernels/ops/table.h"

#include "dispatch/isas.h"

#if 1
#include "isa/scalar/region.h"

namespace downhill::scalar {
namespace {
#include "isa/scalar/vec.h"
#include "kernels/vec_common.h"
#include "isa/scalar/shift.h"
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

}  // namespace downhill::scalar
#include "isa/region_end.h"
#endif
