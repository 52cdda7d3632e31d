// What a step does with its gradients' norms, native against reference, tolerance 0: skipping, clipping by global norm, by
// norm and by units, with rules of every kind, tensors of many shapes, several threads.
import { generator, guarded, values } from "./compare.mjs";
import { emulated, walk } from "./walk.mjs";

const SHAPES = [[5], [3, 4], [70, 33], [40, 130], [9001], [300, 1], [0], [2, 3, 5], [4096], [7, 1000], [0, 3], [1, 1]];
const LARGE = emulated ? [[33_000], [64, 2]] : [[50_000], [400, 97], [64, 2]];
const STEPS = 2;
/** Element-wise rules with no state, with two slots, with a ring; rules over whole tensors and with state of fewer bits. */
const RULES = ["sgd", "adam", "rmsprop-window", "lamb", "adafactor.matrix", "adam.bf16"];

const GUARDS = {
  skip: { skip: 1 },
  "skip and global norm": { skip: 1, global: 0.75 },
  "global norm": { global: 0.5 },
  "a global norm that is not reached": { global: 1e30 },
  norm: { norm: 0.25 },
  "norm and global norm": { norm: 0.25, global: 0.5 },
  units: { adaptive: 0.01, epsilon: 1e-3 },
  "units and global norm": { adaptive: 0.3, epsilon: 1e-3, global: 20 },
  monitor: { monitor: 1 },
};

const PRELUDES = [
  [1, Infinity, 0, 0, 1],
  [-1, Infinity, 0, 0.01, 0.999],
  [1, 0.75, 0.003, 0.02, 0.99],
];

const ARRAYS = { float32: Float32Array, float64: Float64Array, uint16: Uint16Array, int8: Int8Array };

function coefficient(name, next, t) {
  if (name === "row") return t % 2;
  if (name === "seed" || name === "step") return 12345 + t;
  if (name.startsWith("epsilon") || name === "floor") return 1e-8;
  if (name === "stochastic") return 1;
  return 0.01 + 0.98 * next();
}

function slotOf(rule, name, j, shape, count, dtype, seed) {
  const layout =
    "layout" in rule
      ? rule.layout(name, shape)
      : { type: "parameter", count: j === 0 && rule.history !== undefined ? 2 * count : count };
  const type = layout.type === "parameter" ? ARRAYS[dtype] : ARRAYS[layout.type];
  const next = generator(seed);
  const content =
    layout.type === "uint16"
      ? Float64Array.from({ length: layout.count }, () => 0x3000 + Math.floor(next() * 0xf00))
      : values(layout.count, seed, false).map(Math.abs);
  return guarded(type, layout.count, j % 3, content, 77);
}

/** Two clusters: the guarded one, and one of another rate beside it that only the norm of all concerns. */
function execute(backend, { rule, plain, dtype, guard, prelude, specials, shapes, seed }) {
  const type = ARRAYS[dtype];
  const fitting = rule.name === "adafactor.matrix" ? shapes.filter((shape) => shape.length > 1) : shapes;
  let stream = fitting.length + 3;
  const make = (r, list) =>
    list.map((shape, k) => {
      const count = shape.reduce((a, b) => a * b, 1);
      const parameter = guarded(type, count, k % 4, values(count, seed + k, specials, 1));
      const slots = r.slots.map((name, j) => slotOf(r, name, j, shape, count, dtype, seed + 31 * j + k));
      return { parameter, slots, shape, count, stream: --stream };
    });
  const clusters = [
    { rule, tensors: make(rule, fitting), adaptive: guard.adaptive !== undefined },
    { rule: plain, tensors: make(plain, [[33], [4, 2]]), adaptive: false },
  ];
  const tensors = clusters.flatMap((cluster) => cluster.tensors);
  const plan = backend.createStepPlan(
    clusters.map((cluster) => ({
      rule: cluster.rule,
      dtype,
      adaptive: cluster.adaptive,
      tensors: cluster.tensors.map(({ parameter, slots, shape, stream: number }) => ({
        parameter: parameter.view,
        slots: slots.map(({ view }) => view),
        shape,
        stream: number,
      })),
    })),
  );
  const next = generator(seed);
  const found = [];
  for (let t = 0; t < STEPS; t++) {
    const gradients = tensors.map(({ count }, k) =>
      guarded(type, count, (k * 3) % 7, values(count, seed + 100 + t + k, specials, t)),
    );
    plan.bind(
      tensors.map(({ parameter }) => parameter.view),
      gradients.map(({ view }) => view),
    );
    const own = (r) => r.coefficients.map((name) => coefficient(name, next, t));
    plan.control.set([1, ...PRELUDES[prelude], ...own(rule), 1, ...PRELUDES[0], ...own(plain)]);
    const { skip = 0, global = 0, norm = 0, adaptive = 0, epsilon = 0, monitor = 0 } = guard;
    plan.control.set([1, skip, global, 0, norm, adaptive, epsilon, monitor, 0, 0, 0, 0], plan.width - 12);
    found.push(plan.run() === false ? 0 : 1, ...plan.squares());
    found.push(plan.measure() ? 1 : 0, ...plan.squares());
    for (const gradient of gradients) gradient.assertIntact("gradient");
  }
  plan.dispose();
  for (const { parameter, slots } of tensors) for (const array of [parameter, ...slots]) array.assertIntact(rule.name);
  return [
    Float64Array.from(found),
    ...tensors.flatMap(({ parameter, slots }) => [parameter.view, ...slots.map(({ view }) => view)]),
  ];
}

function inputsOf(rule, plain, dtype) {
  const inputs = [];
  let seed = 1;
  for (const guard of Object.values(GUARDS)) {
    const common = { rule, plain, dtype, guard };
    for (const specials of [false, true]) {
      inputs.push({ ...common, prelude: seed % PRELUDES.length, specials, shapes: SHAPES, seed: 1009 * seed++ });
    }
    inputs.push({ ...common, prelude: 0, specials: false, shapes: LARGE, seed: 1013 * seed });
  }
  return inputs;
}

export function guardCases(api) {
  const all = [...api.rules, ...api.tensorRules];
  const plain = all.find(({ name }) => name === "sgd");
  const rows = RULES.flatMap((name) => {
    const rule = all.find((candidate) => candidate.name === name);
    return (rule.float32Only ? ["float32"] : ["float32", "float64"]).map((dtype) => ({
      name: `clipping of ${name} ${dtype}`,
      inputs: () => inputsOf(rule, plain, dtype),
      execute,
      label: (c, index) => `array ${index} (${JSON.stringify(c.guard)}, prelude ${c.prelude}, specials ${c.specials})`,
      threads: [1, 2, 3],
    }));
  });
  return walk(api, "guards", rows);
}
