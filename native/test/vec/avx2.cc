#include "test/vec/probe.h"

#include "dispatch/isas.h"

#if DOWNHILL_X86_64
#include "isa/avx2/region.h"

namespace downhill::test::avx2 {
namespace {
#include "isa/avx2/vec.h"
#include "isa/avx2/few_bits.h"
#include "kernels/vec_common.h"
#include "test/vec/probe_impl.h"
}  // namespace

extern const VecProbe kProbe;
const VecProbe kProbe = {"avx2", probe<VecF32>(), probe<VecF64>(), widen, narrow_all, kFewBitsProbe};

}  // namespace downhill::test::avx2
#include "isa/region_end.h"
#endif
