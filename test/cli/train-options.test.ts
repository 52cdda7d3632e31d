// The options of downhill train that choose how a model is trained, on data made here, as a user calls them.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readSafetensors } from "../../src/checkpoint/file.ts";
import { buildSchedule, parseSchedule } from "../../src/cli/schedule-spec.ts";
import { rates, type Schedule } from "../../src/schedule/index.ts";
import { runCli } from "./run-cli.ts";

const folder = mkdtempSync(join(tmpdir(), "downhill-train-options-"));
afterAll(() => rmSync(folder, { recursive: true }));
const run = (...args: string[]) => runCli(args, { cwd: folder });

function idx(shape: readonly number[], bytes: Uint8Array): Buffer {
  const head = Buffer.alloc(4 + 4 * shape.length);
  head.writeUInt32BE(0x0800 + shape.length, 0);
  shape.forEach((n, i) => void head.writeUInt32BE(n, 4 + 4 * i));
  return Buffer.concat([head, bytes]);
}

/** Images of 4 × 4 whose brightest quarter is the label. */
function images(count: number, seed: number): { pixels: Uint8Array; labels: Uint8Array } {
  const pixels = new Uint8Array(count * 16);
  const labels = Uint8Array.from({ length: count }, (_, i) => (i * 7 + seed) % 4);
  for (let i = 0; i < count; i++)
    for (let p = 0; p < 16; p++) {
      const quarter = 2 * Number(p >= 8) + Number(p % 4 >= 2);
      pixels[16 * i + p] = ((i * 37 + p * 101 + seed) % 120) + (quarter === labels[i] ? 100 : 0);
    }
  return { pixels, labels };
}

beforeAll(() => {
  const digits = join(folder, "digits");
  mkdirSync(digits);
  const [train, test] = [images(300, 1), images(60, 2)];
  writeFileSync(join(digits, "train-images-idx3-ubyte"), idx([300, 4, 4], train.pixels));
  writeFileSync(join(digits, "train-labels-idx1-ubyte.gz"), gzipSync(idx([300], train.labels)));
  writeFileSync(join(digits, "t10k-images-idx3-ubyte"), idx([60, 4, 4], test.pixels));
  writeFileSync(join(digits, "t10k-labels-idx1-ubyte"), idx([60], test.labels));
  const lines = Array.from({ length: 90 }, (_, i) => {
    const [a, b] = [((i * 37) % 90) / 45 - 1, ((i * 53) % 90) / 45 - 1];
    return `${a},${b},${2 * a - b + 3}`;
  });
  writeFileSync(join(folder, "plane.csv"), ["a,b,value", ...lines].join("\n"));
});

interface Report {
  readonly epochs: number;
  readonly history: Record<string, number[]>;
  readonly final: Record<string, number>;
  readonly stopReason?: string;
}

async function report(...args: string[]): Promise<Report> {
  const { code, stdout, stderr } = await run("train", ...args, "--json");
  expect(code, stderr).toBe(0);
  return JSON.parse(stdout) as Report;
}

describe("a directory of IDX files", () => {
  test("is trained on, its test files validate, and predict reads its images", async () => {
    const document = await report("digits", "--epochs", "12", "--model", "16 relu", "--learning-rate", "0.02");
    expect(document).toMatchObject({ task: "classification", rows: 300, features: 16, outputs: 4, model: "digits.safetensors" });
    expect(document.final.accuracy).toBeGreaterThan(0.95);
    const { code, stdout } = await run("predict", "digits.safetensors", join("digits", "t10k-images-idx3-ubyte"), "--json");
    expect(code).toBe(0);
    expect((await run("predict", "digits.safetensors", "digits", "--json")).stdout).toBe(stdout);
    const rows = JSON.parse(stdout) as { prediction: number; probability: number }[];
    const { labels } = images(60, 2);
    expect(rows.filter(({ prediction }, i) => prediction === labels[i]).length / 60).toBe(document.final.accuracy);
  });
  test("a directory without them is one line and an error", async () => {
    mkdirSync(join(folder, "empty"));
    const { code, stdout, stderr } = await run("train", "empty");
    expect([code, stdout]).toEqual([1, ""]);
    expect(stderr).toMatch(/^downhill: empty: expected one of train-images-idx3-ubyte[^\n]*\n$/);
  });
});

describe("how to train", () => {
  const plane = ["plane.csv", "--model", "8 tanh", "--epochs", "8", "--validation", "0", "--optimizer", "sgd"];

  test("schedule, clipping, accumulation, Lookahead, averages and losses change the training; all of them finish", async () => {
    const plain = await report(...plane);
    const variants = [
      ["--schedule", "cosine:warmup=1"],
      ["--schedule", "plateau:patience=0"],
      ["--clip-value", "0.01"],
      ["--clip-norm", "0.05"],
      ["--clip-global-norm", "0.05"],
      ["--accumulate", "2"],
      ["--batch-size", "full"],
      ["--weight-decay", "0.1"],
      ["--lookahead"],
      ["--ema", "0.9"],
      ["--swa"],
      ["--loss", "huber"],
    ];
    const documents = await Promise.all(variants.map((extra, i) => report(...plane, ...extra, "--save", `v${i}.safetensors`)));
    documents.forEach(({ final, epochs }, i) => {
      expect(epochs).toBe(8);
      expect(Number.isFinite(final.loss)).toBe(true);
      const changes = variants[i]![0] === "--schedule" && variants[i]![1]!.startsWith("plateau") ? [] : [plain.final.loss];
      expect(changes, variants[i]!.join(" ")).not.toContain(final.loss);
    });
  });
  test("--shards is part of the result, --workers is not", async () => {
    const fast = [...plane, "--learning-rate", "0.2"];
    await report(...fast, "--save", "one.safetensors");
    const [one, two] = await Promise.all(
      ["1", "2"].map((n) => report(...fast, "--shards", "3", "--workers", n, "--save", `workers${n}.safetensors`)),
    );
    expect(two?.history).toEqual(one?.history);
    const bytes = (name: string) => readFileSync(join(folder, `${name}.safetensors`));
    expect(bytes("workers2")).toEqual(bytes("workers1"));
    const kernel = async (name: string) =>
      (await readSafetensors(join(folder, `${name}.safetensors`))).tensors.get("dense/kernel");
    expect((await kernel("workers1"))?.data).not.toEqual((await kernel("one"))?.data);
  });
  test("--max-steps and --stop-loss end it; --resume goes on with the average to the same bits", async () => {
    const ema = ["--ema", "0.9", "--schedule", "step:every=1,factor=0.9"];
    const whole = await report(...plane, ...ema, "--save", "whole.safetensors");
    const part = await report(...plane, ...ema, "--max-steps", "4", "--save", "part.safetensors");
    expect(part.stopReason).toBe("4 updates are made");
    const again = await report(...plane, ...ema, "--resume", "--save", "part.safetensors");
    expect(again.history).toEqual(whole.history);
    expect(readFileSync(join(folder, "part.safetensors"))).toEqual(readFileSync(join(folder, "whole.safetensors")));
    const early = await report(...plane, "--stop-loss", "1e9");
    expect([early.epochs, early.stopReason]).toEqual([1, "the loss is at most 1000000000"]);
  });
  test("the report draws the curves, and the learning rate where it changes", async () => {
    await report(...plane, "--schedule", "exponential:factor=0.5", "--report", "rates.html");
    const html = readFileSync(join(folder, "rates.html"), "utf8");
    expect(html.match(/<svg/g)).toHaveLength(3);
    expect(html).toContain('aria-label="learning rate"');
    await report(...plane, "--report", "plain.html");
    expect(readFileSync(join(folder, "plain.html"), "utf8")).not.toContain('aria-label="learning rate"');
  });
  test.each<[string[], RegExp]>([
    [["--schedule", "cosin"], /--schedule: expected one of cosine,.* did you mean cosine\?/],
    [["--schedule", "cosine:wormup=1"], /--schedule cosine: expected min, warmup, received "wormup", did you mean warmup\?/],
    [["--schedule", "step:every=0"], /--schedule step: every: expected an integer of at least 1, received "0"/],
    [["--schedule", "onecycle:warmup"], /--schedule onecycle: warmup: expected a number between 0 and 1, received ""/],
    [["--clip-value", "0"], /--clip-value: expected a number above 0, received "0"/],
    [["--clip-value", "1", "--clip-norm", "1"], /expected one of --clip-value, --clip-norm and --clip-global-norm/],
    [["--ema", "1"], /--ema: expected a number of at least 0 and below 1/],
    [["--ema", "0.9", "--swa"], /expected one of --ema and --swa/],
    [["--batch-size", "half"], /--batch-size: expected an integer of at least 1 or "full", received "half"/],
    [["--accumulate", "1.5"], /--accumulate: expected an integer of at least 1/],
    [["--shards", "0"], /--shards: expected an integer of at least 1/],
    [["--loss", "crossentropy"], /--loss: expected one of mse, mae, huber, logcosh for a regression/],
    [["--loss", "mes"], /--loss: expected one of .* did you mean mse\?/],
    [["--plot", "x.svg"], /--plot: expected together with --find-learning-rate/],
  ])("%o is refused in one line, with exit code 2", async (args, message) => {
    const { code, stdout, stderr } = await run("train", "plane.csv", ...args);
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toMatch(/^downhill: [^\n]*\n$/);
    expect(stderr).toMatch(message);
  });
});

describe("--schedule", () => {
  const curve = (spec: string, epochs: number, updatesPerEpoch: number) => [
    ...rates(buildSchedule(parseSchedule(spec), { epochs, updatesPerEpoch }) as Schedule, 1, 0, epochs * updatesPerEpoch),
  ];
  test("step and exponential change at epochs' ends", () => {
    expect(curve("step:every=2,factor=0.5", 5, 2)).toEqual([1, 1, 1, 1, 0.5, 0.5, 0.5, 0.5, 0.25, 0.25]);
    expect(curve("exponential:factor=0.5", 3, 2)).toEqual([1, 1, 0.5, 0.5, 0.25, 0.25]);
  });
  test("linear and cosine end at their end after all updates, warm-up included", () => {
    expect(curve("linear", 2, 2)).toEqual([1, 0.75, 0.5, 0.25]);
    expect(curve("linear:end=0.5,warmup=1", 3, 2)).toEqual([0.5, 0.75, 1, 0.875, 0.75, 0.625]);
    const cosine = curve("cosine:min=0.1", 10, 10);
    expect(cosine[0]).toBe(1);
    expect(cosine[50]).toBeCloseTo(0.55, 12);
    expect(cosine[99]).toBeLessThan(0.101);
  });
  test("onecycle has its peak at the given rate", () => {
    const cycle = curve("onecycle:warmup=0.5", 4, 10);
    expect(Math.max(...cycle)).toBeCloseTo(1, 2);
    expect(cycle[0]).toBeLessThan(0.1);
    expect(cycle.at(-1)).toBeLessThan(0.01);
  });
});
