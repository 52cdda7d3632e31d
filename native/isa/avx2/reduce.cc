#include "kernels/ops/reduce_table.h"

#include "dispatch/isas.h"

#if DOWNHILL_X86_64
#include "isa/avx2/region.h"

namespace downhill::avx2 {
namespace {
#include "isa/avx2/vec.h"
#include "kernels/vec_common.h"
#include "kernels/ops/reduce.h"
}  // namespace

extern const ReduceTable kReduceTable;
const ReduceTable kReduceTable = {
#include "kernels/ops/reduce_rows.h"
};

}  // namespace downhill::avx2
#include "isa/region_end.h"
#endif
