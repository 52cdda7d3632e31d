// A model from a file alone: the architecture in the metadata, every layer, and what must be refused.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { readSafetensors, writeSafetensors } from "../../src/checkpoint/file.ts";
import type { Safetensors } from "../../src/checkpoint/safetensors.ts";
import { LAYER_FACTORIES } from "../../src/nn/architecture.ts";
import * as initializers from "../../src/nn/initializers.ts";
import * as layers from "../../src/nn/layers.ts";
import * as ops from "../../src/nn/ops.ts";
import { Checkpoint, EarlyStopping, loadModel } from "../../src/train/index.ts";
import { functional, type Model, sequential } from "../../src/train/sequential.ts";

const folder = mkdtempSync(join(tmpdir(), "downhill-load-model-"));
afterAll(() => rmSync(folder, { recursive: true }));
const file = (name: string) => join(folder, `${name}.safetensors`);

const x = Float32Array.from({ length: 40 * 6 }, (_, i) => ((i * 7919) % 997) / 500 - 1);
const y = Int32Array.from({ length: 40 }, (_, i) => i % 3);

const MODELS: Readonly<Record<string, () => Model>> = {
  "dense layers of every activation": () =>
    sequential(
      [
        ...["relu", "leakyRelu", "elu", "silu", "gelu", "sigmoid", "tanh", "softplus", "linear"].map((activation) =>
          layers.dense({ units: 5, activation: activation as "relu", kernelInitializer: "heNormal" }),
        ),
        layers.dense({ units: 3, activation: "softmax", useBias: false, kernelInitializer: initializers.lecunNormal }),
      ],
      { inputShape: [6], seed: 4 },
    ),
  "activations as layers": () =>
    sequential(
      [
        layers.input({ shape: [6] }),
        layers.dense({ units: 4, name: "first" }),
        layers.reLU(),
        layers.leakyReLU({ alpha: 0.1 }),
        layers.eLU({ alpha: 0.5 }),
        layers.silu(),
        layers.gelu(),
        layers.sigmoid(),
        layers.tanh(),
        layers.softplus(),
        layers.activation({ activation: "tanh" }),
        layers.dense({ units: 3 }),
        layers.softmax(),
      ],
      { seed: 1 },
    ),
  "normalisation, dropout and flatten": () =>
    sequential(
      [
        layers.dense({ units: 4, inputShape: [3, 2] }),
        layers.layerNormalization({ epsilon: 1e-4 }),
        layers.flatten(),
        layers.batchNormalization({ momentum: 0.9, epsilon: 1e-2 }),
        layers.dropout({ rate: 0.25 }),
        layers.dense({ units: 3, activation: "softmax" }),
      ],
      { seed: 2 },
    ),
  "images: convolution, pooling, another shape": () =>
    sequential(
      [
        layers.reshape({ targetShape: [2, 3, 1], inputShape: [6] }),
        layers.conv2d({ filters: 4, kernelSize: [2, 2], padding: "same", activation: "relu" }),
        layers.maxPooling2d({ poolSize: [1, 2], strides: 1 }),
        layers.conv2d({ filters: 4, kernelSize: 1, groups: 2, useBias: false }),
        layers.averagePooling2d({ poolSize: [2, 1] }),
        layers.flatten(),
        layers.dense({ units: 3, activation: "softmax" }),
      ],
      { seed: 6 },
    ),
  "a layer used twice": () => {
    const shared = layers.dense({ units: 6, activation: "tanh" });
    return sequential([shared, shared, layers.dense({ units: 3, activation: "softmax" })], { inputShape: [6] });
  },
  float64: () => sequential([layers.dense({ units: 3, activation: "softmax" })], { inputShape: [6], dtype: "float64" }),
};

const inputs = ({ network }: Model) => (network.dtype === "float64" ? Float64Array.from(x) : x);
const compiled = (model: Model) => model.compile({ optimizer: "adam", loss: "sparseCategoricalCrossentropy" });

test("every layer but lambda can be written down", () => {
  const missing = Object.entries(layers).filter(([name, make]) => {
    const factories = [...LAYER_FACTORIES.values()] as unknown[];
    return name !== "lambda" && typeof make === "function" && !factories.includes(make);
  });
  expect(missing).toEqual([]);
});

describe("loadModel", () => {
  test.each(Object.entries(MODELS))("%s: predicts the same bits, without compile()", async (name, make) => {
    const model = compiled(make());
    await model.fit(inputs(model), y, { epochs: 2, batchSize: 16, verbose: 0 });
    const path = file(name.replaceAll(/\W/g, "-"));
    await model.saveWeights(path);
    const loaded = await loadModel(path);
    expect(loaded.summary()).toBe(model.summary());
    expect(loaded.network.parameters).toEqual(model.network.parameters);
    expect(loaded.network.buffers).toEqual(model.network.buffers);
    expect(loaded.predict(inputs(model))).toEqual(model.predict(inputs(model)));
  });
  test("an embedding", async () => {
    const model = compiled(
      sequential(
        [layers.embedding({ inputDim: 7, outputDim: 2, inputShape: [3] }), layers.flatten(), layers.dense({ units: 3 })],
        { seed: 3 },
      ),
    );
    await model.saveWeights(file("embedding"));
    const words = Float32Array.of(1, 2, 6, 0, 5, 3);
    expect((await loadModel(file("embedding"))).predict(words)).toEqual(model.predict(words));
  });
  test("goes on training from a checkpoint to the bits of a training that was never stopped", async () => {
    const make = MODELS["normalisation, dropout and flatten"] as () => Model;
    const options = { batchSize: 16, epochs: 4, verbose: 0 } as const;
    const whole = compiled(make());
    await whole.fit(x, y, options);
    const callbacks = [new Checkpoint({ path: file("part") })];
    await compiled(make()).fit(x, y, { ...options, stopWhen: { maxSteps: 5 }, callbacks });
    const loaded = compiled(await loadModel(file("part"), { weights: "last" }));
    await loaded.fit(x, y, { ...options, resume: file("part") });
    expect(loaded.network.parameters).toEqual(whole.network.parameters);
    expect(loaded.network.buffers).toEqual(whole.network.buffers);
  });
  test('takes the best weights of early stopping, or with "last" the trained ones', async () => {
    const model = compiled((MODELS["a layer used twice"] as () => Model)());
    const callbacks = [new EarlyStopping({ patience: 5, monitor: "loss", mode: "max" }), new Checkpoint({ path: file("best") })];
    await model.fit(x, y, { epochs: 3, verbose: 0, callbacks });
    expect((await loadModel(file("best"))).network.parameters).toEqual(model.network.parameters);
    expect((await loadModel(file("best"), { weights: "last" })).network.parameters).not.toEqual(model.network.parameters);
  });
});

describe("what has no architecture, or a bad one", () => {
  const refused = { code: "ERR_FORMAT" };

  test("functional models and layers with functions of one's own say how to load them instead", async () => {
    const last = layers.dense({ units: 3 });
    const own = [
      functional((input, apply) => apply(last, input), { inputShape: [6] }),
      sequential([layers.lambda((value) => ops.square(value)), layers.dense({ units: 3 })], { inputShape: [6] }),
      sequential([layers.dense({ units: 3, activation: (value) => ops.square(value) })], { inputShape: [6] }),
    ];
    for (const model of own) {
      await model.saveWeights(file("own"));
      await expect(loadModel(file("own"))).rejects.toMatchObject({ ...refused, message: expect.stringContaining("loadWeights") });
      await model.loadWeights(file("own"));
    }
  });
  const KEY = "downhill.architecture";
  const good = async (): Promise<Safetensors> => {
    await (MODELS.float64 as () => Model)().saveWeights(file("good"));
    return readSafetensors(file("good"));
  };
  test.each<[string, (architecture: Record<string, unknown>) => unknown, string]>([
    ["text that is not JSON", () => "{", "ERR_FORMAT"],
    ["null", () => "null", "ERR_FORMAT"],
    ["another format", (a) => ({ ...a, format: 2 }), "ERR_FORMAT"],
    ["an unknown layer", (a) => ({ ...a, layers: [{ className: "Conv9D", config: {} }] }), "ERR_FORMAT"],
    ["a name of Object.prototype", (a) => ({ ...a, layers: [{ className: "constructor", config: {} }] }), "ERR_FORMAT"],
    ["a shared layer that does not exist", (a) => ({ ...a, layers: [3] }), "ERR_FORMAT"],
    ["a network larger than the file", (a) => ({ ...a, layers: [{ className: "Dense", config: { units: 1e9 } }] }), "ERR_FORMAT"],
    ["other units", (a) => ({ ...a, layers: [{ className: "Dense", config: { units: 2 } }] }), "ERR_SHAPE"],
    ["an unknown option", (a) => ({ ...a, layers: [{ className: "Dense", config: { unit: 2 } }] }), "ERR_OPTION"],
    ["no shape", (a) => ({ ...a, inputShape: undefined }), "ERR_SHAPE"],
  ])("%s is refused", async (_, change, code) => {
    const { tensors, metadata } = await good();
    const changed = change(JSON.parse(metadata[KEY] as string));
    const text = typeof changed === "string" ? changed : JSON.stringify(changed);
    await writeSafetensors(file("bad"), { tensors, metadata: { ...metadata, [KEY]: text } });
    await expect(loadModel(file("bad"))).rejects.toMatchObject({ code });
  });
});
