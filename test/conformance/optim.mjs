// Every registered optimizer rule, native against reference, tolerance 0: lengths, offsets, special values, several steps.
import { generator, guarded, values } from "./compare.mjs";
import { runRows } from "./steps.mjs";
import { emulated, walk } from "./walk.mjs";

const LENGTHS = emulated
  ? [0, 1, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 33, 257]
  : [...Array.from({ length: 34 }, (_, i) => i), 97, 257, 1009, 4099];
/** Long enough for all threads. */
const LONG = emulated ? 33_003 : 100_003;
const STEPS = 3;
/** Rows of a history slot; fewer than the steps, so that one is replaced. */
const ROWS = 2;

const COMMON = {
  none: { scale: 1, clip: Infinity, l1: 0, l2: 0, keep: 1 },
  l2: { scale: 1, clip: Infinity, l1: 0, l2: 0.01, keep: 0.999 },
  full: { scale: -0.5, clip: 0.75, l1: 0.003, l2: 0.02, keep: 0.99 },
};

/** Coefficients as a step might have them: small epsilons, everything else in (0, 1). */
function coefficient(name, next, t) {
  if (name === "row") return t % ROWS;
  if (name === "plain") return t % 2;
  if (name.startsWith("epsilon")) return 1e-8;
  return 0.01 + 0.98 * next();
}

function makeCase(rule, dtype, { count, offset, prelude, specials }, seed) {
  const next = generator(seed);
  const common = COMMON[prelude];
  const rows = Array.from({ length: STEPS }, (_, t) => [
    1,
    common.scale,
    common.clip,
    common.l1,
    common.l2,
    common.keep,
    ...rule.coefficients.map((name) => coefficient(name, next, t)),
  ]);
  const type = dtype === "float32" ? Float32Array : Float64Array;
  return { rule, dtype, type, count, offset, specials, rows, seed };
}

function execute(backend, c) {
  const slots = c.rule.slots.map((_, j) => {
    const count = j === 0 && c.rule.history !== undefined ? c.count * ROWS : c.count;
    const content = values(count, c.seed + 10 + j, c.specials, j + 2).map(Math.abs);
    return guarded(c.type, count, (c.offset + j) % 5, content);
  });
  return runRows(backend, c, slots, c.offset);
}

function inputsOf(rule, dtype) {
  const cases = [];
  let seed = 1;
  for (const prelude of Object.keys(COMMON)) {
    for (const count of LENGTHS) {
      for (const specials of [false, true]) {
        cases.push(makeCase(rule, dtype, { count, offset: seed % 4, prelude, specials }, seed * 1009));
        seed++;
      }
    }
  }
  cases.push(makeCase(rule, dtype, { count: LONG, offset: 1, prelude: "full", specials: true }, 77));
  return cases;
}

export function optimCases(api) {
  const rows = api.rules.flatMap((rule) =>
    ["float32", "float64"].map((dtype) => ({
      name: `${rule.name} ${dtype}`,
      inputs: () => inputsOf(rule, dtype),
      execute,
      label: (c, index) => `${["p", ...rule.slots][index]} (n ${c.count}, offset ${c.offset}, row ${c.rows[0]})`,
    })),
  );
  const { addon } = api.loadAddon();
  const described = { name: "the addon describes the rules of the registry", run: () => api.checkRules(addon.optimRules()) };
  return [...(addon ? [described] : []), ...walk(api, "optimizer rules", rows)];
}
