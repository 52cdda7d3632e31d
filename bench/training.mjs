// A training step of two dense networks, data handling included, beside the libraries that are installed (training/peers.mjs
// finds them); MNIST to 97 %; one prediction; how long the event loop waits while a training runs.
import { monitorEventLoopDelay } from "node:perf_hooks";
import { setTimeout as pause } from "node:timers/promises";
import { Adam, allocate, backendInfo, createTrainer, layers, sequentialNetwork, setThreads } from "../dist/index.js";
import { mnistTo97 } from "./training/mnist.mjs";
import { findPeers } from "./training/peers.mjs";
import { summarize } from "./training/rounds.mjs";

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

function check(units, data) {
  const [one, many] = [trainer(units, data), trainer(units, data)];
  const { losses } = many.runSteps(data.order, { batchSize: 128, end: 640 });
  for (let at = 0; at < 640; at += 128) one.runSteps(data.order, { batchSize: 128, begin: at, end: at + 128 });
  if (one.parametersSha256() !== many.parametersSha256()) throw new Error("cut and whole runs differ");
  if (!losses.every(Number.isFinite)) throw new Error("a loss is not finite");
}

/** Our side, as the others': seconds per sample over calls of about a tenth of the time each. */
function ourTraining(made, data, batch) {
  let steps = 1;
  let at = 0;
  return (seconds) => {
    const begin = performance.now();
    let count = 0;
    do {
      const start = performance.now();
      const end = Math.min(at + steps * batch, SAMPLES - (SAMPLES % batch));
      made.runSteps(data.order, { batchSize: batch, begin: at, end });
      count += end - at;
      at = end + batch > SAMPLES ? 0 : end;
      if (performance.now() - start < 100 * seconds) steps *= 2;
    } while (performance.now() - begin < 1000 * seconds);
    return (performance.now() - begin) / 1000 / count;
  };
}

function ourPrediction(made, data) {
  const row = data.x.subarray(0, FEATURES);
  const out = new Float32Array(10);
  return (seconds) => {
    const begin = performance.now();
    let count = 0;
    while (performance.now() - begin < 1000 * seconds) {
      for (let i = 0; i < 1000; i++) made.predict(row, out);
      count += 1000;
    }
    return (performance.now() - begin) / 1000 / count;
  };
}

/**
 * Every side takes a turn in each round. Idle workers of one library poll for a while and would take the next one's core:
 * hence the pauses.
 */
async function interleaved(ours, others, action, bench) {
  const [rounds, seconds] = bench.quick ? [3, 0.05] : [7, 0.15];
  const samples = new Map([["downhill", []], ...others.map(({ side }) => [side, []])]);
  ours(seconds);
  for (let round = 0; round < rounds; round++) {
    samples.get("downhill").push(ours(seconds));
    for (const { side, ask } of others) {
      await pause(30);
      samples.get(side).push((await ask({ do: action, seconds })).secondsPerSample);
    }
    if (others.length > 0) await pause(30);
  }
  return [...samples].map(([side, list]) => summarize(side, list));
}

/** The longest wait of the event loop while asynchronous runs train at full speed. */
async function eventLoop(units, data, bench) {
  const made = trainer(units, data);
  const options = { batchSize: 128 };
  await made.runStepsAsync(data.order, options);
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  const begin = performance.now();
  let count = 0;
  while (performance.now() - begin < (bench.quick ? 500 : 3000)) {
    await made.runStepsAsync(data.order, options);
    count += SAMPLES;
  }
  delay.disable();
  const ms = (ns) => (ns / 1e6).toFixed(1);
  const rate = Math.round(count / ((performance.now() - begin) / 1000)).toLocaleString("en");
  bench.note(
    `event loop while training ${rate} samples/s, timer of 1 ms: median ${ms(delay.percentile(50))} ms, 99 % ${ms(delay.percentile(99))} ms, longest ${ms(delay.max)} ms\n`,
  );
}

export default {
  question: "How many samples per second does training take in, how soon is MNIST learnt, how long does one prediction last?",
  async run(bench) {
    const data = dataset();
    const { threads, isas } = backendInfo();
    const peers = await findPeers({ isas, note: (text) => bench.note(text) });
    const single = await findPeers({ isas, note: () => {}, oneThread: true });
    try {
      for (const [name, units] of Object.entries(NETWORKS)) {
        check(units, data);
        for (const batch of BATCHES) {
          for (const { ask } of peers.sides) await ask({ do: "prepare", units, batch });
          const sides = await interleaved(ourTraining(trainer(units, data), data, batch), peers.sides, "train", bench);
          const title = `${name}, Adam, float32, batch ${batch}, ${threads} threads`;
          bench.record({ case: title, sides, rate: { work: 1, unit: "samples/s" } });
        }
        setThreads(1);
        for (const { ask } of single.sides) await ask({ do: "prepare", units, batch: 32 });
        const sides = await interleaved(ourPrediction(trainer(units, data), data), single.sides, "predict", bench);
        const rate = { work: 1, unit: "ns/prediction", per: "item" };
        bench.record({ case: `${name}, predict one sample, 1 thread`, sides, rate });
        setThreads(threads);
      }
      await eventLoop(NETWORKS["784-256-128-10"], data, bench);
      await mnistTo97(
        bench,
        peers.sides.find(({ side }) => side === "PyTorch"),
      );
    } finally {
      peers.close();
      single.close();
    }
  },
};
