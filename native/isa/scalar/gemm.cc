#include "gemm/table.h"

#include "dispatch/isas.h"

#if 1
#include "isa/scalar/region.h"

namespace downhill::scalar {
namespace {
#include "isa/scalar/vec.h"
#include "kernels/vec_common.h"
}  // namespace

extern const GemmTable kGemmTable;
const GemmTable kGemmTable = {0};

}  // namespace downhill::scalar
#include "isa/region_end.h"
#endif
