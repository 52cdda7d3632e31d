#include "test/vec/probe.h"

#include "dispatch/isas.h"

#define DOWNHILL_SCALAR_PROBE 1
#include "isa/scalar/region.h"

namespace downhill::test::scalar {
namespace {
#include "isa/scalar/vec.h"
#include "isa/scalar/few_bits.h"
#include "kernels/vec_common.h"
#include "test/vec/probe_impl.h"
}  // namespace

extern const VecProbe kProbe;
const VecProbe kProbe = {"scalar", probe<VecF32>(), probe<VecF64>(), widen, narrow_all, kFewBitsProbe};

}  // namespace downhill::test::scalar
#include "isa/region_end.h"
