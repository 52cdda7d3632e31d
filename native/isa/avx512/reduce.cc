#include "kernels/ops/reduce_table.h"

#include "dispatch/isas.h"

#if DOWNHILL_X86_64
#include "isa/avx512/region.h"

namespace downhill::avx512 {
namespace {
#include "isa/avx512/vec.h"
#include "kernels/vec_common.h"
#include "kernels/ops/reduce.h"
}  // namespace

extern const ReduceTable kReduceTable;
const ReduceTable kReduceTable = {
#include "kernels/ops/reduce_rows.h"
};

}  // namespace downhill::avx512
#include "isa/region_end.h"
#endif
