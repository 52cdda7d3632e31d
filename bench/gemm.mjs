// Matrix multiply: native against the reference backend and against plain loops, 512³ float32; packed operands against
// arrays.
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

export default {
  question: "How much faster is native gemm than plain JavaScript, and with packed weights?",
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
    setThreads(before);
    if (before > 1) await bench.compare({ case: `${size}³ float32, ${before} threads`, sides: { native: sides.native }, rate });
    setBackend("auto");
  },
};
