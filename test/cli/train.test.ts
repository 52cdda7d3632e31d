// downhill train, predict and demo as a user calls them, on data made here.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readSafetensors } from "../../src/checkpoint/file.ts";
import { writeNpy } from "../../src/data/npy.ts";
import { runCli } from "./run-cli.ts";

const folder = mkdtempSync(join(tmpdir(), "downhill-cli-"));
afterAll(() => rmSync(folder, { recursive: true }));
const run = (...args: string[]) => runCli(args, { cwd: folder });

/** Three kinds of flowers that petal length separates, in order of kind: only a shuffled split can learn them. */
beforeAll(async () => {
  const rows = Array.from({ length: 150 }, (_, i) => {
    const kind = Math.floor(i / 50);
    return [
      ((i * 37) % 50) / 10,
      kind * 2 + ((i * 13) % 10) / 10,
      ["red", "blue"][i % 2],
      ["setosa", "virginica", "lily, tiger"][kind],
    ];
  });
  const quoted = (cell: unknown) => (String(cell).includes(",") ? `"${cell}"` : cell);
  const lines = rows.map((row) => row.map(quoted).join(","));
  writeFileSync(join(folder, "flowers.csv"), ["width,petal,color,kind", ...lines].join("\n"));
  const x = Float32Array.from({ length: 200 }, (_, i) => Math.fround(((i * 7919) % 1000) / 500 - 1));
  await writeNpy(join(folder, "x.npy"), x, [100, 2]);
  await writeNpy(
    join(folder, "y.npy"),
    Float64Array.from({ length: 100 }, (_, i) => 3 * x[2 * i]! - x[2 * i + 1]! + 10),
    [100],
  );
});

describe("train and predict", () => {
  test("classify a table: model, report, log, one JSON document", async () => {
    const { code, stdout, stderr } = await run(
      "train",
      "flowers.csv",
      "--target",
      "kind",
      "--epochs",
      "60",
      "--batch-size",
      "10",
      "--log",
      "log.csv",
      "--json",
    );
    expect(stderr).toMatch(/classification of 3 classes from 4 features: 120 rows to train, 30 to validate/);
    expect(code).toBe(0);
    const document = JSON.parse(stdout);
    expect(document).toMatchObject({ task: "classification", model: "flowers.safetensors", report: "flowers.html", epochs: 60 });
    expect(document.final.accuracy).toBeGreaterThan(0.9);
    expect(document.confusion).toHaveLength(3);
    expect(readFileSync(join(folder, "flowers.html"), "utf8")).toMatch(/<svg[\s\S]*lily, tiger/);
    expect(readFileSync(join(folder, "log.csv"), "utf8").trim().split("\n")).toHaveLength(61);

    const predicted = await run("predict", "flowers.safetensors", "flowers.csv");
    expect(predicted.code).toBe(0);
    const [head, ...rows] = predicted.stdout.trim().split("\n");
    expect(head).toBe("prediction,probability");
    const kinds = readFileSync(join(folder, "flowers.csv"), "utf8")
      .split("\n")
      .slice(1)
      .map((line) => /(setosa|virginica|"lily, tiger")$/.exec(line)?.[1]);
    expect(rows.filter((row, i) => row.startsWith(`${kinds[i]},`)).length).toBeGreaterThan(135);
  });

  test("regression on NPY files gives values in the target's own units", async () => {
    const { code } = await run(
      "train",
      "x.npy",
      "--target",
      "y.npy",
      "--model",
      "none",
      "--optimizer",
      "sgd",
      "--learning-rate",
      "0.05",
      "--epochs",
      "60",
    );
    expect(code).toBe(0);
    const { stdout } = await run("predict", "x.safetensors", "x.npy", "--json");
    const predictions = JSON.parse(stdout) as { prediction: number }[];
    expect(predictions).toHaveLength(100);
    const x = Array.from({ length: 2 }, (_, j) => Math.fround(((j * 7919) % 1000) / 500 - 1));
    expect(predictions[0]?.prediction).toBeCloseTo(3 * x[0]! - x[1]! + 10, 1);
  });

  test("--resume goes on to the same bits as one longer training", async () => {
    const train = (...more: string[]) =>
      run("train", "flowers.csv", "--target", "kind", "--model", "8 relu, dropout 0.1", ...more);
    expect((await train("--epochs", "3", "--save", "part.safetensors")).code).toBe(0);
    expect((await train("--epochs", "5", "--save", "part.safetensors", "--resume")).code).toBe(0);
    expect((await train("--epochs", "5", "--save", "whole.safetensors")).code).toBe(0);
    const [part, whole] = await Promise.all(
      ["part", "whole"].map((name) => readSafetensors(join(folder, `${name}.safetensors`))),
    );
    expect(part?.tensors).toEqual(whole?.tensors);
  });

  test("predict uses the best weights that --patience kept, and refuses other files", async () => {
    const { code, stderr } = await run(
      "train",
      "flowers.csv",
      "--target",
      "kind",
      "--epochs",
      "500",
      "--patience",
      "2",
      "--save",
      "best.safetensors",
      "--learning-rate",
      "0.05",
    );
    expect(code).toBe(0);
    expect(stderr).toMatch(/Stopped: val_loss has not improved for 2 epochs/);
    expect((await run("predict", "best.safetensors", "flowers.csv", "--out", "out.csv")).stdout).toBe("");
    expect(readFileSync(join(folder, "out.csv"), "utf8").trim().split("\n")).toHaveLength(151);
    writeFileSync(join(folder, "bad.safetensors"), "not a model at all");
    const bad = await run("predict", "bad.safetensors", "flowers.csv");
    expect([bad.code, bad.stdout]).toEqual([1, ""]);
    expect(bad.stderr).toMatch(/^downhill: bad\.safetensors: [^\n]*\n$/);
  });

  test.each<[string[], number, RegExp]>([
    [["train"], 2, /expected a file or directory/],
    [["train", "none.csv"], 2, /none\.csv: no such file/],
    [["train", "flowers.csv", "--target", "kin"], 2, /--target: expected one of the columns .* did you mean kind\?/],
    [["train", "flowers.csv", "--ignore", "width,coler"], 2, /--ignore: expected one of the columns .* did you mean color\?/],
    [["train", "flowers.csv", "--save", "no/where.safetensors"], 2, /--save: no: no such directory/],
    [["train", "flowers.csv", "--report", "no/where.html"], 2, /--report: no: no such directory/],
    [["train", "flowers.csv", "--optimizer", "adm"], 2, /received "adm", did you mean adam\?/],
    [["train", "flowers.csv", "--model", "64 rellu"], 2, /unknown activation/],
    [["train", "flowers.csv", "--validation", "1"], 2, /--validation: expected a number of at least 0 and below 1/],
    [["train", "flowers.csv", "--log", "x.txt"], 2, /--log: expected a name ending in/],
    [["train", "flowers.csv", "--resume", "--save", "missing.safetensors"], 2, /missing\.safetensors: no such file/],
    [["predict", "one"], 2, /expected a model and a file/],
    [["demo", "--limit", "0"], 2, /--limit: expected an integer of at least 1/],
    [["demo", "--data", "nowhere"], 2, /--data nowhere: no such directory/],
    [["bench", "--backend", "cuda"], 2, /--backend: expected one of auto, native, reference/],
  ])("%o: one line and exit code %i", async (args, expected, message) => {
    const { code, stdout, stderr } = await run(...args);
    expect([code, stdout]).toEqual([expected, ""]);
    expect(stderr).toMatch(/^downhill: [^\n]*\n$/);
    expect(stderr).toMatch(message);
  });
  test("every command's help names all its options", async () => {
    for (const command of ["train", "predict", "bench", "demo"]) {
      const { code, stdout } = await run(command, "--help");
      expect(code).toBe(0);
      expect(stdout).toMatch(new RegExp(`^downhill ${command}: `));
      expect(stdout).toContain("--threads");
    }
  });
});

describe("demo", () => {
  const short = ["demo", "--epochs", "1", "--limit", "3000", "--json"];
  test("the reference in its exact setting, one thread and the scalar ISA give the same SHA-256", async () => {
    const [native, one, scalar, reference] = await Promise.all([
      runCli(short),
      runCli([...short, "--threads", "1"]),
      runCli(short, { env: { DOWNHILL_ISA: "scalar" } }),
      runCli([...short, "--backend", "reference"], { env: { DOWNHILL_REFERENCE: "exact" } }),
    ]);
    const documents = [native, one, scalar, reference].map(({ stdout }) => JSON.parse(stdout));
    const hashes = documents.map(({ parametersSha256 }) => parametersSha256);
    expect(hashes[0]).toMatch(/^[0-9a-f]{64}$/);
    expect(new Set(hashes).size).toBe(1);
    expect(documents[3].backend).toBe("reference");
    expect(documents[0]).toMatchObject({
      epochs: 1,
      samples: 3000,
      testAccuracy: expect.any(Number),
      samplesPerSecond: expect.any(Number),
    });
    expect(documents[0].testAccuracy).toBeGreaterThan(0.7);
  });
  test("the whole of it reaches 97 %, in plain lines where there is no terminal", async () => {
    const { code, stdout, stderr } = await runCli(["demo"]);
    expect(code).toBe(0);
    expect(stderr).toBe("");
    expect(stdout).not.toContain("\x1b");
    expect(stdout.match(/^Epoch .*samples\/s/gm)).toHaveLength(10);
    expect(Number(/test accuracy +([\d.]+) %/.exec(stdout)?.[1])).toBeGreaterThanOrEqual(97);
    expect(stdout).toMatch(/target │/);
  });
});
