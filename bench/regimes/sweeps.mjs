// Where the choice of gemm's algorithm is looked at: each sweep varies one dimension, so that it crosses the thresholds its name
// says (native/gemm/regime.h, tiny.h, few.h, blocked.h). Where they lie is found for the ISA and the dtype, not written here.

const range = (from, to, step = 1) => Array.from({ length: Math.floor((to - from) / step) + 1 }, (_, i) => from + i * step);

/** shape: [m, n, k, transA, transB] of a value. */
export const sweeps = [
  { name: "one register tile: rows", values: range(2, 40), shape: (m) => [m, 16, 13] },
  { name: "one register tile: columns", values: range(16, 100), shape: (n) => [6, n, 13] },
  { name: "one register tile: work", values: range(400, 600), shape: (k) => [6, 64, k] },
  { name: "a few tiles without a plan: work", values: range(40, 100), shape: (k) => [50, 64, k] },
  { name: "a few tiles without a plan: columns", values: range(3900, 4200), shape: (n) => [4, n, 12] },
  { name: "few rows: one, by columns", values: range(200, 600), shape: (n) => [1, n, 256] },
  { name: "few rows: two, by columns", values: range(100, 400), shape: (n) => [2, n, 256] },
  { name: "few rows: three, by columns", values: range(100, 300), shape: (n) => [3, n, 256] },
  { name: "few rows: one, by the least B", values: range(12, 100), shape: (k) => [1, 449, k] },
  { name: "few rows: two, by the largest B", values: range(400, 800), shape: (n) => [2, n, 512] },
  { name: "few rows: three, by the largest B", values: range(300, 600), shape: (n) => [3, n, 512] },
  { name: "few columns: columns, short k", values: range(2, 32), shape: (n) => [256, n, 48] },
  { name: "few columns: k", values: range(11, 96), shape: (k) => [256, 10, k] },
  { name: "few columns: transposed B", values: range(5, 24), shape: (n) => [256, n, 48, false, true] },
  { name: "few rows beside transposed B", values: range(5, 36), shape: (m) => [m, 784, 63, false, true] },
  { name: "few columns: columns, longer k", values: range(15, 64), shape: (n) => [256, n, 200] },
  { name: "few columns: rows that fill vectors", values: range(10, 100), shape: (m) => [m, 23, 256] },
  { name: "few columns, transposed A: k", values: range(4, 256), shape: (k) => [20, 5, k, true] },
  { name: "few columns, transposed A: columns", values: range(2, 32), shape: (n) => [20, n, 300, true] },
  { name: "few columns, transposed A: rows", values: range(2, 24), shape: (m) => [m, 4, 500, true] },
  { name: "transposed B: k", values: range(12, 80), shape: (k) => [32, 784, k, false, true] },
  { name: "transposed B: rows", values: range(48, 400, 16), shape: (m) => [m, 256, 256, false, true] },
  { name: "transposed B: columns", values: range(16, 40), shape: (n) => [128, n, 100, false, true] },
  { name: "in pairs: columns", values: range(16, 140), shape: (n) => [64, n, 200, false, true] },
  { name: "in pairs: rows", values: range(5, 64), shape: (m) => [m, 20, 48, false, true] },
  { name: "in pairs: k", values: range(12, 100), shape: (k) => [48, 32, k, false, true] },
  { name: "both transposed: rows", values: range(64, 800, 16), shape: (m) => [m, 256, 256, true, true] },
  { name: "shallow: k", values: range(2, 16), shape: (k) => [300, 300, k] },
  { name: "shallow: k beside one vector", values: range(8, 36), shape: (k) => [300, 16, k] },
  { name: "shallow: columns, fewer than a vector", values: range(2, 18), shape: (n) => [300, n, 20] },
  { name: "shallow: columns, fewer than a vector, transposed A", values: range(2, 18), shape: (n) => [300, n, 20, true] },
  { name: "shallow: rows beside k = 5", values: range(2, 12), shape: (m) => [m, 600, 5] },
  { name: "shallow: rows beside k = 10", values: range(8, 40), shape: (m) => [m, 600, 10] },
  { name: "shallow: transposed A beside narrow C", values: range(2, 12), shape: (k) => [1000, 5, k, true] },
  { name: "dot order: k beside 3 columns", values: range(24, 120), shape: (k) => [256, 3, k] },
  { name: "dot order: k beside 10 columns", values: range(48, 200), shape: (k) => [256, 10, k] },
  { name: "dot order: k beside 10 rows, transposed B", values: range(48, 200), shape: (k) => [10, 256, k, false, true] },
  { name: "dot order: columns of long k", values: range(10, 18), shape: (n) => [256, n, 300] },
  { name: "dot order: rows of long k, transposed B", values: range(10, 18), shape: (m) => [m, 256, 300, false, true] },
  { name: "dot order: columns, both along k", values: range(2, 8), shape: (n) => [256, n, 60, false, true] },
  { name: "dot order: rows, both along k", values: range(2, 8), shape: (m) => [m, 256, 60, false, true] },
  { name: "look ahead: k", values: range(64, 256), shape: (k) => [1100, 400, k, true, true] },
  { name: "look ahead instead of tiles that turn B: rows", values: range(960, 1088), shape: (m) => [m, 768, 768, false, true] },
  { name: "look ahead: A and C beyond L2", values: range(256, 800, 8), shape: (m) => [m, 512, 512] },
  { name: "look ahead: A and C beyond L2, transposed B", values: range(256, 800, 8), shape: (m) => [m, 512, 512, false, true] },
  { name: "B of 1 MiB, rows a page apart, packed", values: range(48, 480), shape: (m) => [m, 1024, 256] },
  { name: "B of 9 MiB packed", values: range(48, 240), shape: (m) => [m, 1536, 1536] },
];

const kib4 = 1024; // float32 in 4 KiB

/**
 * The same for what is decided inside an algorithm by how far apart rows lie (native/gemm/decide.h).
 * shape: [m, n, k, transA, transB, elements between rows] of a value.
 */
export const distanceSweeps = [
  { decision: "copies a", name: "columns", values: range(232, 280, 8), shape: (n) => [300, n, 64, true, false, kib4] },
  {
    decision: "copies b",
    name: "k",
    values: [...range(6, 12), ...range(92, 100)],
    shape: (k) => [300, 96, k, false, false, kib4],
  },
  { decision: "copies b", name: "rows", values: range(240, 272, 8), shape: (m) => [m, 96, 24, false, false, kib4] },
  { decision: "copies columns", name: "columns", values: range(4, 12), shape: (n) => [64, n, 200, false, false, kib4] },
  { decision: "copies panel", name: "columns of a line", values: range(16, 40), shape: (n) => [16, n, 64, true, true, kib4] },
  { decision: "copies panel", name: "columns", values: range(96, 160, 8), shape: (n) => [64, n, 64, true, true, kib4] },
  { decision: "copies rows", name: "rows", values: range(3, 8), shape: (m) => [m, 256, 200, false, true, kib4] },
  { decision: "copies turned", name: "columns", values: range(496, 512, 16), shape: (n) => [1024, n, 512, true, false, kib4] },
  { decision: "cuts strips", name: "distance", values: range(504, 520, 4), shape: (apart) => [64, 100, 4, false, false, apart] },
  {
    decision: "goes by tiles",
    name: "distance",
    values: range(1016, 1032, 8),
    shape: (apart) => [200, 300, 20, false, false, apart],
  },
  {
    decision: "keeps edge",
    name: "distance",
    values: range(1016, 1032, 8),
    shape: (apart) => [100, 36, 40, false, false, apart],
  },
  { decision: "keeps edge", name: "rows, transposed A", values: range(16, 32), shape: (m) => [m, 36, 20, true, false, kib4] },
  { decision: "limits rows", name: "k", values: range(70, 100, 2), shape: (k) => [40, 96, k, false, false, kib4] },
  { decision: "reads blocks", name: "k", values: range(640, 704, 8), shape: (k) => [1, 300, k, false, false, kib4] },
  {
    decision: "turns before",
    name: "distance",
    values: range(504, 520, 4),
    shape: (apart) => [64, 256, 100, false, true, apart],
  },
];

/**
 * The shapes on both sides of each place in a sweep where the choice changes, with the two choices.
 * @param {(shape: readonly unknown[]) => string} regimeOf the algorithm that is chosen for a shape
 */
export function edgesOf({ name, values, shape }, regimeOf) {
  const edges = [];
  for (let i = 1; i < values.length; ++i) {
    const [below, above] = [shape(values[i - 1]), shape(values[i])];
    const regimes = [regimeOf(below), regimeOf(above)];
    if (regimes[0] !== regimes[1]) edges.push({ name, shapes: [below, above], regimes });
  }
  return edges;
}
