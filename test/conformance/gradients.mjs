// The gradient tools, native against reference, tolerance 0: lengths, offsets, special values, mixed dtypes, threads.
import { assertSameBits, guarded, values } from "./compare.mjs";

const LENGTHS = [...Array.from({ length: 34 }, (_, i) => i), 97, 257, 1009, 4096, 4099, 9001];
const LONG = [100_003, 70_000];
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

function execute(backend, tool, specials, type) {
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

/** @returns {{ name: string, run: () => void, skip?: string }[]} */
export function gradientCases(api) {
  const { addon, tried } = api.loadAddon();
  if (!addon)
    return [{ name: "gradient tools", run() {}, skip: `no native addon: ${tried.map(({ error }) => error).join("; ")}` }];
  const native = api.createNative(addon);
  const reference = api.createReference(true);
  const best = addon.isa();
  const cases = [];
  for (const tool of Object.keys(TOOLS)) {
    let expected;
    const types = { float32: Float32Array, float64: Float64Array, mixed: "mixed" };
    const inputs = Object.keys(types).flatMap((type) => [false, true].map((specials) => ({ type, specials })));
    for (const isa of addon.isas()) {
      for (const threads of isa === best ? [1, 3] : [2]) {
        cases.push({
          name: `gradient tool ${tool} on ${isa} with ${threads} threads has the bits of the reference`,
          run() {
            expected ??= inputs.map(({ type, specials }) => execute(reference, tool, specials, types[type]));
            const before = addon.threads();
            addon.setIsa(isa);
            addon.setThreads(threads);
            try {
              inputs.forEach(({ type, specials }, k) => {
                const actual = execute(native, tool, specials, types[type]);
                expected[k].forEach((array, i) => {
                  assertSameBits(array, actual[i], `${type}, specials ${specials}, array ${i}`);
                });
              });
            } finally {
              addon.setIsa(best);
              addon.setThreads(before);
            }
          },
        });
      }
    }
  }
  return cases;
}
