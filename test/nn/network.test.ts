// Networks: names, shapes, initial values; functional models, shared layers and losses of one's own on both backends.
import { afterEach, describe, expect, it } from "vitest";
import { setBackend } from "../../src/backend/select.ts";
import type { Value } from "../../src/graph/graph.ts";
import * as initializers from "../../src/nn/initializers.ts";
import * as layers from "../../src/nn/layers.ts";
import { functionalNetwork, sequentialNetwork } from "../../src/nn/network.ts";
import * as ops from "../../src/nn/ops.ts";
import { SGD } from "../../src/optim/sgd.ts";
import { createTrainer } from "../../src/train/engine.ts";

const refused = (code: string) => expect.objectContaining({ code });

afterEach(() => setBackend("auto"));

describe("sequentialNetwork", () => {
  it("names layers and parameters as Keras does, with shapes and counts", () => {
    const network = sequentialNetwork([
      layers.flatten({ inputShape: [4, 3] }),
      layers.dense({ units: 5 }),
      layers.batchNormalization(),
      layers.dense({ units: 2, useBias: false }),
      layers.dense({ units: 1, name: "out" }),
    ]);
    expect(network.layers.map(({ name }) => name)).toEqual(["flatten", "dense", "batch_normalization", "dense_1", "out"]);
    expect(network.layers.map(({ parameterCount }) => parameterCount)).toEqual([0, 65, 20, 10, 3]);
    expect(network.parameters.map(({ name, tensor }) => [name, ...tensor.shape])).toEqual([
      ["dense/kernel", 12, 5],
      ["dense/bias", 5],
      ["batch_normalization/gamma", 5],
      ["batch_normalization/beta", 5],
      ["dense_1/kernel", 5, 2],
      ["out/kernel", 2, 1],
      ["out/bias", 1],
    ]);
    expect(network.buffers.map(({ name }) => name)).toEqual([
      "batch_normalization/moving_mean",
      "batch_normalization/moving_variance",
    ]);
    expect(network.outputShape).toEqual([1]);
  });

  it("refuses what cannot be built", () => {
    expect(() => sequentialNetwork([layers.dense({ units: 2 })])).toThrow(refused("ERR_SHAPE"));
    expect(() =>
      sequentialNetwork([layers.dense({ units: 2, name: "a", inputShape: [2] }), layers.dense({ units: 2, name: "a" })]),
    ).toThrow(refused("ERR_DUPLICATE"));
    expect(() => layers.dense({ units: 0 })).toThrow(refused("ERR_RANGE"));
    expect(() => layers.dense({ units: 2, kernelInitializer: "best" })).toThrow(refused("ERR_OPTION"));
    expect(() => layers.dropout({ rate: 1 })).toThrow(refused("ERR_OPTION"));
    expect(() => sequentialNetwork([layers.input({ shape: [0] })])).toThrow(refused("ERR_RANGE"));
  });
});

describe("initialisers", () => {
  const drawn = (initializer: initializers.Initializer, rows: number, cols: number) => {
    const out = new Float64Array(rows * cols);
    initializer(out, [rows, cols], 5, 1);
    return out;
  };
  const variance = (values: Float64Array) => {
    const mean = values.reduce((sum, v) => sum + v, 0) / values.length;
    return values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / values.length;
  };
  // A sample variance of n draws is off by more than 5·√(2/n) of itself once in a million.
  const close = 5 * Math.sqrt(2 / (300 * 100));
  it.each([
    ["heNormal", 2 / 300],
    ["heUniform", 2 / 300],
    ["glorotNormal", 1 / 200],
    ["glorotUniform", 1 / 200],
    ["lecunNormal", 1 / 300],
    ["lecunUniform", 1 / 300],
  ])("%s has the variance of its paper", (name, expected) => {
    const values = drawn(initializers.initializerOf("kernelInitializer", name), 300, 100);
    expect(Math.abs(variance(values) / expected - 1)).toBeLessThan(close);
  });

  it("orthogonal gives orthonormal rows or columns", () => {
    for (const [rows, cols] of [
      [5, 9],
      [9, 5],
    ]) {
      const m = drawn(initializers.orthogonal(), rows, cols);
      const count = Math.min(rows, cols);
      for (let a = 0; a < count; a++) {
        for (let b = 0; b < count; b++) {
          let dot = 0;
          for (let k = 0; k < Math.max(rows, cols); k++) {
            dot += rows < cols ? m[a * cols + k] * m[b * cols + k] : m[k * cols + a] * m[k * cols + b];
          }
          expect(Math.abs(dot - (a === b ? 1 : 0))).toBeLessThan(1e-14);
        }
      }
    }
  });

  it("depend on the seed alone", () => {
    const make = (seed: number) => sequentialNetwork([layers.dense({ units: 3, inputShape: [4] })], { seed });
    expect([...make(1).arena]).toEqual([...make(1).arena]);
    expect([...make(1).arena]).not.toEqual([...make(2).arena]);
  });
});

describe("functionalNetwork", () => {
  const build = () => {
    const embed = layers.embedding({ inputDim: 7, outputDim: 4 });
    const flat = layers.flatten();
    const shared = layers.dense({ units: 6, activation: "tanh" });
    const out = layers.dense({ units: 1 });
    return functionalNetwork(
      (x, apply) => {
        const words = apply(flat, apply(embed, x));
        const left = ops.sliceColumns(words, 0, 8);
        const right = ops.sliceColumns(words, 4, 12);
        const joined = ops.concatenate([apply(shared, left), apply(shared, right)]);
        return apply(out, joined);
      },
      { inputShape: [3], seed: 3 },
    );
  };
  it("shares the variables of a layer that is used twice", () => {
    expect(build().parameters.map(({ name }) => name)).toEqual([
      "embedding/embeddings",
      "dense/kernel",
      "dense/bias",
      "dense_1/kernel",
      "dense_1/bias",
    ]);
  });

  it("trains with a loss of one's own to the same bits on both backends", () => {
    const run = () => {
      const trainer = createTrainer({
        network: build(),
        optimizer: (params) => new SGD(params, { learningRate: 0.5 }),
        loss: (p: Value, t: Value) => ops.log(ops.add(1, ops.square(ops.subtract(p, t)))),
      });
      const x = Float32Array.from({ length: 30 }, (_, i) => (i * 5) % 7);
      trainer.setData({ x, y: Float32Array.from({ length: 10 }, (_, i) => Math.fround((x[3 * i] - x[3 * i + 1]) / 7)) });
      const order = Uint32Array.from({ length: 400 }, (_, i) => i % 10);
      const { losses, correct } = trainer.runSteps(order, { batchSize: 10 });
      expect([...correct]).toEqual(new Array(40).fill(-1));
      return { losses: [...losses], hash: trainer.parametersSha256() };
    };
    setBackend("native");
    const native = run();
    expect(native.losses[39]).toBeLessThan(0.5 * native.losses[0]);
    setBackend("reference", { exact: true });
    expect(run()).toEqual(native);
  });
});

describe("loadParameters", () => {
  it("checks everything before it writes", () => {
    setBackend("native");
    const network = sequentialNetwork([layers.dense({ units: 2, inputShape: [2] })]);
    const trainer = createTrainer({ network, optimizer: (params) => new SGD(params), loss: "mse" });
    const before = trainer.parametersSha256();
    const [kernel, bias] = network.parameters.map(({ name, tensor }) => ({
      name,
      tensor: { shape: tensor.shape, data: Float32Array.from(tensor.data, () => 9) },
    }));
    expect(() => trainer.loadParameters([kernel])).toThrow(refused("ERR_STATE"));
    expect(() => trainer.loadParameters([kernel, bias, bias])).toThrow(refused("ERR_STATE"));
    expect(() => trainer.loadParameters([kernel, { ...bias, name: "other" }])).toThrow(refused("ERR_STATE"));
    const wrong = { ...bias, tensor: { shape: [1, 2], data: bias.tensor.data } };
    expect(() => trainer.loadParameters([kernel, wrong])).toThrow(refused("ERR_SHAPE"));
    expect(trainer.parametersSha256()).toBe(before);
    trainer.loadParameters([bias, kernel]);
    expect([...network.parameters[0].tensor.data]).toEqual([9, 9, 9, 9]);
  });
});
