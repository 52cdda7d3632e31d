// The training loop by itself, over a trainer of one linear layer that can be worked out by hand.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { readSafetensors } from "../../src/checkpoint/file.ts";
import {
  Checkpoint,
  EarlyStopping,
  LearningRateSchedule,
  lambdaCallback,
  TerminateOnNaN,
} from "../../src/train/callbacks/index.ts";
import type { FitOptions } from "../../src/train/fit-options.ts";
import { Model } from "../../src/train/model.ts";
import { LinearTrainer, linearNetwork } from "./linear-trainer.ts";

const folder = mkdtempSync(join(tmpdir(), "downhill-fit-"));
afterAll(() => rmSync(folder, { recursive: true }));
const code = (code: string) => expect.objectContaining({ code });

function setup(noise = 0, metrics: "r2"[] = []): { model: Model; trainer: LinearTrainer } {
  const network = linearNetwork(1);
  const trainer = new LinearTrainer(network, noise);
  const model = new Model(network, () => trainer);
  return { model: model.compile({ optimizer: "sgd", loss: "meanSquaredError", metrics }), trainer };
}
const x = Float64Array.from({ length: 10 }, (_, i) => i / 10);
const y = x.map((value) => 2 * value + 1);
const weights = ({ network }: Model) => network.parameters.flatMap(({ tensor }) => [...tensor.data]);
const rowsOf = ({ calls }: LinearTrainer) => calls.flatMap(({ rows }) => rows);

describe("fit on arrays", () => {
  test("one full-batch epoch is one gradient step", async () => {
    const { model } = setup();
    const { history } = await model.fit(x, y, { batchSize: "full" });
    const mean = (values: Float64Array) => values.reduce((a, b) => a + b) / values.length;
    expect(history.loss![0]).toBeCloseTo(mean(y.map((value) => value * value)), 12);
    expect(weights(model)[0]).toBeCloseTo(0.2 * mean(y.map((value, i) => value * x[i]!)), 12);
    expect(weights(model)[1]).toBeCloseTo(0.2 * mean(y), 12);
  });
  test("every epoch sees every row once, in a new order that depends on the seed alone", async () => {
    const run = async (seed: number) => {
      const { model, trainer } = setup();
      await model.fit(x, y, { batchSize: 3, epochs: 2, seed });
      return rowsOf(trainer);
    };
    const rows = await run(5);
    const sorted = (part: number[]) => [...part].sort((a, b) => a - b);
    expect(sorted(rows.slice(0, 10))).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(sorted(rows.slice(10))).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(rows.slice(0, 10)).not.toEqual(rows.slice(10));
    expect(await run(5)).toEqual(rows);
    expect(await run(6)).not.toEqual(rows);
  });
  test("shuffle: false keeps the order", async () => {
    const { model, trainer } = setup();
    await model.fit(x, y, { shuffle: false, epochs: 1, batchSize: 4 });
    expect(rowsOf(trainer)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });
  test("validationSplit takes the last rows before shuffling", async () => {
    const { model, trainer } = setup();
    const { history } = await model.fit(x, y, { validationSplit: 0.25, epochs: 3 });
    expect(Math.max(...rowsOf(trainer))).toBe(7);
    const { loss } = await model.evaluate(x.subarray(8), y.subarray(8));
    expect(history.val_loss?.at(-1)).toBe(loss);
  });
  test("validationData wins over validationSplit, as pair or object, with metrics", async () => {
    const { model, trainer } = setup(0, ["r2"]);
    const { history } = await model.fit(x, y, { validationSplit: 0.5, validationData: [x, y], epochs: 2 });
    expect(new Set(rowsOf(trainer)).size).toBe(10);
    expect(Object.keys(history)).toEqual(["loss", "r2", "val_loss", "val_r2"]);
    expect(history.val_r2).toEqual(history.r2);
  });
  test("accepts tensors and nested arrays", async () => {
    const nested = setup();
    await nested.model.fit(
      [...x].map((value) => [value]),
      [...y],
      { epochs: 2, batchSize: 5 },
    );
    const tensors = setup();
    await tensors.model.fit({ data: x, shape: [10, 1] }, { data: y, shape: [10, 1] }, { epochs: 2, batchSize: 5 });
    expect(weights(nested.model)).toEqual(weights(tensors.model));
  });
  test("accumulating k batches makes one update of their mean gradient", async () => {
    const a = setup();
    await a.model.fit(x, y, { batchSize: 2, accumulate: 5, shuffle: false });
    const b = setup();
    await b.model.fit(x, y, { batchSize: "full" });
    weights(a.model).forEach((value, i) => {
      expect(value).toBeCloseTo(weights(b.model)[i]!, 12);
    });
  });
  test("class and sample weights multiply; weight 0 leaves a row out", async () => {
    const labels = x.map((_, i) => i % 2);
    const a = setup();
    await a.model.fit(x, labels, { batchSize: "full", classWeight: { 1: 0 } });
    const b = setup();
    await b.model.fit(x, labels, { batchSize: "full", sampleWeight: labels.map((label) => 1 - label) });
    const c = setup();
    await c.model.fit(x, labels, { batchSize: "full" });
    expect(weights(a.model)).toEqual(weights(b.model));
    expect(weights(a.model)).not.toEqual(weights(c.model));
  });
  test("stepsPerEpoch ends an epoch early", async () => {
    const { model, trainer } = setup();
    await model.fit(x, y, { batchSize: 2, stepsPerEpoch: 2, epochs: 3 });
    expect(rowsOf(trainer)).toHaveLength(12);
  });
  test("cutting an epoch into calls changes nothing", async () => {
    const a = setup(0.1);
    await a.model.fit(x, y, { batchSize: 2, epochs: 3 });
    const b = setup(0.1);
    let steps = 0;
    const everyStep = lambdaCallback({ onStepEnd: () => void steps++ });
    const { history } = await b.model.fit(x, y, { batchSize: 2, epochs: 3, callbacks: [everyStep] });
    expect(steps).toBe(15);
    expect(b.trainer.calls).toHaveLength(15);
    expect(weights(b.model)).toEqual(weights(a.model));
    expect(history.loss).toHaveLength(3);
  });
});

describe("fit on streams", () => {
  const batches = [0, 1, 2].map((k) => ({ x: x.subarray(3 * k, 3 * k + 3), y: y.subarray(3 * k, 3 * k + 3) }));
  async function* endless() {
    for (let k = 0; ; k++) yield [batches[k % 3]!.x, batches[k % 3]!.y] as const;
  }
  test("a function is started anew each epoch; arrays, generators and async iterables give the same", async () => {
    const run = async (stream: Parameters<Model["fit"]>[0], options: FitOptions) => {
      const { model } = setup();
      await model.fit(stream as typeof batches, options);
      return weights(model);
    };
    const expected = await run(() => batches, { epochs: 2 });
    function* twice() {
      yield* batches;
      yield* batches;
    }
    expect(await run(twice(), { epochs: 2, stepsPerEpoch: 3 })).toEqual(expected);
    expect(await run(endless(), { epochs: 2, stepsPerEpoch: 3 })).toEqual(expected);
  });
  test("accumulate joins batches to one update", async () => {
    const a = setup();
    await a.model.fit(() => batches, { accumulate: 3 });
    expect(a.trainer.calls).toEqual([{ begin: 0, end: 9, rows: [0, 1, 2, 3, 4, 5, 6, 7, 8] }]);
  });
  test("closes an endless generator", async () => {
    let closed = false;
    async function* stream() {
      try {
        for (;;) yield batches[0]!;
      } finally {
        closed = true;
      }
    }
    await setup().model.fit(stream(), { stepsPerEpoch: 2 });
    expect(closed).toBe(true);
  });
  test("refuses options that only arrays have", async () => {
    await expect(setup().model.fit(endless(), { batchSize: 3 })).rejects.toMatchObject({ code: "ERR_OPTION" });
    await expect(setup().model.fit(endless(), { validationSplit: 0.1 })).rejects.toMatchObject({ code: "ERR_OPTION" });
    await expect(setup().model.fit([1, 2].values() as never, {})).rejects.toMatchObject({ code: "ERR_DTYPE" });
  });
});

describe("stopping", () => {
  test.each<[string, FitOptions["stopWhen"], RegExp]>([
    ["a loss", { loss: 0.5 }, /at most 0.5/],
    ["a small change of the loss", { lossChange: 1e-3 }, /changed by at most/],
    ["a small change of the parameters", { parameterChange: 1e-3 }, /no parameter changed/],
  ])("at %s", async (_, stopWhen, reason) => {
    const { model } = setup();
    const history = await model.fit(x, y, { batchSize: "full", epochs: 5000, stopWhen });
    expect(history.stopReason).toMatch(reason);
    expect(history.epoch.length).toBeGreaterThan(1);
    expect(history.epoch.length).toBeLessThan(5000);
  });
  test("after maxSteps updates, also inside an epoch", async () => {
    const { model, trainer } = setup();
    const history = await model.fit(x, y, { batchSize: 3, epochs: 9, stopWhen: { maxSteps: 6 } });
    expect(rowsOf(trainer)).toHaveLength(10 + 6);
    expect(history.epoch).toEqual([0, 1]);
  });
  test("terminateOnNaN ends at the first bad step", async () => {
    const { model, trainer } = setup();
    const bad = y.map((value, i) => (i === 3 ? Number.NaN : value));
    const history = await model.fit(x, bad, { batchSize: 1, shuffle: false, epochs: 5, callbacks: [new TerminateOnNaN()] });
    expect(rowsOf(trainer).length).toBeLessThanOrEqual(10);
    expect(history.stopReason).toMatch(/not finite/);
    expect(history.epoch).toEqual([0]);
  });
  test("an aborted signal rejects with ERR_ABORTED and disposes the callbacks", async () => {
    const { model } = setup();
    const controller = new AbortController();
    let disposed = 0;
    const callback = lambdaCallback({
      onEpochEnd: (epoch) => void (epoch === 1 && controller.abort()),
      dispose: () => void disposed++,
    });
    const running = model.fit(x, y, { epochs: 100, callbacks: [callback], signal: controller.signal });
    await expect(running).rejects.toMatchObject({ code: "ERR_ABORTED" });
    expect(disposed).toBe(1);
    await model.fit(x, y);
  });
  test("early stopping restores the best weights through fit", async () => {
    const { model } = setup();
    const stopping = new EarlyStopping({ patience: 1 });
    const seen: number[][] = [];
    const watch = lambdaCallback({ onEpochEnd: () => void seen.push(weights(model)) });
    const schedule = new LearningRateSchedule((epoch) => (epoch < 3 ? 0.1 : 5), { per: "epoch" });
    const options = { batchSize: "full", epochs: 20, validationSplit: 0.2, callbacks: [watch, stopping, schedule] } as const;
    const history = await model.fit(x, y, options);
    expect(stopping.bestEpoch).toBe(2);
    expect(history.epoch).toEqual([0, 1, 2, 3]);
    expect(weights(model)).toEqual(seen[2]);
  });
});

describe("resume", () => {
  const options = { batchSize: 3, seed: 4, validationSplit: 0.2 } as const;
  const callbacks = (path: string) => [new Checkpoint({ path }), new EarlyStopping({ patience: 50 })];

  test("at an epoch's end: the same bits and history as never having stopped", async () => {
    const whole = setup(0.3);
    const expected = await whole.model.fit(x, y, { ...options, epochs: 6, callbacks: callbacks(join(folder, "whole")) });
    const path = join(folder, "epoch");
    await setup(0.3).model.fit(x, y, { ...options, epochs: 2, callbacks: callbacks(path) });
    const again = setup(0.3);
    const history = await again.model.fit(x, y, { ...options, epochs: 6, resume: path, callbacks: callbacks(path) });
    expect(weights(again.model)).toEqual(weights(whole.model));
    expect(history).toEqual(expected);
  });
  test.each([1, 4, 5])("inside an epoch, after %i updates: the same bits and history", async (maxSteps) => {
    const whole = setup(0.3);
    const expected = await whole.model.fit(x, y, { ...options, epochs: 4 });
    const path = join(folder, `inside-${maxSteps}`);
    const part = setup(0.3);
    await part.model.fit(x, y, { ...options, epochs: 4, stopWhen: { maxSteps }, callbacks: [new Checkpoint({ path })] });
    const again = setup(0.3);
    const history = await again.model.fit(x, y, { ...options, epochs: 4, resume: path });
    expect(weights(again.model)).toEqual(weights(whole.model));
    expect(history).toEqual(expected);
  });
  test("a training that early stopping ended stays ended", async () => {
    const path = join(folder, "stopped");
    const make = () => [new Checkpoint({ path }), new EarlyStopping({ patience: 1, minDelta: 1e9 })];
    const first = setup();
    await first.model.fit(x, y, { ...options, epochs: 9, callbacks: make() });
    const second = setup();
    const history = await second.model.fit(x, y, { ...options, epochs: 9, resume: path, callbacks: make() });
    expect(history.epoch).toEqual([0, 1]);
    expect(second.trainer.calls).toEqual([]);
    expect(weights(second.model)).toEqual(weights(first.model));
  });
  test("checkpoints hold the weights under their own names", async () => {
    const { model } = setup();
    const path = join(folder, "names");
    await model.fit(x, y, { callbacks: [new Checkpoint({ path })] });
    const { tensors } = await readSafetensors(path);
    expect(tensors.get("dense/kernel")?.data).toEqual(model.network.parameters[0]!.tensor.data);
    const other = setup();
    await other.model.loadWeights(path);
    expect(weights(other.model)).toEqual(weights(model));
    await model.saveWeights(join(folder, "weights"));
    expect([...(await readSafetensors(join(folder, "weights"))).tensors.keys()].sort()).toEqual(["dense/bias", "dense/kernel"]);
  });
  test.each<[string, Partial<FitOptions>]>([
    ["another batch size", { batchSize: 4 }],
    ["another seed", { seed: 5 }],
    ["other rows", { validationSplit: 0.5 }],
  ])("refuses %s with ERR_STATE and changes nothing", async (_, change) => {
    const path = join(folder, "refuse");
    await setup().model.fit(x, y, { ...options, callbacks: [new Checkpoint({ path })] });
    const { model } = setup();
    await expect(model.fit(x, y, { ...options, ...change, resume: path })).rejects.toMatchObject({ code: "ERR_STATE" });
    expect(weights(model)).toEqual([0, 0]);
  });
  test("refuses a file of weights alone with ERR_FORMAT", async () => {
    const { model } = setup();
    const path = join(folder, "only-weights");
    await model.saveWeights(path);
    await expect(model.fit(x, y, { resume: path })).rejects.toMatchObject({ code: "ERR_FORMAT" });
  });
});

describe("bad input", () => {
  test.each<[string, FitOptions, string]>([
    ["an unknown option", { batchsize: 3 } as FitOptions, "ERR_OPTION"],
    ["batchSize 0", { batchSize: 0 }, "ERR_RANGE"],
    ["epochs 1.5", { epochs: 1.5 }, "ERR_RANGE"],
    ["validationSplit 1", { validationSplit: 1 }, "ERR_OPTION"],
    ["an unknown stop condition", { stopWhen: { losss: 1 } as object }, "ERR_OPTION"],
    ["a negative sample weight", { sampleWeight: x.map(() => -1) }, "ERR_RANGE"],
    ["too few sample weights", { sampleWeight: [1] }, "ERR_LENGTH"],
    ["validation data of another width", { validationData: [x, y.subarray(1)] }, "ERR_LENGTH"],
  ])("%s is refused before anything runs", async (_, options, expected) => {
    const { model, trainer } = setup();
    await expect(model.fit(x, y, options)).rejects.toMatchObject({ code: expected });
    expect(trainer.calls).toEqual([]);
  });
  test("inputs and targets that do not fit", async () => {
    const { model } = setup();
    await expect(model.fit(x, y.subarray(1))).rejects.toMatchObject({ code: "ERR_LENGTH" });
    await expect(model.fit([[1], [2, 3]], [1, 2])).rejects.toMatchObject({ code: "ERR_SHAPE" });
    await expect(model.fit([["1"]] as never, [1])).rejects.toMatchObject({ code: "ERR_DTYPE" });
    await expect(model.fit(null as never, y)).rejects.toMatchObject({ code: "ERR_DTYPE" });
    const none = new Float64Array(0);
    await expect(model.fit(none, none)).rejects.toMatchObject({ code: "ERR_SHAPE" });
    await expect(model.fit(x, y, { validationData: [none, none] })).rejects.toMatchObject({ code: "ERR_SHAPE" });
    await expect(model.evaluate(none, none)).rejects.toMatchObject({ code: "ERR_SHAPE" });
    await expect(model.fit({ data: x, shape: [5, 2] }, y)).rejects.toMatchObject({ code: "ERR_SHAPE" });
  });
  test("two fits at once; a model that is not compiled, which only predicts", async () => {
    const { model } = setup();
    const first = model.fit(x, y, { epochs: 3 });
    await expect(model.fit(x, y)).rejects.toMatchObject({ code: "ERR_BUSY" });
    await first;
    const network = linearNetwork(1);
    const plain = new Model(network, () => new LinearTrainer(network));
    await expect(plain.fit(x, y)).rejects.toMatchObject({ code: "ERR_STATE" });
    await expect(plain.evaluate(x, y)).rejects.toMatchObject({ code: "ERR_STATE" });
    expect(() => plain.trainer).toThrow(code("ERR_STATE"));
    expect([...plain.predict(x).data]).toEqual(new Array(10).fill(0));
  });
  test("two stateful callbacks of one name cannot be saved", async () => {
    const { model } = setup();
    const twice = [new EarlyStopping(), new EarlyStopping(), new Checkpoint({ path: join(folder, "twice") })];
    await expect(model.fit(x, y, { callbacks: twice })).rejects.toMatchObject({ code: "ERR_DUPLICATE" });
  });
});

test("summary lists layers and parameters", () => {
  expect(setup().model.summary()).toBe(
    [
      "Layer          Output shape  Parameters",
      "───────────────────────────────────────",
      "dense (Dense)  [batch, 1]             2",
      "───────────────────────────────────────",
      "2 trainable parameters",
    ].join("\n"),
  );
});
