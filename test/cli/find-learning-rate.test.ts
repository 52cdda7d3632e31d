import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { normal } from "../../src/core/random.ts";
import { runCli } from "./run-cli.ts";

let cwd = "";
beforeAll(() => {
  cwd = mkdtempSync(join(tmpdir(), "downhill-"));
  const rows = Array.from({ length: 120 }, (_, i) => {
    const [a, b] = [normal(1, 1, 2 * i), normal(1, 1, 2 * i + 1)];
    return `${a.toFixed(4)},${b.toFixed(4)},${a + b > 0 ? "yes" : "no"}`;
  });
  writeFileSync(join(cwd, "table.csv"), `a,b,label\n${rows.join("\n")}\n`);
});
afterAll(() => rmSync(cwd, { recursive: true, force: true }));

test("--find-learning-rate plots the curve, suggests a rate and trains nothing", async () => {
  const { code, stdout, stderr } = await runCli(["train", "table.csv", "--find-learning-rate", "--plot", "curve.svg"], { cwd });
  expect(code, stderr).toBe(0);
  expect(stdout).toMatch(/suggested learning rate: 0\.\d+/);
  expect(readFileSync(join(cwd, "curve.svg"), "utf8")).toMatch(/^<svg .*<\/svg>$/s);
  expect(() => readFileSync(join(cwd, "table.safetensors"))).toThrow();
});

test("--json prints the curve as one document", async () => {
  const { stdout } = await runCli(["train", "table.csv", "--find-learning-rate", "--json"], { cwd });
  const curve = JSON.parse(stdout) as { rates: number[]; losses: number[]; suggestion: number };
  expect(curve.losses).toHaveLength(curve.rates.length);
  expect(curve.suggestion).toBeGreaterThan(curve.rates[0]!);
});

test("--plot alone is a usage error", async () => {
  const { code, stderr } = await runCli(["train", "table.csv", "--plot", "x.svg"], { cwd });
  expect(code).toBe(2);
  expect(stderr).toContain("--find-learning-rate");
});
