// Matrix multiply: native against the reference backend and against plain loops, 512³ float32.
import { allocate, backendInfo, gemm, setBackend, setThreads } from "../dist/index.js";
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

export default {
  question: "How much faster is native gemm than plain JavaScript?",
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
    setThreads(before);
    if (before > 1) await bench.compare({ case: `${size}³ float32, ${before} threads`, sides: { native: sides.native }, rate });
    setBackend("auto");
  },
};
