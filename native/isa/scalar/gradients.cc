#include "kernels/gradients/table.h"

#include "dispatch/isas.h"
#include "kernels/ops/reduce_table.h"

#if 1
#include "isa/scalar/region.h"

namespace downhill::scalar {
namespace {
#include "isa/scalar/vec.h"
#include "kernels/vec_common.h"
#include "kernels/ops/reduce.h"
#include "kernels/optim/clamp.h"
#include "kernels/gradients/kernels.h"
}  // namespace

extern const GradientTable kGradientsTable;
const GradientTable kGradientsTable = {gradient_kernels<VecF32>(), gradient_kernels<VecF64>()};

}  // namespace downhill::scalar
#include "isa/region_end.h"
#endif
