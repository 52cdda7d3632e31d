// A matrix B that was copied once, for many products. Large B lies in column panels as wide as the widest register tile
// (the panels that the direct regime makes for one call), so that a call copies nothing and reads B in one stream:
//
//        panel 0      panel 1     last panel (its width rounded up to whole vectors, zeros behind column n)
//      [k x width]  [k x width]  [k x rest]        element (p, j): panel j / width, row p, column j % width
//
// Wins where a call would pack or transpose B (large transposed weights, B beyond L2, rows a page apart), most with few rows of
// A: 8 x 3072 x 768 takes half of the time (bench/gemm). Narrow B is copied as it is: there vectors run
// over the rows of C, and B is read in place; with long k it is in dot order and lies along k. Transposed B is kept both ways:
// products with few rows are in dot order, which reads its rows. (Dot order from the panels, without the second copy: half as
// fast at four rows.)
#pragma once

#include <cstddef>

#include "gemm/gemm.h"
#include "gemm/table.h"

namespace downhill {

template <class T>
struct PackedB {
  const KernelSet<T>* set = nullptr;  // of the ISA that packed: it decides the panels' width, and computes with them
  size_t n = 0, k = 0;
  bool trans_b = false;  // as given: it takes part in the choice of the order of sums
  bool along_k = false;  // how `rows` lies
  const T* panels = nullptr;
  const T* rows = nullptr;  // a dense copy, k by n or (along_k) n by k

  size_t width() const { return set->widest * set->lanes; }
};

// Elements that the copies of a k by n matrix take.
template <class T>
size_t packed_elements(size_t n, size_t k, bool trans_b);

// Copies B to `to`: packed_elements() elements, zeroed and aligned to 64 bytes, owned by the caller.
template <class T>
PackedB<T> pack_b(size_t n, size_t k, const T* b, size_t ldb, bool trans_b, T* to);

// The product of a call whose `packed` is set; it stands for b, ldb and trans_b.
void gemm_packed(const GemmCall<float>& call);
void gemm_packed(const GemmCall<double>& call);

}  // namespace downhill
