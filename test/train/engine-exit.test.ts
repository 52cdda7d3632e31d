// Threads and processes that go away while the engine trains: clean, and the others live on.
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import { describe, expect, it } from "vitest";

const library = new URL("../../dist/index.js", import.meta.url).href;

/** Starts a long asynchronous run, reports, and keeps going. */
const program = (after: string) => `
  const { createTrainer, sequentialNetwork, layers, Adam } = await import(${JSON.stringify(library)});
  const network = sequentialNetwork([layers.dense({ units: 64, activation: "relu", inputShape: [64] }), layers.dense({ units: 10 })]);
  const trainer = createTrainer({ network, optimizer: (p) => new Adam(p), loss: "meanSquaredError" });
  trainer.setData({ x: new Float32Array(64 * 64).fill(0.5), y: new Float32Array(64 * 10) });
  const pending = trainer.runStepsAsync(new Uint32Array(5_000_000), { batchSize: 32 });
  ${after}
`;

const WORKER = `const { parentPort } = require("node:worker_threads"); (async () => { ${program('parentPort.postMessage("running"); await pending;')} })();`;

describe("an asynchronous run", () => {
  it("ends cleanly with its worker", async () => {
    for (let i = 0; i < 5; i++) {
      const worker = new Worker(WORKER, { eval: true });
      await new Promise<void>((resolve, reject) => {
        worker.once("message", () => resolve());
        worker.once("error", reject);
      });
      expect(await worker.terminate()).toBe(1);
    }
  });

  it("ends cleanly with its process", () => {
    const script = program("setTimeout(() => process.exit(7), 30); await pending;");
    const result = spawnSync(process.execPath, ["--input-type=module", "-e", script], { encoding: "utf8", timeout: 60_000 });
    expect({ status: result.status, signal: result.signal, stderr: result.stderr }).toEqual({
      status: 7,
      signal: null,
      stderr: "",
    });
    expect(fileURLToPath(library)).toContain("dist");
  });
});
