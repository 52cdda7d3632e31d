// Runs every example as a user would, and checks the numbers that METHODS states.
import { spawn } from "node:child_process";
import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const folder = fileURLToPath(new URL("../examples/", import.meta.url));

function run(name: string, ...args: string[]): Promise<{ code: number | null; output: string }> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [folder + name, ...args], { stdio: ["ignore", "pipe", "pipe"] });
    const parts: Buffer[] = [];
    child.stdout.on("data", (data: Buffer) => void parts.push(data));
    child.stderr.on("data", (data: Buffer) => void parts.push(data));
    child.once("close", (code) => resolve({ code, output: Buffer.concat(parts).toString() }));
  });
}

const CHECKS: Readonly<Record<string, { readonly args?: string[]; check(output: string): void }>> = {
  "keras-mlp.mjs": {
    check: (text) => expect(Number(/test accuracy ([\d.]+)/.exec(text)?.[1])).toBeGreaterThan(0.97),
  },
  "softmax-regression.mjs": { check: (text) => expect(Number(/1000 steps: ([\d.]+)/.exec(text)?.[1])).toBeGreaterThan(0.86) },
  "linear-regression.mjs": {
    check(text) {
      expect(text).toContain("(1000 steps): w 1.39332977, b 1.32645614, MSE 0.04029895");
      expect(text).toMatch(/w 1\.9936935\d, b 1\.0222151\d, MSE 0\.00992439/);
    },
  },
  "one-parameter.mjs": { check: (text) => expect(text).toBe("theta 3.000000\n") },
  "custom-loss.mjs": {
    check(text) {
      expect(Number(/prediction: ([\d.]+)/.exec(text)?.[1])).toBeCloseTo(0.9, 1);
    },
  },
  "own-loop.mjs": {
    check(text) {
      expect(Number(/loss ([\d.]+) with averaged/.exec(text)?.[1])).toBeLessThan(0.53);
      expect(text).toContain("0 steps skipped");
    },
  },
  "find-learning-rate.mjs": {
    check(text) {
      expect(Number(/suggested learning rate: ([\d.e-]+)/.exec(text)?.[1])).toBeGreaterThan(1e-4);
      expect(Number(/loss ([\d.e-]+) after/.exec(text)?.[1])).toBeLessThan(0.01);
    },
  },
  "schedules.mjs": { check: (text) => expect(text.match(/step 0/g)).toHaveLength(11) },
  "save-and-load.mjs": {
    check(text) {
      expect(Number(/accuracy ([\d.]+) with/.exec(text)?.[1])).toBeGreaterThan(0.98);
      expect(text).toContain("the loaded model predicts the same bits");
    },
  },
  "resume-after-kill.mjs": { check: (text) => expect(text).toMatch(/killed by SIGKILL[\s\S]*identical bits/) },
};

test.each(Object.entries(CHECKS))("%s", async (name, { args = [], check }) => {
  const { code, output } = await run(name, ...args);
  expect(code, output).toBe(0);
  check(output);
});

test("http-service.mjs answers predictions while it trains", async () => {
  const child = spawn(process.execPath, [`${folder}http-service.mjs`], { stdio: ["ignore", "pipe", "inherit"] });
  try {
    const address = await new Promise<string>((resolve) =>
      child.stdout.on("data", (data: Buffer) => resolve(/http:\S+/.exec(String(data))?.[0] ?? "")),
    );
    const status = async () =>
      (await fetch(`${address}/status`)).json() as Promise<{ epoch: number; accuracy: number; done: boolean }>;
    const predict = (body: string) => fetch(`${address}/predict`, { method: "POST", body });
    let answered = 0;
    for (let last = await status(); !last.done; last = await status()) {
      const response = await predict('{"x":[[0,0],[1,1]]}');
      expect(response.status).toBe(200);
      const { probabilities } = (await response.json()) as { probabilities: number[][] };
      for (const row of probabilities) expect(row[0]! + row[1]!).toBeCloseTo(1, 5);
      answered++;
    }
    expect(answered).toBeGreaterThan(0);
    expect((await status()).accuracy).toBeGreaterThan(0.95);
    const { probabilities } = (await (await predict('{"x":[[0,0],[1,1]]}')).json()) as { probabilities: number[][] };
    expect(probabilities[0]![1]).toBeGreaterThan(0.9);
    expect(probabilities[1]![0]).toBeGreaterThan(0.9);
    expect((await predict("{")).status).toBe(400);
    expect((await predict('{"x":[[1]]}')).status).toBe(400);
    expect((await fetch(`${address}/other`)).status).toBe(404);
  } finally {
    child.kill();
  }
});

test("every example is run here", () => {
  const names = readdirSync(folder).filter((name) => name.endsWith(".mjs"));
  expect([...Object.keys(CHECKS), "http-service.mjs"].sort()).toEqual(names.sort());
});
