#include "gemm/packed.h"

#include "dispatch/dispatch.h"
#include "gemm/blocked.h"
#include "gemm/direct_sizes.h"
#include "gemm/panels.h"
#include "gemm/job.h"
#include "gemm/regime.h"
#include "gemm/split.h"
#include "memory/fp_mode.h"
#include "parallel/pool.h"

namespace downhill {
namespace {

const KernelSet<float>& kernel_set(float) { return kernels().gemm->f32; }
const KernelSet<double>& kernel_set(double) { return kernels().gemm->f64; }

// Elements between two rows of the panel that starts at column j.
template <class T>
size_t panel_row(const PackedB<T>& b, size_t j) {
  return smaller(b.width(), ceil_div(b.n - j, b.set->lanes) * b.set->lanes);
}

// A tile of A's rows from `row` on and the panel that starts at column j, `used` columns of it, from k = p0 on.
template <class T>
Tile<T> panel_tile(const Job<T>& job, const PackedB<T>& b, size_t row, size_t j, size_t used, size_t p0) {
  const GemmCall<T>& g = job.call;
  Tile<T> tile{};
  tile.a_row = g.trans_a ? 1 : g.lda;
  tile.a_col = g.trans_a ? g.lda : 1;
  tile.a = g.a + row * tile.a_row + p0 * tile.a_col;
  tile.b_row = panel_row(b, j);
  tile.b = b.panels + j * b.k + p0 * tile.b_row;
  tile.last = used - (ceil_div(used, job.set.lanes) - 1) * job.set.lanes;
  return tile;
}

// One element at a time: where the scratch memory of a blocked k is short.
template <class T>
void plain_panels(const Job<T>& job, const PackedB<T>& b, Range rows, Range columns) {
  for (size_t j = columns.begin; j < columns.end; j += b.width()) {
    const size_t used = smaller(b.width(), columns.end - j);
    Tile<T> tile = panel_tile(job, b, rows.begin, j, used, 0);
    const Epilogue<T> epilogue = job.epilogue(rows.begin, j);
    tile.k = b.k;
    tile.c = job.c(rows.begin, j);
    tile.ldc = job.call.ldc;
    tile.epilogue = &epilogue;
    job.set.plain(tile, 1, rows.size(), used);
  }
}

// C in rows x columns; columns start at a panel. As the direct regime and, looking ahead, the blocked one, without packing. The
// last, narrow panel is a block of its own: its tiles are taller.
template <class T>
void panel_block(const Job<T>& job, const PackedB<T>& b, Range rows, Range columns) {
  const GemmCall<T>& g = job.call;
  const KernelSet<T>& set = job.set;
  const size_t kc = k_block(g.k);
  const bool looks = g.k >= 128 && rows.size() >= 8 * set.max_rows[set.widest];
  const size_t turns = b.width() * sizeof(T) / 64;  // tiles that ask for a panel, a line at each k
  const bool staged = kc < g.k && g.beta != 0;
  const size_t mc = staged ? smaller(rows.size(), 2048) : rows.size();
  const size_t nc = ceil_div(kBlockBytes / (kc * sizeof(T)), b.width()) * b.width();
  T* const stage = staged ? static_cast<T*>(scratch(mc * nc * sizeof(T))) : nullptr;
  if (staged && stage == nullptr) return plain_panels(job, b, rows, columns);
  for (size_t j0 = columns.begin, block; j0 < columns.end; j0 += block) {
    const size_t left = columns.end - j0;
    block = left < b.width() ? left : smaller(nc, left / b.width() * b.width());
    const size_t nv = ceil_div(smaller(block, b.width()), set.lanes);
    const bool ahead = looks && block >= b.width();
    for (size_t i0 = rows.begin; i0 < rows.end; i0 += mc) {
      const size_t height = smaller(mc, rows.end - i0);
      for (size_t p0 = 0; p0 < g.k; p0 += kc) {
        const size_t length = smaller(kc, g.k - p0);
        const bool final = p0 + length == g.k;
        for (RowTiles t(height, set.max_rows[nv]); t.next();) {
          for (size_t j = 0; j < block; j += b.width()) {
            Tile<T> tile = panel_tile(job, b, i0 + t.at, j0 + j, smaller(b.width(), block - j), p0);
            tile.k = length;
            tile.resume = p0 != 0;
            tile.c = staged ? stage + t.at * nc + j : job.c(i0 + t.at, j0 + j);
            tile.ldc = staged ? nc : g.ldc;
            const Epilogue<T> epilogue = job.epilogue(i0 + t.at, j0 + j);
            tile.epilogue = final && !staged ? &epilogue : nullptr;
            if (!ahead) {
              set.tile[nv][t.height](tile);
              continue;
            }
            const size_t index = j / b.width(), panels = block / b.width();
            const bool below = t.rest() != 0;  // else what comes next is the first tile of the next block of k
            const size_t next_p = final ? 0 : p0 + length;
            const T* const next_a = below ? tile.a + t.height * tile.a_row : g.a + i0 * tile.a_row + next_p * tile.a_col;
            const T* const next_c = below ? tile.c + t.height * tile.ldc - j : staged ? stage : job.c(i0, j0);
            Ahead<T> asked =
                look_ahead(job, tile, next_a, index + 1 < panels ? tile.c + b.width() : next_c, t.height, index, panels);
            if (t.rest() < turns && !final) {
              const char* const next_b = reinterpret_cast<const char*>(tile.b + length * b.width());
              asked.b_step = 64;
              asked.b_segment = length / t.height * 64;
              asked.b = next_b + (turns - 1 - t.rest()) * length * 64;
            }
            set.ahead_tile[t.height](tile, asked);
          }
        }
      }
      if (staged) set.finish({stage, nc, job.c(i0, j0), g.ldc, height, block, job.epilogue(i0, j0)});
    }
  }
}

// Elements of the two copies; panels come first, padded to whole cache lines.
struct PackedLayout {
  size_t panels, rows;
};

template <class T>
PackedLayout layout_of(size_t n, size_t k, bool trans_b) {
  const KernelSet<T>& set = kernel_set(T{});
  // Below two vectors C is narrow (choose_regime); few columns and long k are in dot order for any m.
  const bool panels = n >= 2 * set.lanes && n > kMaxDotRows && !is_narrow_and_long(n, k);
  const size_t line = 64 / sizeof(T);
  return {panels ? ceil_div(k * ceil_div(n, set.lanes) * set.lanes, line) * line : 0, panels && !trans_b ? 0 : n * k};
}

template <class T>
void run(const GemmCall<T>& call) {
  if (call.m == 0 || call.n == 0) return;
  const PackedB<T>& b = *call.packed;
  GemmCall<T> plain = call;
  plain.packed = nullptr;
  plain.trans_b = b.along_k;
  plain.b = b.rows;
  plain.ldb = b.along_k ? b.k : b.n;
  if (call.alpha == 0 || call.k == 0) return gemm(plain);
  // What is in dot order as given is so along k, too.
  if (is_dot_order(call.m, call.n, call.k, call.trans_a, b.trans_b)) return gemm(plain);
  if (b.panels == nullptr) return b.along_k && !b.trans_b ? gemm_chains(plain) : gemm(plain);
  const Job<T> job{plain, *b.set};
  const size_t tallest = b.set->max_rows[b.set->widest];
  const Grid grid = split(call.m, call.n, call.k, pool_threads(), tallest, b.width(), call.m < 8 * tallest);
  auto chunk = [&](size_t index) {
    const FpScope mode(flushes_subnormals<T>());
    const size_t i = index / grid.column_chunks * grid.row_step;
    const size_t j = index % grid.column_chunks * grid.column_step;
    panel_block(job, b, {i, smaller(i + grid.row_step, call.m)}, {j, smaller(j + grid.column_step, call.n)});
  };
  if (grid.chunks() == 1) return chunk(0);
  parallel_for(grid.chunks(), chunk);
}

}  // namespace

template <class T>
size_t packed_elements(size_t n, size_t k, bool trans_b) {
  const PackedLayout layout = layout_of<T>(n, k, trans_b);
  return layout.panels + layout.rows;
}

template <class T>
PackedB<T> pack_b(size_t n, size_t k, const T* b, size_t ldb, bool trans_b, T* to) {
  const KernelSet<T>& set = kernel_set(T{});
  const PackedLayout layout = layout_of<T>(n, k, trans_b);
  PackedB<T> packed{&set, n, k, trans_b, trans_b || is_narrow_and_long(n, k), nullptr, nullptr};
  if (n == 0 || k == 0) return packed;
  if (layout.rows != 0) {
    packed.rows = to + layout.panels;
    const size_t rows = packed.along_k ? n : k, columns = packed.along_k ? k : n;
    const auto move = packed.along_k == trans_b ? set.copy : set.transpose;
    move(b, ldb, to + layout.panels, columns, rows, columns);
  }
  if (layout.panels == 0) return packed;
  packed.panels = to;
  auto panel = [&](size_t index) {
    const size_t j = index * packed.width();
    const size_t used = smaller(packed.width(), n - j);
    if (trans_b) {
      set.transpose(b + j * ldb, ldb, to + j * k, panel_row(packed, j), k, used);
    } else {
      set.copy(b + j, ldb, to + j * k, panel_row(packed, j), k, used);
    }
  };
  const size_t count = ceil_div(n, packed.width());
  if (n * k < kWorthSplitting) {
    for (size_t i = 0; i < count; ++i) panel(i);
  } else {
    parallel_for(count, panel);
  }
  return packed;
}

template size_t packed_elements<float>(size_t, size_t, bool);
template size_t packed_elements<double>(size_t, size_t, bool);
template PackedB<float> pack_b(size_t, size_t, const float*, size_t, bool, float*);
template PackedB<double> pack_b(size_t, size_t, const double*, size_t, bool, double*);

void gemm_packed(const GemmCall<float>& call) { run(call); }
void gemm_packed(const GemmCall<double>& call) { run(call); }

}  // namespace downhill
