// Matrix multiply kernels of this ISA: tile sizes and the table.
#include "gemm/table.h"

#include "dispatch/isas.h"

#if DOWNHILL_X86_64
#include "isa/avx2/region.h"

namespace downhill::avx2 {
namespace {
#include "isa/avx2/vec.h"
#include "kernels/vec_common.h"
#include "isa/avx2/shift.h"
#include "kernels/ops/math.h"
#include "kernels/ops/activations.h"

// 16 registers: rows * vectors accumulators, one row of B, one element of A.
constexpr size_t kTileRows[kMaxVectors + 1] = {0, 12, 6, 4, 3, 2, 2, 1, 1, 1, 1, 1, 1};
constexpr size_t kWidest = 2;
constexpr size_t kFewVectors[kMaxFewRows + 1] = {0, 12};  // more rows keep the pipelines busy in tiles, however B comes
constexpr size_t kTurningRows[kMaxTurning + 1] = {};
constexpr size_t kDotAccumulators = 12;
constexpr size_t kDotParts = 1;  // of the 16 lanes at once
constexpr bool kHasShortDots = false;
constexpr size_t kMostTurned = 0;  // columns that dot products turn at once
constexpr size_t kShallowRegisters = 15;
constexpr bool kMaskIsFree = false;
constexpr bool kHasEdges = true;
constexpr bool kHasPairs = false;

#include "gemm/kernels/unroll.h"
#include "gemm/kernels/load_once.h"
#include "isa/avx2/transpose.h"
#include "gemm/kernels/transpose_registers.h"
#include "gemm/kernels/lanes.h"
#include "isa/avx2/combine.h"
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

}  // namespace downhill::avx2
#include "isa/region_end.h"
#endif
