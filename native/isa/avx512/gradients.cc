#include "kernels/gradients/table.h"

#include "dispatch/isas.h"
#include "kernels/ops/reduce_table.h"

#if DOWNHILL_X86_64
#include "isa/avx512/region.h"

namespace downhill::avx512 {
namespace {
#include "isa/avx512/vec.h"
#include "kernels/vec_common.h"
#include "kernels/ops/reduce.h"
#include "kernels/optim/clamp.h"
#include "kernels/gradients/kernels.h"
}  // namespace

extern const GradientTable kGradientsTable;
const GradientTable kGradientsTable = {gradient_kernels<VecF32>(), gradient_kernels<VecF64>()};

}  // namespace downhill::avx512
#include "isa/region_end.h"
#endif
