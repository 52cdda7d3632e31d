// The edge of C: columns beyond the last whole vector, where they fill at most half of one. For the direct regime and its
// small products, which would spend a whole masked vector on them: 47 x 65 x 129 at 199 GFLOP/s, with the edge apart 227.
// Vectors run over rows there (kernels/edge.h), in a pass of its own over A.
#pragma once

#include "gemm/collide.h"
#include "gemm/job.h"
#include "parallel/pool.h"

namespace downhill {

// Columns of the edge in a block of C; 0 where a masked vector takes them. That costs 16 thirty-seconds of a cycle for each
// element of A. Edge kernels take those below for each row of whole blocks, at least 4 cycles a block for each k (the latency
// of an addition), and stores through transposes, which short sums do not make up for. Nor does a second pass over rows of A and C
// that collide, which the caches have lost since the first: 512 x 36 x 100 with rows of 4 KiB 123 -> 167 GFLOP/s in masked vectors,
// 300 x 36 x 16 with transposed A 91 -> 158. But a vector more than a panel costs a second one (64 x 100 x 100 164 -> 158), and a
// transposed A of longer k does not collide along its rows (100 x 100 x 48 157 -> 131). Within one panel a masked vector is
// also ahead where rows of A collide, which each pass fetches: 37 x 19 x 115 with rows of 8 KiB 65 -> 138, 131 x 18 x 291 ABᵀ 105 -> 127.
// And where rows are cut between cores that lie far apart, beside short k: each pass down the rows has the prefetcher fetch lines of C that
// the other core writes (566 x 100 x 18 on two threads 178 -> 230 GFLOP/s, on one 215).
template <class T>
inline size_t edge_columns(const KernelSet<T>& set, const GemmCall<T>& g, size_t rows, size_t columns) {
  constexpr size_t kCost[kMaxEdge + 1] = {0, 6, 7, 8, 8, 10, 11, 11, 12};
  const bool trans_a = g.trans_a;
  const size_t k = g.k, lanes = set.lanes, edge = columns & (lanes - 1);
  if (edge == 0 || edge > set.widest_edge) return 0;
  if (k < (4 * edge <= lanes ? 12 : trans_a ? 24 : 36) || rows < (trans_a ? lanes : 4)) return 0;
  constexpr size_t kShort = 32;
  if (rows < g.m && k < kShort && !pool_is_near()) return 0;
  const bool one_panel = columns <= set.widest * lanes;
  const bool a_is_lost = one_panel && !trans_a && collides<T>(g.lda);
  const bool c_is_lost = collides<T>(g.ldc) && (!trans_a || k <= 32) && (one_panel ? rows > 24 : rows > 100 && edge > 2);
  const size_t cost = rows <= lanes ? 4 * 32 : ((rows + lanes - 1) & ~(lanes - 1)) * kCost[edge];
  return 5 * cost > 4 * rows * 16 || decided(Decision::keeps_edge, a_is_lost || c_is_lost) ? 0 : edge;
}

// Elements of scratch memory that edge_block() takes for `columns` columns: a dense copy of op(B), unless it is row-major and its
// lines stay in L1 until the next rows of A come.
template <class T>
size_t edge_scratch(const GemmCall<T>& g, size_t rows, size_t columns) {
  constexpr size_t kLines = 256, kManyRows = 64;
  const bool lost = rows > kManyRows && (g.k > kLines || collides<T>(g.ldb));
  return columns != 0 && (g.trans_b || lost) ? g.k * columns : 0;
}

// Computes rows x columns of C, `dense` being memory as edge_scratch() says, or null for none.
template <class T>
void edge_block(const Job<T>& job, Range rows, Range columns, T* dense) {
  const GemmCall<T>& g = job.call;
  const KernelSet<T>& set = job.set;
  const size_t width = columns.size();
  const T* const a = g.a + rows.begin * (g.trans_a ? 1 : g.lda);
  Edge<T> edge{g.k, a, g.lda, nullptr, g.ldb, job.c(rows.begin, columns.begin), g.ldc, rows.size()};
  if (dense == nullptr) {
    edge.b = g.b + columns.begin;
  } else {
    if (g.trans_b) {
      set.transpose(g.b + columns.begin * g.ldb, g.ldb, dense, width, g.k, width);
    } else {
      set.copy(g.b + columns.begin, g.ldb, dense, width, g.k, width);
    }
    edge.b = dense;
    edge.b_row = width;
  }
  auto* const kernel = set.edge[g.trans_a][width];
  if (is_identity(job.epilogue(0, 0))) return kernel(edge);
  constexpr size_t kStrip = 128;
  T strip[kStrip * kMaxEdge];
  edge.c = strip;
  edge.ldc = width;
  for (RowTiles t(rows.size(), kStrip); t.next();) {
    const size_t i = rows.begin + t.at;
    edge.a = a + t.at * (g.trans_a ? 1 : g.lda);
    edge.rows = t.height;
    kernel(edge);
    set.finish({strip, width, job.c(i, columns.begin), g.ldc, t.height, width, job.epilogue(i, columns.begin)});
  }
}

}  // namespace downhill
