#include "gemm/table.h"

#include "dispatch/isas.h"

#if DOWNHILL_ARM64
#include "isa/neon/region.h"

namespace downhill::neon {
namespace {
#include "isa/neon/vec.h"
#include "kernels/vec_common.h"
}  // namespace

extern const GemmTable kGemmTable;
const GemmTable kGemmTable = {0};

}  // namespace downhill::neon
#include "isa/region_end.h"
#endif
