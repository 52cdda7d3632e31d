// tfjs-wasm as a side of bench/training.mjs, in a process of its own. JSON lines as in peers.py; DOWNHILL_PEERS names the
// folder where the packages are installed.
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";

const SAMPLES = 60_000;
const FEATURES = 784;
const require = createRequire(join(process.env.DOWNHILL_PEERS ?? process.cwd(), "x.js"));
const wasm = require("@tensorflow/tfjs-backend-wasm");
const tf = require("@tensorflow/tfjs-layers");
const core = require("@tensorflow/tfjs-core");
wasm.setWasmPaths(`${join(dirname(require.resolve("@tensorflow/tfjs-backend-wasm/package.json")), "dist")}/`);
await core.setBackend("wasm");
await core.ready();
if (core.getBackend() !== "wasm") throw new Error("the wasm backend does not start");

const x = Float32Array.from({ length: SAMPLES * FEATURES }, (_, i) => ((Math.imul(i, 2654435761) >>> 24) & 255) / 255);
const order = Uint32Array.from({ length: SAMPLES }, (_, i) => (i * 7919) % SAMPLES);
let model;
let batch = 0;
let at = 0;

async function step() {
  const rows = new Float32Array(batch * FEATURES);
  const labels = new Float32Array(batch);
  for (let i = 0; i < batch; i++) {
    const row = order[at + i];
    rows.set(x.subarray(row * FEATURES, (row + 1) * FEATURES), i * FEATURES);
    labels[i] = (row * 7) % 10;
  }
  at = (at + batch) % (SAMPLES - batch + 1);
  const xs = core.tensor2d(rows, [batch, FEATURES]);
  const ys = core.tensor1d(labels);
  await model.trainOnBatch(xs, ys);
  core.dispose([xs, ys]);
}

async function timed(run, seconds, unit) {
  const begin = performance.now();
  let count = 0;
  do {
    await run();
    count += unit;
  } while (performance.now() - begin < 1000 * seconds);
  return { secondsPerSample: (performance.now() - begin) / 1000 / count };
}

const row = x.slice(0, FEATURES);
const actions = {
  sides: () => ({ sides: ["tfjs-wasm"], versions: { "tfjs-wasm": core.version_core } }),
  async prepare({ units, batch: size }) {
    model?.dispose();
    model = tf.sequential();
    units.forEach((n, i) => {
      const activation = i === units.length - 1 ? "softmax" : "relu";
      model.add(
        tf.layers.dense({ units: n, activation, kernelInitializer: "heNormal", ...(i ? {} : { inputShape: [FEATURES] }) }),
      );
    });
    model.compile({ optimizer: core.train.adam(), loss: "sparseCategoricalCrossentropy" });
    batch = size;
    at = 0;
    await step();
    return {};
  },
  train: ({ seconds }) => timed(step, seconds, batch),
  predict: ({ seconds }) =>
    timed(() => core.tidy(() => void model.predict(core.tensor2d(row, [1, FEATURES])).dataSync()), seconds, 1),
};

for await (const line of createInterface({ input: process.stdin })) {
  const request = JSON.parse(line);
  process.stdout.write(`${JSON.stringify(await actions[request.do](request))}\n`);
}
