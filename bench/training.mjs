// A training step of two dense networks: samples per second, data handling included, beside NumPy and PyTorch where they
// are installed; and the latency of one prediction.
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { Adam, allocate, backendInfo, createTrainer, layers, sequentialNetwork, setThreads } from "../dist/index.js";

const FEATURES = 784;
const SAMPLES = 60_000;
const NETWORKS = { "784-256-128-10": [256, 128, 10], "784-64-32-10": [64, 32, 10] };
const BATCHES = [1, 32, 128, 256, 1024];

/** Data of MNIST's shape: what is learnt does not matter here, only that rows are fetched from all over the memory. */
function dataset() {
  const x = allocate("float32", SAMPLES * FEATURES);
  for (let i = 0; i < x.length; i++) x[i] = ((Math.imul(i, 2654435761) >>> 24) & 255) / 255;
  const y = Int32Array.from({ length: SAMPLES }, (_, i) => (i * 7) % 10);
  const order = Uint32Array.from({ length: SAMPLES }, (_, i) => (i * 7919) % SAMPLES);
  return { x, y, order };
}

function trainer(units, data) {
  const network = sequentialNetwork(
    units.map((n, i) =>
      layers.dense({ units: n, activation: i === units.length - 1 ? "softmax" : "relu", kernelInitializer: "heNormal" }),
    ),
    { inputShape: [FEATURES] },
  );
  const made = createTrainer({ network, optimizer: (params) => new Adam(params), loss: "sparseCategoricalCrossentropy" });
  made.setData(data);
  return made;
}

/** Seconds per sample of other libraries, from their own process; nothing where none is installed. */
function peers(units, batch) {
  const script = fileURLToPath(new URL("./training/peers.py", import.meta.url));
  const { status, stdout } = spawnSync("python3", [script, units.join(","), String(batch)], { encoding: "utf8" });
  return status === 0 ? JSON.parse(stdout) : [];
}

function check(units, data) {
  const [one, many] = [trainer(units, data), trainer(units, data)];
  const { losses } = many.runSteps(data.order, { batchSize: 128, end: 640 });
  for (let at = 0; at < 640; at += 128) one.runSteps(data.order, { batchSize: 128, begin: at, end: at + 128 });
  if (one.parametersSha256() !== many.parametersSha256()) throw new Error("cut and whole runs differ");
  if (!losses.every(Number.isFinite)) throw new Error("a loss is not finite");
}

export default {
  question: "How many samples per second does a whole training step take in, and how long does one prediction last?",
  async run(bench) {
    const data = dataset();
    const threads = backendInfo().threads;
    for (const [name, units] of Object.entries(NETWORKS)) {
      check(units, data);
      for (const batch of BATCHES) {
        const made = trainer(units, data);
        const steps = Math.max(1, Math.min(Math.floor(SAMPLES / batch), bench.quick ? 50 : 400));
        const run = () => made.runSteps(data.order, { batchSize: batch, end: batch * steps });
        const work = batch * steps;
        const title = `${name}, Adam, float32, batch ${batch}, ${threads} threads`;
        const result = await bench.compare({ case: title, sides: { downhill: run }, rate: { work, unit: "samples/s" } });
        const others = peers(units, batch);
        if (others.length === 0) continue;
        const sides = [
          { side: "downhill", seconds: result.sides[0].seconds / work },
          ...others.map(({ side, secondsPerSample }) => ({ side, seconds: secondsPerSample })),
        ];
        bench.record({ case: `${title}, beside others`, sides, rate: { work: 1, unit: "samples/s" } });
      }
      setThreads(1);
      const made = trainer(units, data);
      const row = data.x.subarray(0, FEATURES);
      const out = new Float32Array(10);
      await bench.compare({
        case: `${name}, predict one sample, 1 thread`,
        sides: { downhill: () => made.predict(row, out) },
        rate: { work: 1, unit: "ns/prediction", per: "item" },
      });
      setThreads(threads);
    }
  },
};
