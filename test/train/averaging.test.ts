// Averaged weights and Lookahead in fit: beside a loop by hand, at validation, in checkpoints.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, describe, expect, test } from "vitest";
import { backendInfo, setBackend } from "../../src/backend/select.ts";
import { readSafetensors } from "../../src/checkpoint/file.ts";
import { permutation } from "../../src/core/random.ts";
import { batchNormalization, dense } from "../../src/nn/layers.ts";
import { EMA, SWA } from "../../src/optim/index.ts";
import { type AverageOptions, Checkpoint, EarlyStopping, lambdaCallback } from "../../src/train/index.ts";
import { type Model, sequential } from "../../src/train/sequential.ts";
import { decodeBestWeights } from "../../src/train/state.ts";

const folder = mkdtempSync(join(tmpdir(), "downhill-average-"));
afterAll(() => rmSync(folder, { recursive: true }));
afterEach(() => setBackend("auto"));

const ROWS = 120;
const x = Float32Array.from({ length: ROWS * 4 }, (_, i) => ((i * 7919) % 997) / 500 - 1);
const y = Int32Array.from({ length: ROWS }, (_, i) => Number(x[4 * i]! > 0) + Number(x[4 * i + 1]! > 0));
const options = { batchSize: 10, epochs: 4, seed: 3, verbose: 0 } as const;

function build(lookahead?: { period: number; alpha: number }): Model {
  const layers = [dense({ units: 8, activation: "tanh" }), batchNormalization(), dense({ units: 3, activation: "softmax" })];
  return sequential(layers, { inputShape: [4], seed: 5 }).compile({
    optimizer: { name: "adam", learningRate: 0.02 },
    loss: "sparseCategoricalCrossentropy",
    metrics: ["accuracy"],
    ...(lookahead ? { lookahead } : {}),
  });
}

const values = (model: Model) => [...model.network.parameters, ...model.network.buffers].map(({ tensor }) => [...tensor.data]);

/** The same training by hand: one update after the other, `each` after every update, `epochEnd` after every epoch. */
function byHand(model: Model, each: (update: number) => void, epochEnd: (epoch: number) => void = () => {}): void {
  const { trainer } = model;
  trainer.setData({ x, y });
  let updates = 0;
  for (let epoch = 0; epoch < options.epochs; epoch++) {
    const order = permutation(options.seed, epoch, ROWS);
    for (let begin = 0; begin < ROWS; begin += options.batchSize) {
      trainer.runSteps(order, { batchSize: options.batchSize, begin, end: begin + options.batchSize });
      each(++updates);
    }
    epochEnd(epoch);
  }
}

const paramsOf = ({ network }: Model) => [...network.parameters, ...network.buffers].map(({ tensor }) => tensor);

describe("fit({ average })", () => {
  test.each<[string, AverageOptions | "ema"]>([
    ["after every update", { kind: "ema", decay: 0.9 }],
    ["every 5 updates", { kind: "ema", decay: 0.9, every: 5, warmup: true }],
  ])("ema %s is EMA.update() in a loop by hand", async (_, average) => {
    const expected = build();
    const { decay = 0.999, every = 1, warmup = false } = average as { decay?: number; every?: number; warmup?: boolean };
    const ema = new EMA(paramsOf(expected), { decay, warmup });
    byHand(expected, (update) => {
      if (update % every === 0) ema.update();
    });
    const model = build();
    await model.fit(x, y, { ...options, average });
    expect(values(model)).toEqual(ema.average.map((data) => [...data]));
    expect(values(model)).not.toEqual(values(expected));
  });
  test("swa takes the last quarter of the epochs by default, running statistics too", async () => {
    const expected = build();
    const swa = new SWA(paramsOf(expected));
    byHand(
      expected,
      () => {},
      (epoch) => {
        if (epoch >= 3) swa.update();
      },
    );
    const model = build();
    await model.fit(x, y, { ...options, average: "swa" });
    expect(values(model)).toEqual(swa.average.map((data) => [...data]));
    const earlier = build();
    await earlier.fit(x, y, { ...options, average: { kind: "swa", startEpoch: 1 } });
    expect(values(earlier)).not.toEqual(values(model));
  });
  test("apply: false leaves the trained weights, which averaging does not change", async () => {
    const plain = build();
    await plain.fit(x, y, options);
    const model = build();
    await model.fit(x, y, { ...options, average: { kind: "ema", apply: false } });
    expect(values(model)).toEqual(values(plain));
  });
  test("validation sees the average, or with evaluate: false the trained weights", async () => {
    const validationData = { x: x.subarray(0, 80), y: y.subarray(0, 20) };
    const plain = await build().fit(x, y, { ...options, validationData });
    const trained = await build().fit(x, y, { ...options, validationData, average: { kind: "ema", evaluate: false } });
    expect(trained.history).toEqual(plain.history);
    const model = build();
    const averaged = await model.fit(x, y, { ...options, validationData, average: "ema" });
    expect(averaged.history.loss).toEqual(plain.history.loss);
    expect(averaged.history.val_loss).not.toEqual(plain.history.val_loss);
    const { loss } = await model.evaluate(validationData.x, validationData.y);
    expect(averaged.history.val_loss?.at(-1)).toBe(loss);
  });
  test("early stopping restores the averaged weights of the best epoch", async () => {
    const model = build();
    const stopping = new EarlyStopping({ monitor: "loss", patience: 9 });
    const seen: number[][][] = [];
    const watch = lambdaCallback({
      onEpochEnd: (_, __, run) => void seen.push(run.weights().map(({ tensor }) => [...tensor.data])),
    });
    await model.fit(x, y, { ...options, average: { kind: "ema", decay: 0.9 }, callbacks: [stopping, watch] });
    expect(values(model)).toEqual(seen[stopping.bestEpoch]);
  });
  test.each<[string, AverageOptions | "ema" | "swa"]>([
    ["ema", { kind: "ema", decay: 0.95, every: 3 }],
    ["swa", { kind: "swa", startEpoch: 1, every: 4 }],
  ])("%s resumes inside an epoch to the same bits, on the other backend too", async (kind, average) => {
    const whole = build();
    const expected = await whole.fit(x, y, { ...options, average, validationSplit: 0 });
    const path = join(folder, `${kind}.safetensors`);
    const callbacks = [new Checkpoint({ path })];
    await build().fit(x, y, { ...options, average, stopWhen: { maxSteps: 19 }, callbacks });
    if (backendInfo().name === "native") setBackend("reference", { exact: true });
    await build().fit(x, y, { ...options, average, stopWhen: { maxSteps: 29 }, callbacks, resume: path });
    setBackend("auto");
    const model = build();
    const history = await model.fit(x, y, { ...options, average, resume: path });
    expect(values(model)).toEqual(values(whole));
    expect(history.history).toEqual(expected.history);
    await expect(build().fit(x, y, { ...options, resume: path })).rejects.toMatchObject({ code: "ERR_STATE" });
  });
  test("a checkpoint holds the trained weights; the ones to predict with are the averaged ones", async () => {
    const path = join(folder, "both.safetensors");
    const model = build();
    await model.fit(x, y, { ...options, average: "ema", callbacks: [new Checkpoint({ path })] });
    const file = await readSafetensors(path);
    const best = decodeBestWeights(file);
    expect(best.map(({ tensor }) => [...tensor.data])).toEqual(best.map(({ name }) => values(model)[nameIndex(model, name)]));
    expect(file.tensors.get("dense/kernel")?.data).not.toEqual(best.find(({ name }) => name === "dense/kernel")?.tensor.data);
  });
  test.each<[unknown, string]>([
    ["mean", "ERR_OPTION"],
    [{ kind: "ema", decay: 1 }, "ERR_OPTION"],
    [{ kind: "ema", rate: 1 }, "ERR_OPTION"],
    [{ kind: "swa", decay: 0.5 }, "ERR_OPTION"],
    [{ kind: "swa", every: 0 }, "ERR_RANGE"],
    [null, "ERR_OPTION"],
  ])("refuses %o", async (average, code) => {
    await expect(build().fit(x, y, { ...options, average: average as "ema" })).rejects.toMatchObject({ code });
  });
});

function nameIndex(model: Model, name: string): number {
  return [...model.network.parameters, ...model.network.buffers].findIndex((own) => own.name === name);
}

describe("compile({ lookahead })", () => {
  const lookahead = { period: 5, alpha: 0.4 };

  test("fit gives the bits of single updates, and other ones than without", async () => {
    const expected = build(lookahead);
    byHand(expected, () => {});
    const model = build(lookahead);
    await model.fit(x, y, options);
    expect(values(model)).toEqual(values(expected));
    const plain = build();
    await plain.fit(x, y, options);
    expect(values(model)).not.toEqual(values(plain));
  });
  test("the slow weights move every `period` updates: φ ← φ + α(θ − φ), θ ← φ", () => {
    const [model, plain] = [build({ period: 3, alpha: 0.5 }), build()];
    const start = model.network.parameters.map(({ tensor }) => tensor.data.slice());
    for (const { trainer } of [model, plain]) {
      trainer.setData({ x, y });
      trainer.runSteps(permutation(1, 0, ROWS), { batchSize: 10, end: 30 });
    }
    model.network.parameters.forEach(({ tensor }, k) => {
      const fast = plain.network.parameters[k]!.tensor.data;
      tensor.data.forEach((value, i) => {
        const slow = start[k]![i]!;
        expect(value).toBe(Math.fround(slow + Math.fround(0.5 * Math.fround(fast[i]! - slow))));
      });
    });
  });
  test("resumes between two slow steps to the same bits", async () => {
    const path = join(folder, "lookahead.safetensors");
    const whole = build(lookahead);
    await whole.fit(x, y, options);
    await build(lookahead).fit(x, y, { ...options, stopWhen: { maxSteps: 18 }, callbacks: [new Checkpoint({ path })] });
    const model = build(lookahead);
    await model.fit(x, y, { ...options, resume: path });
    expect(values(model)).toEqual(values(whole));
    await expect(build().fit(x, y, { ...options, resume: path })).rejects.toMatchObject({ code: "ERR_STATE" });
  });
  test("refuses bad options", () => {
    expect(() => build({ period: 0, alpha: 0.5 })).toThrow(expect.objectContaining({ code: "ERR_OPTION" }));
  });
});

describe("stopWhen", () => {
  test("the gradient's norm ends a training by gradient descent at its minimum", async () => {
    const model = sequential([dense({ units: 1 })], { inputShape: [4], dtype: "float64" });
    model.compile({ optimizer: { name: "sgd", learningRate: 0.3 }, loss: "meanSquaredError" });
    const inputs = Float64Array.from(x);
    const targets = Float64Array.from({ length: ROWS }, (_, i) => inputs[4 * i]! - 2 * inputs[4 * i + 1]! + 0.5);
    const history = await model.fit(inputs, targets, {
      batchSize: "full",
      epochs: 5000,
      verbose: 0,
      stopWhen: { gradientNorm: 1e-6 },
    });
    expect(history.stopReason).toBe("the gradient's norm is at most 0.000001");
    expect(history.epoch.length).toBeGreaterThan(10);
    expect(history.epoch.length).toBeLessThan(5000);
    const [kernel, bias] = model.network.parameters.map(({ tensor }) => [...tensor.data]);
    [1, -2, 0, 0].forEach((expected, i) => void expect(kernel![i]).toBeCloseTo(expected, 5));
    expect(bias![0]).toBeCloseTo(0.5, 5);
  });
  test("the change of parameters is watched in models with running statistics too", async () => {
    const history = await build().fit(x, y, { ...options, stopWhen: { parameterChange: 1e9 } });
    expect(history.epoch).toEqual([0]);
    expect(history.stopReason).toMatch(/no parameter changed/);
  });
});
