// Matrix multiply kernels of this ISA: tile sizes and the table.
#include "gemm/table.h"

#include "dispatch/isas.h"

#if DOWNHILL_X86_64
#include "isa/avx512/region.h"

namespace downhill::avx512 {
namespace {
#include "isa/avx512/vec.h"
#include "kernels/vec_common.h"
#include "isa/avx512/shift.h"
#include "kernels/ops/math.h"
#include "kernels/ops/activations.h"

// 32 registers: rows * vectors accumulators, one row of B, one element of A. Few rows get wider tiles, so that
// enough chains are in flight and rows of B are read from end to end: L2 gives 60 bytes a cycle then, 30 else.
constexpr size_t kTileRows[kMaxVectors + 1] = {0, 24, 14, 9, 6, 5, 4, 3, 3, 3, 2, 2, 2, 2, 2,
                                               1, 1,  1,  1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1};
constexpr size_t kWidest = 4;
constexpr size_t kFewVectors[kMaxFewRows + 1] = {0, 12, 12, 9};  // of a block of few rows: with so many rows of C
constexpr size_t kTurningRows[kMaxTurning + 1] = {0, 12, 12, 8, 6};  // of a tile that turns B: four more registers
constexpr size_t kDotAccumulators = 24;
constexpr size_t kDotParts = 2;  // of the 16 lanes at once
constexpr bool kHasShortDots = true;
constexpr size_t kMostTurned = 8;  // columns that dot products turn at once
constexpr size_t kShallowRegisters = 31;
constexpr bool kMaskIsFree = true;
constexpr bool kHasEdges = true;
constexpr bool kHasPairs = true;

#include "gemm/kernels/unroll.h"
#include "gemm/kernels/load_once.h"
#include "isa/avx512/transpose.h"
#include "isa/avx512/pairs.h"
#include "gemm/kernels/transpose_registers.h"
#include "isa/avx512/combine.h"
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

}  // namespace downhill::avx512
#include "isa/region_end.h"
#endif
