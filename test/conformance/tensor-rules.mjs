// Rules that need whole tensors, native against reference: tolerance 0, but for Muon in float64, where native products are
// fused and the reference's are not (NUMERICS: GEMM).
import { generator, guarded, values } from "./compare.mjs";
import { runRows } from "./steps.mjs";
import { emulated, walk } from "./walk.mjs";

const VECTORS = emulated
  ? [[0], [1], [4], [7], [8], [9], [15], [16], [17], [33], [255], [256], [257], [4096], [4099]]
  : [...Array.from({ length: 34 }, (_, n) => [n]), [97], [255], [256], [257], [4095], [4096], [4099], [9001]];
const MATRICES = [
  [0, 5],
  [5, 0],
  [1, 1],
  [1, 17],
  [17, 1],
  [2, 3],
  [5, 8],
  [12, 4],
  [33, 31],
  [7, 300],
  [300, 7],
  [64, 64],
  [3, 5, 6],
  [2, 3, 2, 9],
  [2, 4100],
];
const LARGE = emulated
  ? { vector: [[33_003]], matrix: [[130, 257]], muon: [[40, 50]] }
  : { vector: [[100_003]], matrix: [[260, 257]], muon: [[90, 130]] };
const STEPS = 3;

const COMMON = {
  none: [1, Infinity, 0, 0, 1],
  l2: [1, Infinity, 0, 0.01, 0.999],
  full: [-0.5, 0.75, 0.003, 0.02, 0.99],
};

/** Coefficients as the methods would write them, from the range that each name has. */
function coefficient(name, next, t) {
  switch (name) {
    case "epsilon":
    case "floor":
    case "epsilon1":
      return 1e-8;
    case "steps":
      return 3;
    case "a":
      return 3.4445;
    case "b":
      return -4.775;
    case "c":
      return 2.0315;
    case "nesterov":
    case "adjust":
      return next() < 0.5 ? 0 : 1;
    case "seed":
      return 2 ** 40 + 12345;
    case "step":
      return 2 ** 31 + t;
    case "stochastic":
      return t === 1 ? 0 : 1;
    case "mean":
    case "root":
    case "threshold":
      return 1 + next();
    default:
      return 0.01 + 0.98 * next();
  }
}

const ARRAYS = { float32: Float32Array, float64: Float64Array, uint16: Uint16Array, int8: Int8Array };

function makeCase(rule, dtype, shape, prelude, specials, seed) {
  const next = generator(seed);
  const rows = Array.from({ length: STEPS }, (_, t) => [
    1,
    ...COMMON[prelude],
    ...rule.coefficients.map((name) => coefficient(name, next, t)),
  ]);
  return { rule, dtype, type: ARRAYS[dtype], shape, count: shape.reduce((a, b) => a * b, 1), specials, rows, seed };
}

/** First state: what the rule may find, of every type. */
function stateOf(c, name, j) {
  const layout = c.rule.layout(name, c.shape);
  const type = layout.type === "parameter" ? c.type : ARRAYS[layout.type];
  const next = generator(c.seed + 31 * j);
  const content =
    layout.type === "uint16"
      ? Float64Array.from({ length: layout.count }, () => 0x3000 + Math.floor(next() * 0xf00))
      : layout.type === "int8"
        ? Float64Array.from({ length: layout.count }, () => Math.floor(next() * 255) - 127)
        : values(layout.count, c.seed + 10 + j, c.specials && layout.type === "parameter", j + 2).map(Math.abs);
  return guarded(type, layout.count, j % 3, content, 77);
}

function execute(backend, c) {
  const slots = c.rule.slots.map((name, j) => stateOf(c, name, j));
  return runRows(backend, c, slots, c.seed % 4, { shape: c.shape, stream: 5 });
}

function inputsOf(rule, dtype) {
  const isMatrix = rule.name === "muon" || rule.name.endsWith(".matrix");
  const large = LARGE[rule.name] ?? LARGE[isMatrix ? "matrix" : "vector"];
  const all = rule.name === "muon" ? MATRICES.filter((shape) => shape.length === 2) : isMatrix ? MATRICES : VECTORS;
  const cases = [];
  let seed = 1;
  for (const prelude of Object.keys(COMMON)) {
    for (const shape of all) {
      for (const specials of [false, true]) cases.push(makeCase(rule, dtype, shape, prelude, specials, 1009 * seed++));
    }
  }
  for (const shape of large) cases.push(makeCase(rule, dtype, shape, "full", false, 77));
  return cases;
}

/**
 * Muon in float64. A fused product differs from the reference's by at most one rounding of each of its terms; a division by
 * the norm keeps every element of X within 1, three iterations of degree 5 have a gain below (3.45 + 4.78 + 2.03)³ ≈ 1100
 * on it, and a sum has at most 300 terms: 1100 · 300 · 2⁻⁵³ ≈ 4e-11 per step, three steps.
 */
const MUON64 = 1.2e-10;

function compareMuon64(expected, actual, what) {
  expected.forEach((x, i) => {
    const y = actual[i];
    const same =
      Object.is(x, y) || (!Number.isFinite(x) && !Number.isFinite(y)) || Math.abs(x - y) <= MUON64 * Math.max(1, Math.abs(x));
    if (!same) throw new Error(`${what}[${i}]: ${y} instead of ${x}`);
  });
}

export function tensorRuleCases(api) {
  const rows = api.tensorRules.flatMap((rule) =>
    (rule.float32Only ? ["float32"] : ["float32", "float64"]).map((dtype) => ({
      name: `${rule.name} ${dtype}`,
      inputs: () => inputsOf(rule, dtype),
      execute,
      label: (c, index) => `${["p", ...rule.slots][index]} (shape ${c.shape}, row ${c.rows[0]}, specials ${c.specials})`,
      threads: [1, 2, 3],
      ...(rule.name === "muon" && dtype === "float64" ? { compare: compareMuon64, claim: "is within its bound of" } : {}),
    })),
  );
  return walk(api, "tensor rules", rows);
}
