// The gradient tools, native against reference, tolerance 0: lengths, offsets, special values, mixed dtypes, threads.
import { guarded, values } from "./compare.mjs";
import { emulated, walk } from "./walk.mjs";

const LENGTHS = emulated
  ? [0, 1, 3, 4, 7, 8, 9, 15, 16, 17, 33, 257, 4099]
  : [...Array.from({ length: 34 }, (_, i) => i), 97, 257, 1009, 4096, 4099, 9001];
const LONG = emulated ? [33_003, 33_000] : [100_003, 70_000];
const MATRICES = [
  [5, 1],
  [1, 1],
  [3, 4],
  [70, 33],
  [40, 130],
  [300, 7],
  [2, 4100],
  [0, 5],
  [700, 70],
];

/** Each tool over lists of arrays and others of the same lengths; returns numbers to compare besides the arrays. */
const TOOLS = {
  clamp: (b, x) => void b.clampArrays(x, 0.75),
  scale: (b, x) =>
    void b.scaleArrays(
      x,
      Float64Array.from(x, (_, k) => [1, 0.3, -2.5][k % 3]),
    ),
  squares: (b, x) => b.normsOf(x, "squares"),
  absolute: (b, x) => b.normsOf(x, "absolute"),
  largest: (b, x) => b.normsOf(x, "largest"),
  "clip by norm": (b, x) => b.clipNorms(x, 1.5),
  "clip by global norm": (b, x) => [b.clipGlobalNorm(x, 1.5)],
  "clip by a global norm that is not reached": (b, x) => [b.clipGlobalNorm(x, 1e200)],
  "clip by units": (b, x, y, columns) => void b.clipUnits(x, y, columns, 0.2, 1e-3),
  penalty: (b, x, y) => void b.addPenalty(x, y, 0.01, 0.02),
  "L1 alone": (b, x, y) => void b.addPenalty(x, y, 0.01, 0),
  "L2 alone": (b, x, y) => void b.addPenalty(x, y, 0, 0.02),
  add: (b, x, y) => void b.addArrays(x, y),
  finite: (b, x) => x.map((array) => (b.areFinite([array]) ? 1 : 0)),
};

const TYPES = { float32: Float32Array, float64: Float64Array, mixed: "mixed" };

function execute(backend, { tool, specials, type: name }) {
  const type = TYPES[name];
  const sizes = [
    ...LENGTHS.map((n) => [n, 1]),
    ...LONG.map((n) => [n, 1]),
    ...MATRICES.map(([rows, columns]) => [rows * columns, columns]),
  ];
  const list = (seed, phase) =>
    sizes.map(([count], k) => {
      const kind = type === "mixed" ? [Float32Array, Float64Array][k % 2] : type;
      return guarded(kind, count, (k * 3 + phase) % 7, values(count, seed + k, specials && k % 2 === 0, phase));
    });
  const [x, y] = [list(17, 0), list(5003, 2)];
  const views = (arrays) => arrays.map(({ view }) => view);
  const found = TOOLS[tool](
    backend,
    views(x),
    views(y),
    sizes.map(([count, columns]) => (count === 0 ? 1 : columns)),
  );
  for (const array of [...x, ...y]) array.assertIntact(tool);
  return [Float64Array.from(found ?? []), ...views(x), ...views(y)];
}

export function gradientCases(api) {
  const rows = Object.keys(TOOLS).map((tool) => ({
    name: `gradient tool ${tool}`,
    inputs: () => Object.keys(TYPES).flatMap((type) => [false, true].map((specials) => ({ tool, type, specials }))),
    execute,
    label: ({ type, specials }, index) => `${type}, specials ${specials}, array ${index}`,
    threads: [1, 3],
  }));
  return walk(api, "gradient tools", rows);
}
