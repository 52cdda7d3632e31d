#include "gemm/gemm.h"

#include <atomic>

#include "dispatch/dispatch.h"
#include "gemm/blocked.h"
#include "gemm/direct.h"
#include "gemm/dots.h"
#include "gemm/few.h"
#include "gemm/forced.h"
#include "gemm/job.h"
#include "gemm/mirror.h"
#include "gemm/packed.h"
#include "gemm/pairs.h"
#include "gemm/regime.h"
#include "gemm/scale.h"
#include "gemm/shallow.h"
#include "gemm/small.h"
#include "gemm/split.h"
#include "gemm/swapped.h"
#include "gemm/tiny.h"
#include "memory/fp_mode.h"
#include "parallel/pool.h"
#include "parallel/seats.h"

namespace downhill {
namespace {

const KernelSet<float>& kernel_set(float) { return kernels().gemm->f32; }
const KernelSet<double>& kernel_set(double) { return kernels().gemm->f64; }

template <class T>
void plain_block(const Job<T>& job, bool dot, Range rows, Range columns) {
  const GemmCall<T>& g = job.call;
  Tile<T> tile{};
  tile.k = g.k;
  tile.a_row = g.trans_a ? 1 : g.lda;
  tile.a_col = g.trans_a ? g.lda : 1;
  tile.b_row = g.trans_b ? 1 : g.ldb;
  const size_t b_column = g.trans_b ? g.ldb : 1;
  tile.a = g.a + rows.begin * tile.a_row;
  tile.b = g.b + columns.begin * b_column;
  tile.c = job.c(rows.begin, columns.begin);
  tile.ldc = g.ldc;
  const Epilogue<T> epilogue = job.epilogue(rows.begin, columns.begin);
  tile.epilogue = &epilogue;
  (dot ? job.set.plain_dot : job.set.plain)(tile, b_column, rows.size(), columns.size());
}

std::atomic<Regime> forced{Regime::count};

Regime forced_regime() { return forced.load(std::memory_order_relaxed); }

// Whether a block of C looks ahead, for which it needs a whole panel.
template <class T>
bool looks_ahead(const Job<T>& job, Range rows, Range columns) {
  const Regime other = forced_regime();
  if (other == Regime::direct) return false;
  if (other == Regime::blocked) return columns.size() >= job.set.widest * job.set.lanes;
  return is_blocked(job, rows.size(), columns.size());
}

template <class T>
void block(const Job<T>& job, Regime regime, Range rows, Range columns) {
  bool done = false;
  switch (regime) {
    case Regime::scale: done = scale_block(job, rows, columns); break;
    case Regime::dot: done = dot_block(job, rows, columns); break;
    case Regime::shallow: done = shallow_block(job, rows, columns); break;
    case Regime::few: done = few_block(job, rows, columns); break;
    case Regime::swapped: done = swapped_block(job, rows, columns); break;
    case Regime::pairs: done = pairs_block(job, rows, columns); break;
    default:
      done = looks_ahead(job, rows, columns) ? blocked_block(job, rows, columns) : direct_block(job, rows, columns);
  }
  if (!done) plain_block(job, regime == Regime::dot, rows, columns);
}

template <class T>
Grid grid_of(const Job<T>& job, Regime regime) {
  const GemmCall<T>& g = job.call;
  const size_t lanes = job.set.lanes;
  const size_t threads = pool_threads();
  switch (regime) {
    case Regime::scale: return split(g.m, g.n, 1, threads, 64, g.n, false);
    case Regime::dot: {
      const bool rows = dot_sides(g, {0, g.m}, {0, g.n}).few_are_columns;
      return split(g.m, g.n, g.k, threads, rows ? kDotUnit : g.m, rows ? g.n : kDotUnit, !rows);
    }
    case Regime::shallow: return split(g.m, g.n, g.k, threads, 4, lanes, g.m < 16);
    case Regime::few: return split(g.m, g.n, g.k, threads, g.m, lanes, true);
    case Regime::swapped: return split(g.m, g.n, g.k, threads, lanes, 16, g.m < 2 * lanes);
    case Regime::pairs: return split(g.m, g.n, g.k, threads, kEight, 2, g.m < 4 * kEight);
    default: break;
  }
  const size_t tallest = job.set.max_rows[job.set.widest];
  // A transposed A that is large or copied: each thread has its own rows of it, 512 to 1024, for all columns. By columns every chunk is
  // too narrow to copy A for (2048³ on two threads 414 GFLOP/s, by rows 461; 4096 x 1024 x 512 409 and 449; 1024³ 340 or 440, 450).
  constexpr size_t kLeastRows = 512, kMostRows = 1024;
  if (g.trans_a && !g.trans_b && g.n >= kLeastRows && g.m >= threads * kLeastRows) {
    const size_t rows = ceil_div(g.m, threads * ceil_div(g.m, threads * kMostRows));
    const bool large = g.m * g.k * sizeof(T) >= kLargeA || turned_way(job, rows, g.n) != TurnedA::in_place;
    if (large) return split(g.m, g.n, g.k, threads, ceil_div(rows, tallest) * tallest, g.n, false);
  }
  // A cut over rows would pack B twice, or bring a B beyond L2 to both threads (128 x 2048 x 1024 in place 378 and 434 GFLOP/s).
  const bool far = g.trans_b || columns_collide(job, g.m) || (is_far_apart(g) && g.m >= 8 * tallest);
  const bool columns_first = is_flat(g.m, g.n, threads, tallest, lanes) || (far && g.n >= threads * 4 * lanes);
  // Too narrow to be cut by columns: rows in steps of half a tile of few rows.
  if (g.n <= lanes && g.m < 8 * tallest) return split(g.m, g.n, g.k, threads, 4, g.n, false);
  // Whole panels, unless that leaves a thread a twentieth more than the others (784 columns: 7 of 13 panels, or 25 of 49 vectors).
  const size_t vectors = ceil_div(g.n, lanes);
  const size_t most = ceil_div(ceil_div(vectors, 4), threads) * 4;
  const bool panels = far && columns_first && vectors >= 8 * threads && 20 * most * threads <= 21 * vectors;
  return split(g.m, g.n, g.k, threads, tallest, panels ? 4 * lanes : lanes, columns_first);
}

// What becomes of the direct regime: few or small. Its blocks decide for themselves whether they look ahead.
template <class T>
Regime refined(const GemmCall<T>& call, const KernelSet<T>& set, Regime regime) {
  if (regime != Regime::direct) return regime;
  if (is_few(call, set)) return Regime::few;
  return is_small(call, set) ? Regime::small : regime;
}

// The regime of what is not tiny, and of everything while one is forced.
template <class T>
Regime planned(const GemmCall<T>& call, const KernelSet<T>& set) {
  const Regime other = forced_regime();
  if (other != Regime::count) {
    if (can_compute(call, set, other)) return other;
    if (tiny_vectors(call, set) != 0) return Regime::tiny;
  }
  const Regime regime = choose_regime(call.m, call.n, call.alpha == 0 ? 0 : call.k, call.trans_a, call.trans_b, set.lanes,
                                      set.most_shallow, set.lanes * sizeof(T), turns_panels(call, set), can_pair(call, set));
  return refined(call, set, regime);
}

template <class T>
const char* regime_name(const GemmCall<T>& call) {
  if (is_mirrored(call)) return regime_name(mirror(call));
  const KernelSet<T>& set = kernel_set(T{});
  const bool is_tiny = forced_regime() == Regime::count && tiny_vectors(call, set) != 0;
  const Regime regime = is_tiny ? Regime::tiny : planned(call, set);
  const Job<T> job{call, set};
  if (regime == Regime::direct && looks_ahead(job, {0, call.m}, {0, call.n})) return name_of(Regime::blocked);
  return name_of(regime);
}

// The blocks of C that threads take. All that they read of it is a few lines of the cache, side by side, which the pool asks for
// at once: one by one, by pointers over the caller's stack, they took a worker up to 800 ns from a core far away.
template <class T>
struct alignas(64) Parts {
  const GemmCall<T> call;
  const KernelSet<T>& set;
  const Grid grid;
  const Regime regime;

  void operator()(size_t index) const {
    const FpScope mode(flushes_subnormals<T>());
    const size_t i = index / grid.column_chunks * grid.row_step;
    const size_t j = index % grid.column_chunks * grid.column_step;
    block(Job<T>{call, set}, regime, {i, smaller(i + grid.row_step, call.m)}, {j, smaller(j + grid.column_step, call.n)});
  }
};

// Everything but the tiny products, unless tiny is forced.
template <class T>
[[gnu::noinline]] void run_planned(const GemmCall<T>& call, const KernelSet<T>& set, Regime regime) {
  if (regime == Regime::tiny) {
    const FpScope mode(flushes_subnormals<T>());
    return tiny(call, set, tile_vectors(call, set));
  }
  if (regime == Regime::small) return small(call, set);
  const Job<T> job{call, set};
  const Grid grid = grid_of(job, regime);
  if (grid.chunks() == 1) {
    const FpScope mode(flushes_subnormals<T>());
    block(job, regime, {0, call.m}, {0, call.n});
    return;
  }
  const bool few = regime == Regime::direct && forced_regime() == Regime::count && is_few_in_parts(call, set, grid.column_step);
  Parts<T> parts{call, set, grid, few ? Regime::few : regime};
  parallel_for_seats(grid.chunks(), parts);
}

template <class T>
[[gnu::noinline]] void run_mirrored(const GemmCall<T>& call) {
  gemm(mirror(call));
}

template <class T>
inline void run(const GemmCall<T>& call) {
  if (call.packed != nullptr) return gemm_packed(call);
  if (call.m == 0 || call.n == 0) return;
  if (is_mirrored(call)) return run_mirrored(call);
  const KernelSet<T>& set = kernel_set(T{});
  const size_t vectors = tiny_vectors(call, set);
  if (vectors == 0 || forced_regime() != Regime::count) return run_planned(call, set, planned(call, set));
  const FpScope mode(flushes_subnormals<T>());
  tiny(call, set, vectors);
}

template <class T>
void run_chains(const GemmCall<T>& call) {
  const KernelSet<T>& set = kernel_set(T{});
  const Regime regime = choose_chains(call.m, call.n, call.k, call.trans_a, call.trans_b, set.lanes, set.most_shallow,
                                      set.lanes * sizeof(T), turns_panels(call, set), can_pair(call, set));
  run_planned(call, set, refined(call, set, regime));
}

}  // namespace

void gemm(const GemmCall<float>& call) { run(call); }
void gemm(const GemmCall<double>& call) { run(call); }

void gemm_chains(const GemmCall<float>& call) { run_chains(call); }
void gemm_chains(const GemmCall<double>& call) { run_chains(call); }

const char* gemm_regime(const GemmCall<float>& call) { return regime_name(call); }
const char* gemm_regime(const GemmCall<double>& call) { return regime_name(call); }

void force_regime(Regime regime) { forced.store(regime, std::memory_order_relaxed); }

}  // namespace downhill
