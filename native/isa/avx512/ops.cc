#include "kernels/ops/table.h"

#include "dispatch/isas.h"

#if DOWNHILL_X86_64
#include "isa/avx512/region.h"

namespace downhill::avx512 {
namespace {
#include "isa/avx512/vec.h"
#include "kernels/vec_common.h"
#include "isa/avx512/shift.h"
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

}  // namespace downhill::avx512
#include "isa/region_end.h"
#endif
