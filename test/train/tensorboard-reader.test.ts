// The event files of a real training, read by a program of its own (scripts/reference/read_events.py: nothing of this
// project, checksums by their bitwise definition). Where TensorBoard's Python package is installed, it reads them too.
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { dense } from "../../src/nn/layers.ts";
import { stepDecay } from "../../src/schedule/index.ts";
import { type History, TensorBoard } from "../../src/train/index.ts";
import { sequential } from "../../src/train/sequential.ts";

const folder = mkdtempSync(join(tmpdir(), "downhill-tensorboard-"));
afterAll(() => rmSync(folder, { recursive: true }));
const reader = fileURLToPath(new URL("../../scripts/reference/read_events.py", import.meta.url));
const hasPython = spawnSync("python3", ["--version"]).status === 0;
const hasTensorBoard = hasPython && spawnSync("python3", ["-c", "import tensorboard"]).status === 0;

let history: History;
let before: number;
let after: number;

beforeAll(async () => {
  const x = Float32Array.from({ length: 100 }, (_, i) => ((i * 37) % 100) / 50 - 1);
  const y = x.map((value) => 2 * value + 1);
  const model = sequential([dense({ units: 1 })], { inputShape: [1] });
  model.compile({
    optimizer: { name: "sgd", learningRate: 0.1 },
    loss: "meanSquaredError",
    schedule: stepDecay({ stepSize: 10, gamma: 0.5 }),
  });
  before = Date.now() / 1000;
  history = await model.fit(x, y, {
    epochs: 130,
    batchSize: 20,
    stepsPerEpoch: 1,
    validationSplit: 0.2,
    verbose: 0,
    callbacks: [new TensorBoard(folder)],
  });
  after = Date.now() / 1000;
});

const fileOf = (name: string) => join(folder, name, readdirSync(join(folder, name))[0]!);

interface Event {
  readonly wall_time: number;
  readonly step?: number;
  readonly file_version?: string;
  readonly values: Readonly<Record<string, number>>;
}

const read = (path: string): Event[] =>
  execFileSync("python3", [reader, path], { encoding: "utf8" })
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Event);

describe.skipIf(!hasPython)("event files, read independently (needs python3)", () => {
  test.each<[string, string, (name: string) => string]>([
    ["train", "loss", (name) => `epoch_${name}`],
    ["validation", "val_loss", (name) => `epoch_${name.slice(4)}`],
  ])("%s: version, step, wall time, tags and values", (folderName, name, tagOf) => {
    const [version, ...events] = read(fileOf(folderName));
    expect(version).toMatchObject({ file_version: "brain.Event:2", values: {} });
    expect(events.map(({ step }) => step)).toEqual(Array.from({ length: 130 }, (_, i) => i));
    expect(events.map(({ values }) => values[tagOf(name)])).toEqual(history.history[name]!.map(Math.fround));
    for (const { wall_time } of events) {
      expect(wall_time).toBeGreaterThanOrEqual(before);
      expect(wall_time).toBeLessThanOrEqual(after);
    }
  });
  test("the learning rate is the one that the schedule gave", () => {
    const rates = read(fileOf("train"))
      .slice(1)
      .map(({ values }) => values.epoch_learning_rate);
    expect(rates).toEqual(Array.from({ length: 130 }, (_, i) => Math.fround(0.1 / 2 ** Math.floor(i / 10))));
  });
  test("the reader tells a damaged file", () => {
    const bytes = readFileSync(fileOf("train"));
    for (const at of [0, 9, 20, bytes.length - 1]) {
      const damaged = Buffer.from(bytes);
      damaged[at]! ^= 1;
      writeFileSync(join(folder, "damaged"), damaged);
      expect(spawnSync("python3", [reader, join(folder, "damaged")]).status).toBe(1);
    }
  });
});

test.skipIf(!hasTensorBoard)("TensorBoard reads the same (needs its Python package)", () => {
  const script =
    "import json,sys\nfrom tensorboard.backend.event_processing.event_accumulator import EventAccumulator\n" +
    "a=EventAccumulator(sys.argv[1]);a.Reload()\nprint(json.dumps([[e.step,e.value] for e in a.Scalars('epoch_loss')]))";
  const output = execFileSync("python3", ["-c", script, join(folder, "train")], { encoding: "utf8" });
  expect(JSON.parse(output)).toEqual(history.history.loss!.map((value, step) => [step, Math.fround(value)]));
});
