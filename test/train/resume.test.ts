// Resuming on the engine: the same bits as never having stopped, also across backends and numbers of threads.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, describe, expect, test } from "vitest";
import { backendInfo, setBackend, setThreads } from "../../src/backend/select.ts";
import type { Tensor } from "../../src/core/types.ts";
import { batchNormalization, dense, dropout } from "../../src/nn/layers.ts";
import { Adam } from "../../src/optim/index.ts";
import { reduceOnPlateau, stepDecay } from "../../src/schedule/index.ts";
import { Checkpoint, EarlyStopping } from "../../src/train/callbacks/index.ts";
import type { FitOptions } from "../../src/train/fit-options.ts";
import { type Model, sequential } from "../../src/train/sequential.ts";

const folder = mkdtempSync(join(tmpdir(), "downhill-engine-resume-"));
afterAll(() => rmSync(folder, { recursive: true }));
const available = backendInfo().threads;
afterEach(() => {
  setBackend("auto");
  setThreads(available);
});

const x = Float32Array.from({ length: 200 * 6 }, (_, i) => ((i * 7919) % 997) / 500 - 1);
const y = Int32Array.from({ length: 200 }, (_, i) => Number(x[6 * i]! > 0) + Number(x[6 * i + 1]! > 0));

function build(schedule = stepDecay({ stepSize: 10, gamma: 0.9 }) as Parameters<Model["compile"]>[0]["schedule"]): Model {
  const layers = [
    dense({ units: 12, activation: "tanh" }),
    batchNormalization(),
    dropout({ rate: 0.3 }),
    dense({ units: 3, activation: "softmax" }),
  ];
  const model = sequential(layers, { inputShape: [6], seed: 9 });
  const optimizer = (params: Tensor[]) => new Adam(params, { learningRate: 0.02, amsgrad: true });
  return model.compile({
    optimizer,
    loss: "sparseCategoricalCrossentropy",
    metrics: ["accuracy", "f1"],
    ...(schedule ? { schedule } : {}),
    clip: { globalNorm: 1 },
  });
}
const options = { batchSize: 30, seed: 5, verbose: 0, validationSplit: 0.2 } as const satisfies FitOptions;

async function whole(schedule?: Parameters<typeof build>[0]) {
  const model = build(schedule);
  const history = await model.fit(x, y, {
    ...options,
    epochs: 6,
    callbacks: [new EarlyStopping({ patience: 20, restoreBestWeights: false })],
  });
  return { hash: model.trainer.parametersSha256(), history: history.history };
}

async function stopped(path: string, epochs: number, extra: FitOptions = {}, schedule?: Parameters<typeof build>[0]) {
  const model = build(schedule);
  const callbacks = [new Checkpoint({ path }), new EarlyStopping({ patience: 20, restoreBestWeights: false })];
  const history = await model.fit(x, y, { ...options, ...extra, epochs, callbacks });
  return { hash: model.trainer.parametersSha256(), history: history.history };
}

describe("resume on the engine", () => {
  test.each([7, 12])(
    "inside an epoch or at its end (%i updates): hash and history are those of the whole training",
    async (maxSteps) => {
      const path = join(folder, `steps-${maxSteps}`);
      const expected = await whole();
      await stopped(path, 6, { stopWhen: { maxSteps } });
      expect(await stopped(path, 6, { resume: path })).toEqual(expected);
    },
  );
  test("inside an epoch: patience counts whole epochs alone", async () => {
    const path = join(folder, "patience");
    const make = () => [new Checkpoint({ path }), new EarlyStopping({ patience: 2, minDelta: 10 })];
    const expected = await build().fit(x, y, { ...options, epochs: 9, callbacks: make() });
    for (const maxSteps of [8, 9, 14])
      await build().fit(x, y, {
        ...options,
        epochs: 9,
        stopWhen: { maxSteps },
        callbacks: make(),
        ...(maxSteps === 8 ? {} : { resume: path }),
      });
    const history = await build().fit(x, y, { ...options, epochs: 9, callbacks: make(), resume: path });
    expect(history.epoch).toEqual([0, 1, 2]);
    expect(history).toEqual(expected);
  });
  test("with a schedule that reads the validation loss", async () => {
    const schedule = () => reduceOnPlateau({ patience: 0, threshold: 0.5, factor: 0.5 });
    const path = join(folder, "plateau");
    const expected = await whole(schedule());
    await stopped(path, 3, {}, schedule());
    expect(await stopped(path, 6, { resume: path }, schedule())).toEqual(expected);
    expect(expected.hash).not.toBe((await whole()).hash);
  });
  test("from one thread to the reference in its exact setting and back", async () => {
    const path = join(folder, "backends");
    const expected = await whole();
    setThreads(1);
    await stopped(path, 2);
    setBackend("reference", { exact: true });
    await stopped(path, 4, { resume: path });
    setBackend("auto");
    setThreads(available);
    expect(await stopped(path, 6, { resume: path })).toEqual(expected);
  });
  test("shards are part of the bits and kept in the checkpoint; workers and threads are not", async () => {
    const sharded = (shards: number, workers: number) => {
      const model = sequential([dense({ units: 12, activation: "tanh" }), dense({ units: 3, activation: "softmax" })], {
        inputShape: [6],
        seed: 9,
      });
      return model.compile({
        optimizer: { name: "adam", learningRate: 0.02 },
        loss: "sparseCategoricalCrossentropy",
        shards,
        workers,
      });
    };
    const path = join(folder, "shards");
    const run = async (model: Model, extra: FitOptions = {}) => {
      await model.fit(x, y, { ...options, epochs: 3, ...extra });
      return model.trainer.parametersSha256();
    };
    const expected = await run(sharded(3, 1));
    expect(await run(sharded(3, 2))).toBe(expected);
    expect(await run(sharded(1, 2))).not.toBe(expected);
    await run(sharded(3, 2), { stopWhen: { maxSteps: 8 }, callbacks: [new Checkpoint({ path })] });
    setThreads(1);
    setBackend("reference", { exact: true });
    expect(await run(sharded(3, 1), { resume: path })).toBe(expected);
    await expect(run(sharded(2, 1), { resume: path })).rejects.toMatchObject({ code: "ERR_STATE" });
  });
  test("another optimizer or model is refused, and nothing changes", async () => {
    const path = join(folder, "other");
    await stopped(path, 1);
    const sgd = build().compile({ optimizer: "sgd", loss: "sparseCategoricalCrossentropy" });
    const before = sgd.trainer.parametersSha256();
    await expect(sgd.fit(x, y, { ...options, epochs: 3, resume: path })).rejects.toMatchObject({ code: "ERR_STATE" });
    const wide = sequential([dense({ units: 3, activation: "softmax" })], { inputShape: [6] }).compile({
      optimizer: "adam",
      loss: "sparseCategoricalCrossentropy",
    });
    await expect(wide.fit(x, y, { ...options, epochs: 3, resume: path })).rejects.toMatchObject({ code: "ERR_STATE" });
    expect(sgd.trainer.parametersSha256()).toBe(before);
  });
});

test("a stream of batches trains like the same rows in an array", async () => {
  const array = build();
  await array.fit(x, y, { ...options, validationSplit: 0, shuffle: false, epochs: 2 });
  const streamed = build();
  function* batches() {
    for (let i = 0; i < 200; i += 30) yield { x: x.subarray(6 * i, 6 * Math.min(i + 30, 200)), y: y.subarray(i, i + 30) };
  }
  await streamed.fit(batches, { epochs: 2, verbose: 0 });
  expect(streamed.trainer.parametersSha256()).toBe(array.trainer.parametersSha256());
});

describe("resume of a stream", () => {
  function* batches() {
    for (let i = 0; i < 200; i += 30) yield { x: x.subarray(6 * i, 6 * Math.min(i + 30, 200)), y: y.subarray(i, i + 30) };
  }
  async function* asynchronous() {
    for (const batch of batches()) yield batch;
  }
  const runs = { epochs: 4, verbose: 0 } as const;
  const hash = ({ trainer }: Model) => trainer.parametersSha256();

  test.each([
    [3, 1],
    [7, 1],
    [10, 1],
    [5, 2],
  ])("after %i updates of %i batches: the bits and history of the whole training", async (maxSteps, accumulate) => {
    const path = join(folder, `stream-${maxSteps}-${accumulate}`);
    const whole = build();
    const expected = await whole.fit(batches, { ...runs, accumulate });
    await build().fit(asynchronous, { ...runs, accumulate, stopWhen: { maxSteps }, callbacks: [new Checkpoint({ path })] });
    const again = build();
    const history = await again.fit(asynchronous, { ...runs, accumulate, resume: path });
    expect(hash(again)).toBe(hash(whole));
    expect(history).toEqual(expected);
  });
  test("with stepsPerEpoch", async () => {
    const path = join(folder, "stream-steps");
    const whole = build();
    await whole.fit(batches, { ...runs, stepsPerEpoch: 4 });
    const callbacks = [new Checkpoint({ path })];
    await build().fit(batches, { ...runs, stepsPerEpoch: 4, stopWhen: { maxSteps: 6 }, callbacks });
    const again = build();
    await again.fit(batches, { ...runs, stepsPerEpoch: 4, resume: path });
    expect(hash(again)).toBe(hash(whole));
  });
  test("refuses, inside an epoch, an iterable that cannot start anew and batches cut otherwise", async () => {
    const path = join(folder, "stream-refused");
    await build().fit(batches, { ...runs, stopWhen: { maxSteps: 3 }, callbacks: [new Checkpoint({ path })] });
    const refused = { code: "ERR_STATE" };
    await expect(build().fit(batches(), { ...runs, resume: path })).rejects.toMatchObject(refused);
    const whole = () => [{ x, y }].values();
    await expect(build().fit(whole, { ...runs, resume: path })).rejects.toMatchObject(refused);
    const empty = () => [].values();
    await expect(build().fit(empty, { ...runs, resume: path })).rejects.toMatchObject(refused);
  });
});

test("the event loop goes on while fit runs", async () => {
  const model = build();
  let ticks = 0;
  const timer = setInterval(() => ticks++, 1);
  await model.fit(x, y, { ...options, epochs: 60 });
  clearInterval(timer);
  expect(ticks).toBeGreaterThan(0);
});
