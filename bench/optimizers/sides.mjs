// The sides that run in this process. Each is { side, sample(seconds), values() }: seconds per step over a stretch of time,
// and some of the parameters, to compare results.
import { Adam, allocate, gemm, setBackend, tensor } from "../../dist/index.js";
import { loadAddon } from "../../dist/testing.js";
import { plainAdam } from "../plain/adam.mjs";
import { countOf, totalOf } from "./rows.mjs";
import { gradientAt, parameterAt } from "./start.mjs";

/** Elements that are compared, of each of the first tensors. */
const COMPARED = 97;

const filled = (array, at) => {
  for (let i = 0; i < array.length; i++) array[i] = at(i);
  return array;
};
const owned = (count) => allocate("float32", count);
const plain = (count) => new Float32Array(count);

export function timed(run) {
  return (seconds) => {
    const begin = performance.now();
    let steps = 0;
    let batch = 1;
    let elapsed = 0;
    do {
      for (let i = 0; i < batch; i++) run();
      steps += batch;
      elapsed = (performance.now() - begin) / 1000;
      if (elapsed < seconds / 8) batch *= 2;
    } while (elapsed < seconds);
    return elapsed / steps;
  };
}

const valuesOf = (arrays) => () => arrays.slice(0, 10).flatMap((array) => Array.from(array.subarray(0, COMPARED)));

function stepper(side, { Class, options, shapes }, make, backend = "native") {
  setBackend(backend);
  const params = shapes.map((shape) => filled(make(countOf(shape)), parameterAt));
  const gradients = shapes.map((shape) => filled(make(countOf(shape)), gradientAt));
  const optimizer = new Class(
    params.map((data, i) => (shapes[i].length > 1 ? tensor(data, shapes[i]) : data)),
    options,
  );
  setBackend("native");
  return {
    side,
    sample: timed(() => optimizer.step(gradients)),
    values: valuesOf(params),
    step: () => optimizer.step(gradients),
  };
}

/** The row in groups; with `frozen`, each is followed by a frozen one of the same shapes. */
function grouped(side, { Class, options, shapes, groups }, frozen) {
  setBackend("native");
  const size = shapes.length / groups;
  const [params, gradients, given] = [[], [], []];
  for (let k = 0; k < groups; k++) {
    for (const still of frozen ? [false, true] : [false]) {
      const own = shapes.slice(k * size, (k + 1) * size).map((shape) => filled(owned(countOf(shape)), parameterAt));
      given.push({ params: own, frozen: still });
      gradients.push(...own.map(({ length }) => filled(owned(length), gradientAt)));
      if (!still) params.push(...own);
    }
  }
  const optimizer = new Class(given, options);
  const step = () => optimizer.step(gradients);
  return { side, sample: timed(step), values: valuesOf(params), step };
}

function javascriptLoop({ shapes }) {
  const params = shapes.map((shape) => filled(plain(countOf(shape)), parameterAt));
  const gradients = shapes.map((shape) => filled(plain(countOf(shape)), gradientAt));
  const [m, v] = [0, 1].map(() => shapes.map((shape) => plain(countOf(shape))));
  let t = 0;
  const step = () => {
    t++;
    for (let k = 0; k < params.length; k++) plainAdam(params[k], gradients[k], m[k], v[k], t);
  };
  return { side: "JavaScript loop", sample: timed(step), values: valuesOf(params), step };
}

/** A loop of C++ over one tensor; null where this build or processor has none. */
function handLoop(addon, { shapes }) {
  if (shapes.length > 1 || countOf(shapes[0]) < 100_000) return null;
  const [p, g, m, v] = [0, 1, 2, 3].map(() => owned(countOf(shapes[0])));
  filled(p, parameterAt);
  filled(g, gradientAt);
  let t = 0;
  const step = () => {
    t++;
    return addon.handAdam(p, g, m, v, 1e-3 / (1 - 0.9 ** t), 1 / Math.sqrt(1 - 0.999 ** t));
  };
  if (!step()) return null;
  for (const array of [m, v]) array.fill(0);
  filled(p, parameterAt);
  t = 0;
  return { side: "C++ loop", sample: timed(step), values: valuesOf([p]), step };
}

/** Moves the bytes of a step over arrays as long as all parameters: reads p, g and state, writes p and state. */
function traffic(addon, row) {
  const arrays = { 12: 2, 14: 2, 16: 2, 20: 3, 28: 4 }[row.bytes];
  const count = Math.ceil(totalOf(row) * (row.bytes / (arrays * 8 - 4)));
  const memory = Array.from({ length: arrays }, () => owned(count).fill(1e-20));
  return { side: `${row.bytes} bytes moved`, sample: timed(() => addon.moveBytes(...memory)) };
}

/** Muon's matrix products alone: three per Newton–Schulz step. */
function products({ shapes, products: steps }) {
  const [m, n] = shapes[0];
  const [x, a, b] = [0, 1, 2].map(() => filled(owned(m * n), (i) => gradientAt(i) / 1024));
  const once = () => {
    gemm({ m, n: m, k: n, a: x, b: x, c: a, transB: true });
    gemm({ m, n: m, k: m, a, b: a, c: b });
    gemm({ m, n, k: m, a: b, b: x, c: a });
  };
  return {
    side: "its products alone",
    sample: timed(() => {
      for (let i = 0; i < steps; i++) once();
    }),
  };
}

/** All sides of a row; the one to compare with comes first. */
export function ownSides(row, { reference }) {
  setBackend("native");
  const { addon } = loadAddon();
  const sides = [traffic(addon, row)];
  if (row.products) sides.push(products(row));
  if (row.Class === Adam && !row.float32) {
    const hand = handLoop(addon, row);
    if (hand) sides.push(hand);
  }
  if (row.float32) sides.push({ ...stepper("float32 moments", { ...row, options: row.full ?? {} }, owned), values: undefined });
  if (row.groups) sides.push(grouped("no frozen groups", row, false), grouped("half of the groups frozen", row, true));
  else sides.push(stepper("allocate()", row, owned), stepper("plain arrays", row, plain));
  if (reference) {
    if (row.every) sides.push(javascriptLoop(row));
    sides.push(stepper("reference backend", row, plain, "reference"));
  }
  return sides;
}
