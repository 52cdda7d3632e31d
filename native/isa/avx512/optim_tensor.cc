#include "kernels/optim/tensor/table.h"

#include "dispatch/isas.h"
#include "kernels/ops/reduce_table.h"

#if DOWNHILL_X86_64
#include "isa/avx512/region.h"

namespace downhill::avx512 {
namespace {
#include "isa/avx512/vec.h"
#include "isa/avx512/vec_u64.h"
#include "isa/avx512/few_bits.h"
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

}  // namespace downhill::avx512
#include "isa/region_end.h"
#endif
