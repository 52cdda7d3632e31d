// The thresholds of the choice of algorithm (native/gemm/regime.h): on both sides of each place where the choice changes
// (regimes/sweeps.mjs), both algorithms are timed. Where the one that is chosen loses by more than the noise, a threshold is
// wrong for this machine. DOWNHILL_ISA=avx2 asks the same for another instruction set.
import { allocate, backendInfo, prepareGemm, setThreads } from "../dist/index.js";
import { loadAddon } from "../dist/testing.js";
import { measure } from "./harness/measure.mjs";
import { distanceSweeps, edgesOf, sweeps } from "./regimes/sweeps.mjs";

function random(dtype, length) {
  let state = 12345;
  const array = allocate(dtype, length);
  for (let i = 0; i < length; ++i) {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    array[i] = state / 2 ** 31 - 1;
  }
  return array;
}

function prepared([m, n, k, transA = false, transB = false, apart = 0], dtype) {
  const [lda, ldb, ldc] = [transA ? m : k, transB ? k : n, n].map((columns) => Math.max(columns, apart));
  const a = random(dtype, lda * (transA ? k : m));
  const b = random(dtype, ldb * (transB ? n : k));
  return prepareGemm({ m, n, k, a, lda, b, ldb, c: allocate(dtype, m * ldc), ldc, transA, transB });
}

const titleOf = ([m, n, k, transA, transB, apart]) =>
  `${m}×${n}×${k}${transA ? " Aᵀ" : ""}${transB ? " Bᵀ" : ""}${apart ? `, rows ${apart} apart` : ""}`;

/** The chosen regime beside the other one of an edge; what is to be said where it is more than 3 % slower. */
async function compareAt(bench, addon, dtype, shape, title, own, other) {
  const [m, n, k, transA = false, transB = false] = shape;
  const product = prepared(shape, dtype);
  addon.gemmForce(other);
  const canCompute = addon.gemmRegime(m, n, k, transA, transB, dtype === "float64") === other;
  addon.gemmForce("");
  if (!canCompute) return `${title}: ${other} has no kernel`;
  const times = Math.ceil(1e6 / (m * n * k)); // so that forcing takes no time beside them
  const through = (regime) => () => {
    addon.gemmForce(regime);
    for (let i = 0; i < times; ++i) product.run();
  };
  const sides = { [`${own} (chosen)`]: through(""), [other]: through(other) };
  const check = () => {
    if (own === "dot" || other === "dot") return; // other bits, by contract
    const [expected, found] = Object.values(sides).map((run) => {
      run();
      return product.c.slice();
    });
    if (!found.every((x, i) => Object.is(x, expected[i]))) throw new Error(`${title}: ${other} has other bits than ${own}`);
  };
  const rate = { work: (2 * times * m * n * k) / 1e9, unit: "GFLOP/s" };
  const { sides: rows } = await bench.compare({ case: title, sides, check, rate, budget: bench.quick ? 0.1 : 0.4 });
  addon.gemmForce("");
  const loss = Math.round(100 * (rows[0].seconds / rows[1].seconds - 1));
  return loss > 3 ? `${title}: ${other} is ${loss} % faster than ${own}` : undefined;
}

async function compareRegimes(bench, addon, dtype) {
  const regimeOf = ([m, n, k, transA = false, transB = false]) => addon.gemmRegime(m, n, k, transA, transB, dtype === "float64");
  for (const sweep of sweeps) {
    for (const { shapes, regimes } of edgesOf(sweep, regimeOf)) {
      for (const [i, shape] of shapes.entries()) {
        const title = `${dtype}, ${sweep.name}: ${titleOf(shape)}`;
        const line = await compareAt(bench, addon, dtype, shape, title, regimes[i], regimes[1 - i]);
        if (line) bench.note(line);
      }
    }
  }
}

/** What is decided by how far apart rows lie, beside the other way; what is to be said where it is more than 3 % slower. */
async function compareDecision(bench, addon, decision, shape, title) {
  const product = prepared(shape, "float32");
  const times = Math.ceil(1e6 / (shape[0] * shape[1] * shape[2]));
  const through = (inverted) => () => {
    addon.gemmDecide(inverted);
    for (let i = 0; i < times; ++i) product.run();
    addon.gemmDecide("");
  };
  const sides = { chosen: through("none"), "the other way": through(decision) };
  const check = () => {
    const [expected, found] = Object.values(sides).map((run) => {
      run();
      return product.c.slice();
    });
    if (!found.every((x, i) => Object.is(x, expected[i]))) throw new Error(`${title}: other bits the other way`);
  };
  const rate = { work: (2 * times * shape[0] * shape[1] * shape[2]) / 1e9, unit: "GFLOP/s" };
  const { sides: rows } = await bench.compare({ case: title, sides, check, rate, budget: bench.quick ? 0.1 : 0.4 });
  const loss = Math.round(100 * (rows[0].seconds / rows[1].seconds - 1));
  if (loss > 3) bench.note(`${title}: the other way is ${loss} % faster`);
}

async function compareDistances(bench, addon) {
  for (const sweep of distanceSweeps) {
    const answerTo = (shape) => {
      addon.gemmDecide("none");
      prepared(shape, "float32").run();
      return String(addon.gemmDecided()[sweep.decision]);
    };
    for (const { shapes, regimes } of edgesOf(sweep, answerTo)) {
      for (const [i, shape] of shapes.entries()) {
        if (regimes[i] === "null") continue; // nothing to decide
        const answer = regimes[i] === "true" ? sweep.decision : `not: ${sweep.decision}`;
        await compareDecision(bench, addon, sweep.decision, shape, `${answer}, by ${sweep.name}: ${titleOf(shape)}`);
      }
    }
  }
  addon.gemmDecide("");
}

/**
 * Columns beyond the last whole vector, beside that vector filled: where they are computed apart (gemm/edge.h) they must take
 * less, elsewhere (and where a mask costs nothing) the same.
 */
async function compareEdges(bench) {
  const bytes = backendInfo().isa === "avx512" ? 64 : 32;
  for (const [dtype, transA] of ["float32", "float64"].flatMap((type) => [false, true].map((transposed) => [type, transposed]))) {
    const lanes = bytes / (dtype === "float32" ? 4 : 8);
    const columnsAndK = [1, lanes / 4, lanes / 2].flatMap((columns) => [36, 64].map((k) => [columns, k]));
    for (const [columns, k] of columnsAndK) {
      const [edge, whole] = [64 + columns, 64 + lanes].map((n) => prepared([64, n, k, transA], dtype));
      const title = `${dtype}, columns beyond whole vectors: ${titleOf([64, 64 + columns, k, transA])}`;
      const sides = { edge: () => edge.run(), "whole vector": () => whole.run() };
      const { sides: rows } = await bench.compare({ case: title, sides, budget: bench.quick ? 0.1 : 0.4 });
      const loss = Math.round(100 * (rows[0].seconds / rows[1].seconds - 1));
      if (loss > 3) bench.note(`${title}: a whole vector is ${loss} % faster`);
    }
  }
}

/** Two threads from about 200,000 multiply-adds on (kWorthSplitting). */
async function compareThreads(bench, threads) {
  for (const shape of [
    [50, 64, 60],
    [52, 64, 62],
    [64, 64, 64],
    [80, 80, 80],
    [1, 512, 512],
  ]) {
    const product = prepared(shape, "float32");
    const sides = [];
    for (const count of [1, threads]) {
      setThreads(count);
      const [side] = await measure({ [`${count} thread${count > 1 ? "s" : ""}`]: () => product.run() }, bench.quick ? 0.1 : 0.4);
      sides.push(side);
    }
    bench.record({
      case: `threads: ${shape.join("×")}`,
      sides,
      rate: { work: (2 * shape[0] * shape[1] * shape[2]) / 1e9, unit: "GFLOP/s" },
    });
  }
}

export default {
  question: "Do the thresholds between gemm's algorithms lie right on this machine?",
  async run(bench) {
    const { addon } = loadAddon();
    if (!addon) return bench.note("skipped: no native addon");
    const threads = backendInfo().threads;
    setThreads(1);
    for (const dtype of ["float32", "float64"]) await compareRegimes(bench, addon, dtype);
    await compareDistances(bench, addon);
    await compareEdges(bench);
    if (threads > 1) await compareThreads(bench, threads);
    setThreads(threads);
  },
};
