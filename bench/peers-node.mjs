// Matrix multiply from JavaScript beside other packages. They are no dependencies of this project: install them anywhere,
//   npm install --prefix /tmp/peers --ignore-scripts onnxruntime-node @tensorflow/tfjs-core @tensorflow/tfjs-backend-wasm ml-matrix
//   DOWNHILL_PEERS=/tmp/peers npm run bench -- peers-node
// and those that are not found there are left out, with the reason.
import { createRequire } from "node:module";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { gemm, setThreads } from "../dist/index.js";
import { measure } from "./harness/measure.mjs";
import { backends } from "./peers/node-backends.mjs";

const shapes = [
  [8, 8, 8],
  [32, 32, 32],
  [64, 64, 64],
  [1, 256, 784],
  [32, 128, 256],
  [256, 256, 784],
  [512, 512, 512],
];

function random(length) {
  let state = 12345;
  return Float32Array.from({ length }, () => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    return state / 2 ** 31 - 1;
  });
}

/** Throws where `c` is not a · b: |error| ≤ (k + 2) · 2⁻²⁴ · Σ|a||b|, on up to 1000 elements. */
function assertProduct(name, c, { m, n, k, a, b }) {
  const step = Math.max(1, Math.floor((m * n) / 1000));
  for (let at = 0; at < m * n; at += step) {
    let sum = 0;
    let magnitude = 0;
    for (let p = 0; p < k; ++p) {
      const x = a[Math.floor(at / n) * k + p] * b[p * n + (at % n)];
      sum += x;
      magnitude += Math.abs(x);
    }
    if (!(Math.abs(c[at] - sum) <= 1.01 * (k + 2) * 2 ** -24 * magnitude))
      throw new Error(`${name}: C[${at}] is ${c[at]}, not ${sum}`);
  }
}

function plainLoops({ m, n, k, a, b, c }) {
  c.fill(0);
  for (let i = 0; i < m; ++i) {
    for (let p = 0; p < k; ++p) {
      const x = a[i * k + p];
      for (let j = 0; j < n; ++j) c[i * n + j] += x * b[p * n + j];
    }
  }
}

/**
 * One side after the other with a pause between: onnxruntime's idle workers poll for some milliseconds and would hold the
 * core that the next side's second thread needs.
 */
async function measureApart(sides, budget) {
  const measured = [];
  for (const [name, run] of Object.entries(sides)) {
    await setTimeout(200);
    measured.push(...(await measure({ [name]: run }, budget / 2)));
  }
  return measured;
}

export default {
  question: "How fast is gemm from JavaScript beside other packages?",
  async run(bench) {
    const require = createRequire(join(process.env.DOWNHILL_PEERS ?? process.cwd(), "package.json"));
    const peers = [];
    for (const load of backends)
      peers.push(await load(require).catch((error) => bench.note(`left out: ${error.message.split("\n")[0]}`)));
    for (const threads of [1, 2]) {
      setThreads(threads);
      for (const [m, n, k] of shapes) {
        const problem = { m, n, k, a: random(m * k), b: random(k * n), c: new Float32Array(m * n) };
        const sides = { downhill: () => gemm(problem) };
        const results = { downhill: () => problem.c };
        for (const peer of peers) {
          if (!peer?.threads.includes(threads)) continue;
          const { run, result } = await peer.prepare(problem, threads);
          await run();
          sides[peer.name] = run;
          results[peer.name] = result;
        }
        if (threads === 1) sides["plain loops"] = () => plainLoops(problem);
        gemm(problem);
        for (const [name, result] of Object.entries(results)) assertProduct(name, await result(), problem);
        const title = `${m}x${n}x${k} float32, ${threads} thread${threads > 1 ? "s" : ""}`;
        const rate = { work: (2 * m * n * k) / 1e9, unit: "GFLOP/s" };
        const budget = bench.quick ? 0.3 : 1;
        if (threads === 1) await bench.compare({ case: title, sides, rate, budget });
        else bench.record({ case: title, sides: await measureApart(sides, budget), rate });
      }
    }
  },
};
