#include "test/vec/probe.h"

#include "dispatch/isas.h"

#if DOWNHILL_ARM64
#include "isa/neon/region.h"

namespace downhill::test::neon {
namespace {
#include "isa/neon/vec.h"
#include "isa/neon/few_bits.h"
#include "kernels/vec_common.h"
#include "test/vec/probe_impl.h"
}  // namespace

extern const VecProbe kProbe;
const VecProbe kProbe = {"neon", probe<VecF32>(), probe<VecF64>(), widen, narrow_all, kFewBitsProbe};

}  // namespace downhill::test::neon
#include "isa/region_end.h"
#endif
