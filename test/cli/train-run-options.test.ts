// The options of downhill train that say what is learned, from which seed, past which updates and with which logs.
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readSafetensors } from "../../src/checkpoint/file.ts";
import type { FloatArray } from "../../src/core/types.ts";
import { runCli } from "./run-cli.ts";

const folder = mkdtempSync(join(tmpdir(), "downhill-train-run-options-"));
afterAll(() => rmSync(folder, { recursive: true }));
const train = (...args: string[]) => runCli(["train", ...args, "--json"], { cwd: folder });
const fileOf = (name: string) => join(folder, name);

beforeAll(() => {
  const lines = Array.from({ length: 90 }, (_, i) => {
    const [a, b] = [((i * 37) % 90) / 45 - 1, ((i * 53) % 90) / 45 - 1];
    return `${a},${b},${i % 3},${"xyz"[i % 3]},${2 * a - b}`;
  });
  writeFileSync(fileOf("data.csv"), ["a,b,digit,letter,plane", ...lines].join("\n"));
});

interface Report {
  readonly task: string;
  readonly outputs: number;
  readonly epochs: number;
  readonly history: Record<string, number[]>;
  readonly stopReason?: string;
}

async function report(...args: string[]): Promise<Report> {
  const { code, stdout, stderr } = await train("data.csv", ...args);
  expect(code, stderr).toBe(0);
  return JSON.parse(stdout) as Report;
}

describe("--task", () => {
  const digit = ["--target", "digit", "--ignore", "letter,plane", "--model", "none", "--epochs", "1"];
  test.each([
    [[], "classification", 3],
    [["--task", "auto"], "classification", 3],
    [["--task", "classification"], "classification", 3],
    [["--task", "regression"], "regression", 1],
  ])("three integers with %j are a %s of %i outputs", async (extra, task, outputs) => {
    const document = await report(...digit, ...extra, "--save", "task.safetensors");
    expect(document).toMatchObject({ task, outputs });
    expect(Object.keys(document.history)).toContain(task === "regression" ? "r2" : "accuracy");
  });
  test("regression of texts is an error of the data, another task one of the arguments", async () => {
    const texts = await train("data.csv", "--target", "letter", "--task", "regression");
    expect([texts.code, texts.stdout]).toEqual([1, ""]);
    expect(texts.stderr).toMatch(/^downhill: [^\n]*target letter: expected numbers for regression, received "x"\n$/);
    const unknown = await train("data.csv", "--task", "regresion");
    expect([unknown.code, unknown.stdout]).toEqual([2, ""]);
    expect(unknown.stderr).toMatch(/--task: expected one of auto, .* did you mean regression\?\n$/);
  });
});

describe("--seed", () => {
  const plane = ["--target", "plane", "--ignore", "digit,letter", "--model", "8 tanh, dropout 0.2", "--epochs", "2"];
  test("the same gives the same file, which is that of 0 without one; another gives other weights", async () => {
    const seeds = [[], ["--seed", "0"], ["--seed", "7"], ["--seed", "7"]];
    const runs = await Promise.all(seeds.map((seed, i) => report(...plane, ...seed, "--save", `seed${i}.safetensors`)));
    const [none, zero, seven, again] = seeds.map((_, i) => readFileSync(fileOf(`seed${i}.safetensors`)));
    expect(zero).toEqual(none);
    expect(again).toEqual(seven);
    expect(runs[3]?.history).toEqual(runs[2]?.history);
    expect(runs[2]?.history).not.toEqual(runs[0]?.history);
  });
  test.each(["-1", "1.5", "one"])("%s is refused", async (seed) => {
    const { code, stdout, stderr } = await train("data.csv", `--seed=${seed}`);
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toBe(`downhill: --seed: expected an integer of at least 0, received "${seed}"\n`);
  });
});

describe("--skip-non-finite", () => {
  // The first update throws the weights so far that every later gradient overflows.
  const wild = ["--target", "plane", "--ignore", "digit,letter", "--model", "8 tanh, 8 relu", "--validation", "0"];
  const fast = [...wild, "--epochs", "3", "--batch-size", "10", "--optimizer", "sgd", "--learning-rate", "1e30"];
  const finite = async (name: string) => {
    const { tensors } = await readSafetensors(fileOf(name));
    const weights = [...tensors].filter(([key]) => !key.startsWith("downhill:"));
    expect(weights).toHaveLength(6);
    return weights.map(([, { data }]) => (data as FloatArray).every(Number.isFinite));
  };
  test("leaves those updates out and goes on; without it the training stops", async () => {
    const stopped = await report(...fast, "--save", "stopped.safetensors");
    expect([stopped.epochs, stopped.stopReason]).toEqual([1, "the loss of step 2 is not finite"]);
    expect(await finite("stopped.safetensors")).toContain(false);
    const skipped = await report(...fast, "--skip-non-finite", "--save", "skipped.safetensors");
    expect([skipped.epochs, skipped.stopReason]).toEqual([3, undefined]);
    expect(await finite("skipped.safetensors")).not.toContain(false);
  });
});

describe("--tensorboard", () => {
  const reader = fileURLToPath(new URL("../../scripts/reference/read_events.py", import.meta.url));
  const hasPython = spawnSync("python3", ["--version"]).status === 0;
  const plane = ["--target", "plane", "--ignore", "digit,letter", "--model", "none", "--epochs", "3"];
  let history: Report["history"];
  beforeAll(async () => {
    ({ history } = await report(...plane, "--tensorboard", "board"));
  });
  test("writes one event file for the training and one for the validation", () => {
    expect(readdirSync(fileOf("board")).sort()).toEqual(["train", "validation"]);
    for (const name of ["train", "validation"])
      expect(readdirSync(fileOf(join("board", name)))).toEqual([expect.stringMatching(/^events\.out\.tfevents\./)]);
  });
  test.skipIf(!hasPython)("with the losses of the report (read by python3)", () => {
    for (const [name, key] of [["train", "loss"] as const, ["validation", "val_loss"] as const]) {
      const directory = fileOf(join("board", name));
      const text = execFileSync("python3", [reader, join(directory, readdirSync(directory)[0]!)], { encoding: "utf8" });
      const [, ...events] = text
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line) as { values: Record<string, number> });
      expect(events.map(({ values }) => values.epoch_loss)).toEqual(history[key]?.map(Math.fround));
    }
  });
});
