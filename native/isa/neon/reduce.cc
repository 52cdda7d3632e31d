#include "kernels/ops/reduce_table.h"

#include "dispatch/isas.h"

#if DOWNHILL_ARM64
#include "isa/neon/region.h"

namespace downhill::neon {
namespace {
#include "isa/neon/vec.h"
#include "kernels/vec_common.h"
#include "kernels/ops/reduce.h"
}  // namespace

extern const ReduceTable kReduceTable;
const ReduceTable kReduceTable = {
#include "kernels/ops/reduce_rows.h"
};

}  // namespace downhill::neon
#include "isa/region_end.h"
#endif
