// The same product for many matrices at equal distances. Each item has the bits of that product alone.
#pragma once

#include <cstddef>

#include "gemm/gemm.h"

namespace downhill {

// Item i works on a + i * stride_a and so on (stride_r: the residual); a stride of 0 uses one matrix for all items (not for C).
struct Batch {
  size_t count;
  size_t stride_a, stride_b, stride_c, stride_r;
};

// `call` describes item 0. Bias is shared.
void gemm_batched(const GemmCall<float>& call, const Batch& batch);
void gemm_batched(const GemmCall<double>& call, const Batch& batch);

}  // namespace downhill
