import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import {
  Checkpoint,
  CsvLog,
  EarlyStopping,
  JsonLinesLog,
  LearningRateSchedule,
  lambdaCallback,
  ReduceOnPlateau,
  TensorBoard,
} from "../../src/train/callbacks/index.ts";
import { ScriptedRun } from "./scripted-run.ts";

const folder = mkdtempSync(join(tmpdir(), "downhill-callbacks-"));
afterAll(() => rmSync(folder, { recursive: true }));
const code = (code: string) => expect.objectContaining({ code });
const losses = (...values: number[]) => values.map((value) => ({ loss: 1, val_loss: value }));

describe("EarlyStopping", () => {
  test("stops after patience epochs without improvement and restores the best weights", async () => {
    const run = new ScriptedRun(10);
    const stopping = new EarlyStopping({ patience: 2 });
    expect(await run.play([stopping], losses(3, 2, 2.5, 2.1, 1))).toBe(4);
    expect(run.weight).toBe(1);
    expect([stopping.bestEpoch, stopping.best]).toEqual([1, 2]);
    expect(run.stopReason).toMatch(/val_loss has not improved for 2 epochs/);
  });
  test("restores the best weights also when the epochs run out", async () => {
    const run = new ScriptedRun(3);
    await run.play([new EarlyStopping({ patience: 5 })], losses(1, 2, 3));
    expect(run.weight).toBe(0);
    expect(run.stopReason).toBeUndefined();
  });
  test("leaves the last weights where asked", async () => {
    const run = new ScriptedRun(3);
    await run.play([new EarlyStopping({ restoreBestWeights: false, patience: 1 })], losses(1, 2, 3));
    expect(run.weight).toBe(1);
  });
  test("knows that larger accuracies are better, and minDelta", async () => {
    const run = new ScriptedRun(9);
    const logs = [0.5, 0.6, 0.605, 0.609].map((value) => ({ loss: 0, val_accuracy: value }));
    expect(await run.play([new EarlyStopping({ monitor: "val_accuracy", minDelta: 0.01, patience: 2 })], logs)).toBe(4);
    expect(run.weight).toBe(1);
  });
  test("a NaN never is the best", async () => {
    const run = new ScriptedRun(4);
    await run.play([new EarlyStopping({ patience: 9 })], losses(Number.NaN, 2, Number.NaN, 3));
    expect(run.weight).toBe(1);
  });
  test("falls back to the training loss without validation; an unknown name is an error", async () => {
    const run = new ScriptedRun(3);
    await run.play([new EarlyStopping()], [{ loss: 2 }, { loss: 1 }, { loss: 4 }]);
    expect(run.weight).toBe(1);
    await expect(new ScriptedRun(1).play([new EarlyStopping({ monitor: "val_f1" })], losses(1))).rejects.toMatchObject({
      code: "ERR_OPTION",
    });
  });
  test("goes on from its saved state as if it had not stopped", async () => {
    const whole = new ScriptedRun(9);
    const values = [3, 1, 2, 2.5, 2.6, 2.7];
    expect(await whole.play([new EarlyStopping({ patience: 3 })], losses(...values))).toBe(5);
    const first = new ScriptedRun(9);
    const before = new EarlyStopping({ patience: 3 });
    await first.play([before], losses(...values.slice(0, 3)), { end: false });
    const second = new ScriptedRun(9);
    second.weight = 2;
    const after = new EarlyStopping({ patience: 3 });
    after.loadState(before.state());
    expect(await second.play([after], losses(...values.slice(3)))).toBe(2);
    expect(second.weight).toBe(whole.weight);
  });
  test("refuses bad options", () => {
    expect(() => new EarlyStopping({ patience: -1 })).toThrow(code("ERR_RANGE"));
    expect(() => new EarlyStopping({ minDelta: -1 })).toThrow(code("ERR_OPTION"));
    expect(() => new EarlyStopping({ mode: "up" as "min" })).toThrow(code("ERR_OPTION"));
  });
});

describe("ReduceOnPlateau", () => {
  test("multiplies the rate after patience epochs, waits the cooldown, stops at the minimum", async () => {
    const rates: number[] = [];
    const run = new ScriptedRun(9);
    const watch = lambdaCallback({ onEpochEnd: (_, __, { learningRate }) => void rates.push(learningRate) });
    const plateau = new ReduceOnPlateau({ factor: 0.5, patience: 2, cooldown: 1, minLearningRate: 0.2 });
    await run.play([plateau, watch], losses(1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1));
    expect(rates).toEqual([1, 1, 0.5, 0.5, 0.25, 0.25, 0.2, 0.2, 0.2, 0.2, 0.2]);
  });
  test("refuses a factor that does not reduce", () => {
    expect(() => new ReduceOnPlateau({ factor: 1 })).toThrow(code("ERR_OPTION"));
  });
});

describe("LearningRateSchedule", () => {
  test("gives the rates of many steps at once", () => {
    const schedule = new LearningRateSchedule((step) => 1 / (step + 1));
    expect([...(schedule.learningRates?.(1, 3) ?? [])]).toEqual([1 / 2, 1 / 3, 1 / 4]);
    expect(schedule.onEpochBegin).toBeUndefined();
  });
  test("sets the rate per epoch from the current one", async () => {
    const run = new ScriptedRun(3);
    await run.play(
      [new LearningRateSchedule((epoch, rate) => (epoch === 0 ? rate : rate / 2), { per: "epoch" })],
      losses(1, 1, 1),
    );
    expect(run.learningRate).toBe(0.25);
  });
  test("refuses a rate that is none", () => {
    const schedule = new LearningRateSchedule(() => Number.NaN);
    expect(() => schedule.learningRates?.(0, 1)).toThrow(code("ERR_OPTION"));
  });
});

describe("Checkpoint", () => {
  test("saves after every epoch, or only the best", async () => {
    const run = new ScriptedRun(3);
    await run.play([new Checkpoint({ path: "model-{epoch}.safetensors" })], losses(3, 1, 2));
    expect(run.saved.map(({ path }) => path)).toEqual(["model-1.safetensors", "model-2.safetensors", "model-3.safetensors"]);
    const best = new ScriptedRun(3);
    await best.play([new Checkpoint({ path: "best", bestOnly: true })], losses(3, 1, 2));
    expect(best.saved).toEqual([
      { path: "best", epoch: 0 },
      { path: "best", epoch: 1 },
    ]);
  });
  test("saves inside an epoch by the clock, but leaves the epoch's end to onEpochEnd", async () => {
    const run = new ScriptedRun(1);
    const callback = new Checkpoint({ path: "state", everySeconds: 0 });
    callback.onTrainBegin();
    await callback.onProgress({ epoch: 0, samples: 5, totalSamples: 10, steps: 1, seconds: 1 }, {}, run);
    await callback.onProgress({ epoch: 0, samples: 10, totalSamples: 10, steps: 2, seconds: 1 }, {}, run);
    expect(run.saved).toHaveLength(1);
  });
  test("refuses to have no path", () => {
    expect(() => new Checkpoint({} as { path: string })).toThrow(code("ERR_OPTION"));
  });
});

describe("log files", () => {
  const logs = [
    { loss: 0.5, val_loss: 1 / 3 },
    { loss: Number.NaN, val_loss: 2 },
  ];
  test("CSV has a header and a row per epoch; append goes on", async () => {
    const path = join(folder, "log.csv");
    await new ScriptedRun(2).play([new CsvLog(path)], logs);
    expect(readFileSync(path, "utf8")).toBe("epoch,loss,val_loss\n0,0.5,0.3333333333333333\n1,NaN,2\n");
    const more = new ScriptedRun(3);
    more.weight = 1;
    await more.play([new CsvLog(path, { append: true })], [{ val_loss: 7, loss: 6 }]);
    expect(readFileSync(path, "utf8").split("\n").slice(2)).toEqual(["1,NaN,2", "2,6,7", ""]);
  });
  test("JSON lines are one object per epoch", async () => {
    const path = join(folder, "log.jsonl");
    await new ScriptedRun(2).play([new JsonLinesLog(path)], logs);
    const rows = readFileSync(path, "utf8")
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(rows).toEqual([
      { epoch: 0, time: expect.any(String), loss: 0.5, val_loss: 1 / 3 },
      { epoch: 1, time: expect.any(String), loss: null, val_loss: 2 },
    ]);
  });
});

describe("TensorBoard", () => {
  test("writes one event file each for training and validation, with valid records", async () => {
    const { encodeRecord } = await import("../../src/train/event-file.ts");
    const directory = join(folder, "board");
    await new ScriptedRun(2).play([new TensorBoard(directory)], losses(0.25, 0.5));
    const read = (name: string) => {
      const files = readdirSync(join(directory, name));
      expect(files).toHaveLength(1);
      expect(files[0]).toMatch(/^events\.out\.tfevents\.\d{10}\./);
      const bytes = readFileSync(join(directory, name, files[0]!));
      const records: Buffer[] = [];
      for (let at = 0; at < bytes.length; ) {
        const length = Number(bytes.readBigUInt64LE(at));
        const data = bytes.subarray(at + 12, at + 12 + length);
        expect(bytes.subarray(at, at + length + 16).equals(encodeRecord(data))).toBe(true);
        records.push(data);
        at += length + 16;
      }
      return records;
    };
    const [version, first, second] = read("validation");
    expect(version?.includes("brain.Event:2")).toBe(true);
    for (const [record, step, value] of [
      [first, 0, 0.25],
      [second, 1, 0.5],
    ] as const) {
      expect(record?.includes("epoch_loss")).toBe(true);
      expect([record?.[9], record?.[10]]).toEqual([0x10, step]);
      expect(record?.readFloatLE(record.length - 4)).toBe(value);
    }
    expect(read("train")[1]?.includes("epoch_learning_rate")).toBe(true);
  });
});
