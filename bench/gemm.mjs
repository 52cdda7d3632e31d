// Matrix multiply: native against the reference backend and against plain loops, 512³ float32; packed operands against
// arrays; GELU in the epilogue against a pass of its own.
import { allocate, backendInfo, gemm, packB, prepareGemm, setBackend, setThreads } from "../dist/index.js";
import { tiledGemm, tripleLoop } from "./plain/gemm.mjs";

const size = 512;

function fill(array, seed) {
  let state = seed;
  for (let i = 0; i < array.length; ++i) {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    array[i] = state / 2 ** 31;
  }
  return array;
}

/** Throws where two results differ by more than the rounding of `k` products can explain. */
function compare(name, actual, expected, k) {
  for (let i = 0; i < expected.length; ++i) {
    if (Math.abs(actual[i] - expected[i]) > k * 2 ** -23) throw new Error(`${name}: c[${i}] is ${actual[i]}, not ${expected[i]}`);
  }
}

/** Weights that many calls share: [m, n, k, transB]. */
const weights = [
  [1, 784, 256, false],
  [8, 3072, 768, false],
  [64, 1024, 1024, false],
  [512, 768, 3072, false],
  [1, 784, 256, true],
  [8, 768, 768, true],
  [32, 784, 256, true],
  [512, 512, 512, true],
];

async function comparePacked(bench) {
  for (const [m, n, k, transB] of weights) {
    const [a, b] = [m * k, k * n].map((length, seed) => fill(allocate("float32", length), seed + 1));
    const packed = packB({ n, k, b, transB });
    const sides = {
      packed: prepareGemm({ m, n, k, a, b: packed, c: allocate("float32", m * n) }),
      array: prepareGemm({ m, n, k, a, b, transB, c: allocate("float32", m * n) }),
    };
    const check = () => {
      for (const side of Object.values(sides)) side.run();
      if (!sides.packed.c.every((x, i) => Object.is(x, sides.array.c[i]))) throw new Error("packed: other bits than the array");
    };
    await bench.compare({
      case: `${m}×${n}×${k}${transB ? " ABᵀ" : ""} float32, weights packed, 1 thread`,
      sides: { packed: () => sides.packed.run(), array: () => sides.array.run() },
      check,
      rate: { work: (2 * m * n * k) / 1e9, unit: "GFLOP/s" },
      budget: bench.quick ? 0.3 : 1,
    });
    packed.dispose();
  }
}

/** GELU on finished tiles against a pass over C afterwards (a product with k = 0 and beta = 1 is such a pass). */
async function compareGelu(bench) {
  for (const [m, n, k] of [
    [32, 256, 784],
    [512, 3072, 768],
  ]) {
    const [a, b] = [m * k, k * n].map((length, seed) => fill(allocate("float32", length), seed + 1));
    const [c, d, none] = [m * n, m * n, 0].map((length) => allocate("float32", length));
    const fused = prepareGemm({ m, n, k, a, b, c, activation: "gelu" });
    const product = prepareGemm({ m, n, k, a, b, c: d });
    const pass = prepareGemm({ m, n, k: 0, a: none, b: none, c: d, beta: 1, activation: "gelu" });
    const sides = {
      fused: () => fused.run(),
      "two passes": () => {
        product.run();
        pass.run();
      },
      "without GELU": () => product.run(),
    };
    const check = () => {
      sides.fused();
      sides["two passes"]();
      if (!c.every((x, i) => Object.is(x, d[i]))) throw new Error("gelu: other bits than a pass of its own");
    };
    const budget = bench.quick ? 0.3 : 1;
    await bench.compare({ case: `${m}×${n}×${k} float32 with GELU, 1 thread`, sides, check, budget });
  }
}

export default {
  question: "How much faster is native gemm than plain JavaScript, with packed weights, with GELU?",
  async run(bench) {
    const [a, b] = [1, 2].map((seed) => fill(allocate("float32", size * size), seed));
    const results = Array.from({ length: 4 }, () => allocate("float32", size * size));
    const call = { m: size, n: size, k: size, a, b, c: results[0] };
    const through = (backend, c) => {
      const own = { ...call, c };
      return () => {
        setBackend(backend);
        gemm(own);
      };
    };
    const sides = {
      native: through("native", results[0]),
      "plain, 4×4 tile": () => tiledGemm(size, size, size, a, b, results[2]),
      "plain triple loop": () => tripleLoop(size, size, size, a, b, results[3]),
      "reference backend": through("reference", results[1]),
    };
    const check = () => {
      for (const run of Object.values(sides)) run();
      for (const index of [1, 2, 3]) compare(Object.keys(sides)[index], results[index], results[0], size);
    };
    const before = backendInfo().threads;
    const rate = { work: (2 * size ** 3) / 1e9, unit: "GFLOP/s" };
    setThreads(1);
    await bench.compare({ case: `${size}³ float32, 1 thread`, sides, check, rate, budget: bench.quick ? 1 : 8 });
    setBackend("native");
    await comparePacked(bench);
    await compareGelu(bench);
    setThreads(before);
    if (before > 1) await bench.compare({ case: `${size}³ float32, ${before} threads`, sides: { native: sides.native }, rate });
    setBackend("auto");
  },
};
