// Environments that come and go: the addon loaded and unloaded, workers and processes that end during asynchronous work.
import { spawn } from "node:child_process";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { describe, expect, test, vi } from "vitest";
import { backendInfo } from "../../src/index.ts";
import { root, runChild } from "../backend/child.ts";
import { here, runScript } from "./harness.ts";

// Seconds of work on two free cores, which there may not be.
vi.setConfig({ testTimeout: 600_000 });

const { path: addon } = backendInfo();
if (addon === null) console.log("skipped: loading and unloading: no addon");

test.skipIf(addon === null)("1000 times loaded, used and unloaded, memory stays bounded", async () => {
  const { status, signal, lines, stderr } = await runScript(join(here, "load-and-unload.cjs"), [addon ?? "", "1000"]);
  expect({ status, signal, stderr }).toEqual({ status: 0, signal: null, stderr: "" });
  const { ended, grown, results } = JSON.parse(lines[0] ?? "") as { ended: number; grown: number; results: string[] };
  expect({ ended, results }).toEqual({ ended: 1000, results: ["16,-0.5"] });
  // 800 times the memory of one environment's addon would be far more than this.
  expect(grown).toBeLessThan(32);
});

test.skipIf(addon === null)("the addon is loaded again where its environment has forgotten it", () => {
  const program = `
    const addons = Array.from({ length: 3 }, () => {
      for (const file of Object.keys(require.cache)) delete require.cache[file];
      return require(${JSON.stringify(addon)});
    });
    const a = new Float32Array(64 * 64).fill(0.5);
    const results = addons.map(({ gemm, gemmControl }) => {
      const c = new Float32Array(64 * 64);
      gemmControl.set([64, 64, 64, 64, 64, 64, 64, 0, 1, 0, 1]);
      gemm(a, a, c, null, null);
      return c[77];
    });
    console.log(new Set(addons).size, ...results);`;
  const { status, signal, stdout, stderr } = runChild(program);
  expect({ status, signal, stdout, stderr }).toEqual({
    status: 0,
    signal: null,
    stdout: "3 16 16 16",
    stderr: "",
  });
});

test.skipIf(addon === null)(
  "what a getter throws comes through native code, and one that ends its environment ends only that",
  async () => {
    const { status, signal, lines, stderr } = await runScript(join(here, "ending-environments.cjs"), [addon ?? ""]);
    expect({ status, signal, stderr }).toEqual({ status: 0, signal: null, stderr: "" });
    const { calls, entries, wrong } = JSON.parse(lines[0] ?? "") as { calls: number; entries: string[]; wrong: unknown[] };
    expect(wrong).toEqual([]);
    expect(entries).toEqual(["createStepPlan", "gradientTool", "programCreate", "loopCreate"]);
    expect(calls).toBeGreaterThanOrEqual(entries.length);
  },
);

/** Starts a product and a training, both off the main thread and both far from their end, then goes on to `after`. */
const busy = (after: string) => `
  const m = require(${JSON.stringify(join(root, "dist", "index.cjs"))});
  const n = m.backendInfo().name === "native" ? 700 : 150;
  const a = new Float32Array(n * n).fill(0.5);
  const products = async () => { for (;;) await m.gemmAsync({ m: n, n, k: n, a, b: a }); };
  const network = m.sequentialNetwork([m.layers.dense({ units: 64, activation: "relu", inputShape: [64] }), m.layers.dense({ units: 10 })]);
  const trainer = m.createTrainer({ network, optimizer: (p) => new m.Adam(p), loss: "meanSquaredError" });
  trainer.setData({ x: new Float32Array(64 * 64).fill(0.5), y: new Float32Array(64 * 10) });
  products();
  trainer.runStepsAsync(new Uint32Array(1_000_000), { batchSize: 32 });
  ${after}
`;

/** Runs `round` this many times, four at a time. */
async function repeated(times: number, round: (index: number) => Promise<void>): Promise<void> {
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < times) await round(next++);
  };
  await Promise.all([lane(), lane(), lane(), lane()]);
}

const pause = (milliseconds: number) => new Promise((done) => setTimeout(done, milliseconds));

describe.each(["native", "reference"])("during asynchronous work on the %s backend", (backend) => {
  const rounds = backend === "native" ? 100 : 10;

  test(`${rounds} workers are terminated, the main thread lives on`, async () => {
    const program = busy(`require("node:worker_threads").parentPort.postMessage(m.backendInfo().name);`);
    await repeated(rounds, async (index) => {
      const worker = new Worker(program, { eval: true, env: { ...process.env, DOWNHILL_BACKEND: backend } });
      const [name] = await new Promise<string[]>((done, fail) => {
        worker.once("message", (text: string) => done([text]));
        worker.once("error", fail);
      });
      await pause(index % 4);
      expect([name, await worker.terminate()]).toEqual([backend, 1]);
    });
    expect(runChild("console.log(m.backendInfo().name)", { DOWNHILL_BACKEND: backend }).stdout).toBe(backend);
  });

  test(`${rounds} processes exit`, async () => {
    await repeated(rounds, async (index) => {
      const child = spawn(process.execPath, ["-e", busy(`setTimeout(() => process.exit(7), ${index % 8});`)], {
        env: { ...process.env, DOWNHILL_BACKEND: backend },
        stdio: ["ignore", "ignore", "pipe"],
      });
      let stderr = "";
      child.stderr.on("data", (text) => {
        stderr += text;
      });
      const ended = await new Promise((done) => child.on("close", (status, signal) => done([status, signal, stderr])));
      expect(ended).toEqual([7, null, ""]);
    });
  });
});
