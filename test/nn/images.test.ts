// Networks over images: shapes, errors, whole trainings on both backends, and one row as in a batch.
import { afterEach, describe, expect, it } from "vitest";
import { setBackend, setThreads } from "../../src/backend/select.ts";
import { uniform } from "../../src/core/random.ts";
import type { Tensor } from "../../src/core/types.ts";
import { architectureOf, networkOf } from "../../src/nn/architecture.ts";
import * as layers from "../../src/nn/layers.ts";
import { sequentialNetwork } from "../../src/nn/network.ts";
import { Adam } from "../../src/optim/adam.ts";
import { createTrainer } from "../../src/train/engine.ts";

const ROWS = 30;
const SIZE = 8;

/** Bars: class 0 lies across, class 1 stands. */
const x = new Float32Array(ROWS * SIZE * SIZE);
const y = Int32Array.from({ length: ROWS }, (_, r) => r % 2);
for (let r = 0; r < ROWS; r++) {
  const at = Math.floor(uniform(1, 1, r) * SIZE);
  for (let i = 0; i < SIZE; i++) x[r * SIZE * SIZE + (y[r] === 0 ? at * SIZE + i : i * SIZE + at)] = 1;
}

function network() {
  return sequentialNetwork(
    [
      layers.reshape({ targetShape: [SIZE, SIZE, 1] }),
      layers.conv2d({ filters: 6, kernelSize: 3, activation: "relu", kernelInitializer: "heNormal" }),
      layers.maxPooling2d(),
      layers.conv2d({ filters: 4, kernelSize: [2, 1], padding: "same", groups: 2, activation: "tanh" }),
      layers.averagePooling2d({ poolSize: 2, strides: 1 }),
      layers.flatten(),
      layers.dense({ units: 2, activation: "softmax" }),
    ],
    { inputShape: [SIZE * SIZE], seed: 4 },
  );
}

function trained(updates: number) {
  const trainer = createTrainer({
    network: network(),
    loss: "sparseCategoricalCrossentropy",
    optimizer: (params) => new Adam(params, { learningRate: 0.02 }),
  });
  trainer.setData({ x, y });
  const order = Uint32Array.from({ length: updates * 10 }, (_, i) => (i * 7) % ROWS);
  const { losses } = trainer.runSteps(order, { batchSize: 10 });
  return { trainer, losses };
}

afterEach(() => {
  setBackend("auto");
  setThreads(2);
});

describe("a network over images", () => {
  it("has Keras' shapes and numbers of parameters", () => {
    const shapes = network().layers.map(({ outputShape, parameterCount }) => [...outputShape, parameterCount]);
    expect(shapes).toEqual([
      [8, 8, 1, 0],
      [6, 6, 6, 60],
      [3, 3, 6, 0],
      [3, 3, 4, 28],
      [2, 2, 4, 0],
      [16, 0],
      [2, 34],
    ]);
    const same = sequentialNetwork([layers.conv2d({ filters: 2, kernelSize: 3, strides: 2, padding: "same" })], {
      inputShape: [5, 4, 3],
    });
    expect(same.outputShape).toEqual([3, 2, 2]);
  });

  it("learns bars that lie and bars that stand", () => {
    const { trainer, losses } = trained(120);
    expect(losses.at(-1)).toBeLessThan(0.1);
    expect(trainer.evaluate({ x, y }).correct).toBe(ROWS);
  });

  it("has the same bits on both backends and any number of threads, alone and in a batch", () => {
    setBackend("native");
    const native = trained(6).trainer;
    setThreads(1);
    expect(trained(6).trainer.parametersSha256()).toBe(native.parametersSha256());
    const outputs = native.predict(x);
    for (const row of [0, 29]) {
      const alone = native.predict(x.subarray(row * SIZE * SIZE, (row + 1) * SIZE * SIZE));
      expect([...alone]).toEqual([...outputs.subarray(row * 2, row * 2 + 2)]);
    }
    setBackend("reference", { exact: true });
    const reference = trained(6).trainer;
    expect(reference.parametersSha256()).toBe(native.parametersSha256());
    expect([...reference.predict(x)]).toEqual([...outputs]);
  });

  it("is rebuilt from its description", () => {
    const described = architectureOf(network());
    expect(described).toBeDefined();
    const again = networkOf(JSON.parse(JSON.stringify(described)), 200);
    expect(again.layers).toEqual(network().layers);
    const outputs = [network(), again].map((built) => {
      built.parameters.forEach(({ tensor }, k) => {
        tensor.data.forEach((_, i) => {
          tensor.data[i] = uniform(3, k, i) - 0.5;
        });
      });
      const optimizer = (params: Tensor[]) => new Adam(params);
      return [...createTrainer({ network: built, loss: "sparseCategoricalCrossentropy", optimizer }).predict(x)];
    });
    expect(outputs[1]).toEqual(outputs[0]);
  });

  it("refuses windows, shapes and options that do not fit", () => {
    const build = (layer: Parameters<typeof sequentialNetwork>[0][number], inputShape = [4, 4, 2]) =>
      sequentialNetwork([layer], { inputShape });
    const code = (wanted: string) => expect.objectContaining({ code: wanted });
    expect(() => build(layers.conv2d({ filters: 2, kernelSize: 5 }))).toThrow(code("ERR_SHAPE"));
    expect(() => build(layers.conv2d({ filters: 2, kernelSize: 3, dilationRate: 2 }))).toThrow(code("ERR_SHAPE"));
    expect(() => build(layers.conv2d({ filters: 2, kernelSize: 3 }), [4, 4])).toThrow(code("ERR_SHAPE"));
    expect(() => build(layers.conv2d({ filters: 4, kernelSize: 1, groups: 4 }))).toThrow(code("ERR_SHAPE"));
    expect(() => build(layers.conv2d({ filters: 3, kernelSize: 1, groups: 2 }))).toThrow(code("ERR_SHAPE"));
    expect(() => build(layers.maxPooling2d({ poolSize: 5 }))).toThrow(code("ERR_SHAPE"));
    expect(() => build(layers.reshape({ targetShape: [5] }))).toThrow(code("ERR_SHAPE"));
    expect(() => layers.conv2d({ filters: 0, kernelSize: 3 })).toThrow(code("ERR_RANGE"));
    expect(() => layers.conv2d({ filters: 1, kernelSize: [3, 0] })).toThrow(code("ERR_RANGE"));
    expect(() => layers.maxPooling2d({ poolSize: 5000, padding: "same" })).toThrow(code("ERR_RANGE"));
    expect(() => layers.conv2d({ filters: 1, kernelSize: [3] as never })).toThrow(code("ERR_OPTION"));
    expect(() => layers.conv2d({ filters: 1, kernelSize: 3, dilation: 2 } as never)).toThrow(code("ERR_OPTION"));
    expect(() => build(layers.averagePooling2d({ padding: "full" as never }))).toThrow(code("ERR_OPTION"));
  });
});
