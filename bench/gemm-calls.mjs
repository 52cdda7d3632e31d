// What a call from JavaScript adds: the same products in one native loop (gemmBatched over one A and one B), by prepared
// calls and by ad hoc calls, in turns. On several threads the batch stays below two items a thread, where the native side
// computes one product after the other, each on all threads.
import { allocate, backendInfo, gemm, gemmBatched, prepareGemm, setThreads } from "../dist/index.js";

const sizes = [8, 16, 32, 64, 96, 128, 256, 512];

function filled(length) {
  const array = allocate("float32", length);
  for (let i = 0; i < length; ++i) array[i] = ((i * 7) % 31) / 31 - 0.5;
  return array;
}

/** Throws unless every item of `c` has the first one's bits: A and B are the same for all. */
function assertEqualItems(name, c, expected, count) {
  for (let i = 0; i < c.length; ++i) {
    if (c[i] !== expected[i % (c.length / count)]) throw new Error(`${name}: C[${i}] is ${c[i]}`);
  }
}

export default {
  question: "What does a call from JavaScript add to a product?",
  async run(bench) {
    const before = backendInfo().threads;
    for (const threads of before > 1 ? [1, before] : [1]) {
      setThreads(threads);
      for (const size of sizes) {
        if (bench.quick && size > 256) continue;
        const count = threads > 1 ? 3 : size <= 32 ? 64 : 6;
        const [a, b] = [filled(size * size), filled(size * size)];
        const results = [1, 2, 3].map(() => allocate("float32", count * size * size));
        const problem = { m: size, n: size, k: size, a, b };
        const items = (c) =>
          Array.from({ length: count }, (_, i) => {
            return { m: size, n: size, k: size, a, b, c: c.subarray(i * size ** 2, (i + 1) * size ** 2) };
          });
        const prepared = items(results[1]).map(prepareGemm);
        const adHoc = items(results[2]);
        const batch = { ...problem, c: results[0], batch: count, strideA: 0, strideB: 0 };
        const sides = {
          "native loop": () => gemmBatched(batch),
          prepared: () => {
            for (const call of prepared) call.run();
          },
          "ad hoc": () => {
            for (const call of adHoc) gemm(call);
          },
        };
        await bench.compare({
          case: `${size}³ float32, ${threads} thread${threads > 1 ? "s" : ""}, ${count} products`,
          sides,
          check: () => {
            for (const run of Object.values(sides)) run();
            const expected = gemm(problem);
            Object.keys(sides).forEach((name, i) => {
              assertEqualItems(name, results[i], expected, count);
            });
          },
          rate: { work: (count * 2 * size ** 3) / 1e9, unit: "GFLOP/s" },
          budget: bench.quick ? 0.3 : 1,
        });
      }
    }
    setThreads(before);
  },
};
