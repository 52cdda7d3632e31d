// The kernels of one ISA, as tables of function pointers. Each field is owned by the family whose header defines it.
#pragma once

#include <cstddef>

namespace downhill {

struct GemmTable;   // gemm/table.h
struct OptimTable;  // kernels/optim/table.h
struct TensorOptimTable;  // kernels/optim/tensor/table.h
struct OpsTable;    // kernels/ops/table.h
struct ReduceTable; // kernels/ops/reduce_table.h
struct GradientTable;  // kernels/gradients/table.h

struct KernelTable {
  const char* name;    // "avx512" | "avx2" | "neon" | "scalar"
  size_t lanes_f32;    // float32 elements per vector register
  const GemmTable* gemm;
  const OptimTable* optim;
  const TensorOptimTable* tensor_optim;
  const OpsTable* ops;
  const ReduceTable* reduce;
  const GradientTable* gradients;
};

}  // namespace downhill
