#include "kernels/optim/tensor/table.h"

#include "dispatch/isas.h"
#include "kernels/ops/reduce_table.h"

#if 1
#include "isa/scalar/region.h"

namespace downhill::scalar {
namespace {
#include "isa/scalar/vec.h"
#include "isa/scalar/vec_u64.h"
#include "isa/scalar/few_bits.h"
#include "kernels/vec_common.h"
#include "kernels/ops/reduce.h"
#include "kernels/optim/driver.h"
#include "kernels/optim/adam.h"
#include "kernels/optim/lion.h"
#include "kernels/optim/sgd.h"
#include "kernels/optim/tensor/sweep.h"
#include "kernels/optim/tensor/lamb.h"
#include "kernels/optim/tensor/lars.h"
#include "kernels/optim/tensor/adafactor.h"
#include "kernels/optim/tensor/muon.h"
#include "kernels/optim/tensor/philox.h"
#include "kernels/optim/tensor/low_state.h"
}  // namespace

extern const TensorOptimTable kOptimTensorTable;
const TensorOptimTable kOptimTensorTable = {
#include "kernels/optim/tensor/rows.h"
};

}  // namespace downhill::scalar
#include "isa/region_end.h"
#endif
