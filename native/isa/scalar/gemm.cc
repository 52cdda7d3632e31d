// Matrix multiply kernels of this ISA: tile sizes and the table.
#include "gemm/table.h"

#include "dispatch/isas.h"

#if 1
#include "isa/scalar/region.h"

namespace downhill::scalar {
namespace {
#include "isa/scalar/vec.h"
#include "kernels/vec_common.h"
#include "isa/scalar/shift.h"
#include "kernels/ops/math.h"
#include "kernels/ops/activations.h"

// 16 registers on most machines; the repair of the fused multiply-add takes some of them.
constexpr size_t kTileRows[kMaxVectors + 1] = {0, 4, 4, 2, 2};
constexpr size_t kWidest = 2;
constexpr size_t kFewVectors[kMaxFewRows + 1] = {};
constexpr size_t kTurningRows[kMaxTurning + 1] = {};
constexpr size_t kDotAccumulators = 8;
constexpr size_t kDotParts = 4;  // of the 16 lanes at once
constexpr bool kHasShortDots = false;
constexpr size_t kMostTurned = 0;  // columns that dot products turn at once
constexpr size_t kShallowRegisters = 0;
constexpr bool kMaskIsFree = false;
constexpr bool kHasEdges = false;
constexpr bool kHasPairs = false;

#include "gemm/kernels/unroll.h"
#include "gemm/kernels/load_once.h"
#include "gemm/kernels/transpose.h"
#include "gemm/kernels/lanes.h"
#include "gemm/kernels/combine.h"
#include "gemm/kernels/activate.h"
#include "gemm/kernels/finish.h"
#include "gemm/kernels/tile.h"
#include "gemm/kernels/turning.h"
#include "gemm/kernels/few.h"
#include "gemm/kernels/shallow.h"
#include "gemm/kernels/edge.h"
#include "gemm/kernels/pairs.h"
#include "gemm/kernels/dot_short.h"
#include "gemm/kernels/dot.h"
#include "gemm/kernels/dot_turned.h"
#include "gemm/kernels/dot_columns.h"
#include "gemm/kernels/pack.h"
#include "gemm/kernels/set.h"
}  // namespace

extern const GemmTable kGemmTable;
constexpr GemmTable kGemmTable = {kernel_set<VecF32>(), kernel_set<VecF64>()};

}  // namespace downhill::scalar
#include "isa/region_end.h"
#endif
