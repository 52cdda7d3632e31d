#include "kernels/ops/reduce_table.h"

#include "dispatch/isas.h"

#if 1
#include "isa/scalar/region.h"

namespace downhill::scalar {
namespace {
#include "isa/scalar/vec.h"
#include "kernels/vec_common.h"
#include "kernels/ops/reduce.h"
}  // namespace

extern const ReduceTable kReduceTable;
const ReduceTable kReduceTable = {
#include "kernels/ops/reduce_rows.h"
};

}  // namespace downhill::scalar
#include "isa/region_end.h"
#endif
