#include "kernels/gradients/table.h"

#include "dispatch/isas.h"
#include "kernels/ops/reduce_table.h"

#if DOWNHILL_ARM64
#include "isa/neon/region.h"

namespace downhill::neon {
namespace {
#include "isa/neon/vec.h"
#include "kernels/vec_common.h"
#include "kernels/ops/reduce.h"
#include "kernels/optim/clamp.h"
#include "kernels/gradients/kernels.h"
}  // namespace

extern const GradientTable kGradientsTable;
const GradientTable kGradientsTable = {gradient_kernels<VecF32>(), gradient_kernels<VecF64>()};

}  // namespace downhill::neon
#include "isa/region_end.h"
#endif
