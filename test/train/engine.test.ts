// Whole trainings: native against the reference bit for bit, however the steps are cut, and on any number of threads.
import { afterEach, describe, expect, it } from "vitest";
import { setBackend, setThreads } from "../../src/backend/select.ts";
import { uniform } from "../../src/core/random.ts";
import type { Dtype } from "../../src/core/types.ts";
import * as layers from "../../src/nn/layers.ts";
import { sequentialNetwork } from "../../src/nn/network.ts";
import { Adam } from "../../src/optim/adam.ts";
import { createTrainer } from "../../src/train/engine.ts";
import type { TrainerOptions } from "../../src/train/trainer.ts";

const ROWS = 70;
const FEATURES = 19;

function dataset(dtype: Dtype) {
  const draw = (i: number) => uniform(7, 1, i) * 2 - 1;
  const x = Array.from({ length: ROWS * FEATURES }, (_, i) => draw(i));
  const y = Int32Array.from({ length: ROWS }, (_, r) => Math.floor(uniform(7, 2, r) * 5));
  return { x: dtype === "float32" ? Float32Array.from(x) : Float64Array.from(x), y };
}

function network(dtype: Dtype) {
  return sequentialNetwork(
    [
      layers.dense({ units: 33, activation: "relu", kernelInitializer: "heNormal", inputShape: [FEATURES] }),
      layers.dropout({ rate: 0.3 }),
      layers.batchNormalization(),
      layers.dense({ units: 17, activation: "gelu" }),
      layers.layerNormalization(),
      layers.dense({ units: 5, activation: "softmax" }),
    ],
    { dtype, seed: 11 },
  );
}

function trainer(dtype: Dtype, options: Partial<TrainerOptions> = {}) {
  const made = createTrainer({
    network: network(dtype),
    optimizer: (params) => new Adam(params, { learningRate: 0.01 }),
    loss: "sparseCategoricalCrossentropy",
    ...options,
  });
  made.setData(dataset(dtype));
  return made;
}

const order = Uint32Array.from({ length: ROWS }, (_, i) => (i * 13) % ROWS);

function outcome(dtype: Dtype, options: Partial<TrainerOptions> = {}, accumulate = 1) {
  const made = trainer(dtype, options);
  const { losses, correct } = made.runSteps(order, { batchSize: 16, accumulate });
  const buffers = made.network.buffers.map(({ tensor }) => [...tensor.data]);
  const { loss } = made.evaluate(dataset(dtype));
  const outputs = [...made.predict(dataset(dtype).x)];
  return { losses: [...losses], correct: [...correct], hash: made.parametersSha256(), buffers, loss, outputs };
}

afterEach(() => {
  setBackend("auto");
  setThreads(2);
});

describe("a training on native and in the reference", () => {
  const variants: [string, Partial<TrainerOptions>, number][] = [
    ["plain", {}, 1],
    ["with shards", { shards: 3, workers: 2 }, 1],
    ["with accumulation", {}, 2],
    ["with shards and accumulation", { shards: 2 }, 2],
    ["clipped by value", { clip: { value: 0.001 } }, 1],
    ["clipped by norm", { clip: { norm: 0.01 } }, 1],
    ["clipped by global norm", { clip: { globalNorm: 0.05 } }, 1],
    ["with class weights", { classWeight: [1, 2, 0.5, 0, 1] }, 1],
  ];
  for (const [name, options, accumulate] of variants) {
    it(`gives the same bits ${name}`, () => {
      setBackend("native");
      const native = outcome("float32", options, accumulate);
      setBackend("reference", { exact: true });
      expect(outcome("float32", options, accumulate)).toEqual(native);
      expect(native.losses.every(Number.isFinite)).toBe(true);
    });
  }
});
