// Memory stays flat over many steps: nothing is allocated per step that is not given back.
import { expect, it } from "vitest";
import { runChild } from "../backend/child.ts";

const PROGRAM = `
require("node:v8").setFlagsFromString("--expose-gc");
const gc = require("node:vm").runInNewContext("gc");
const network = m.sequentialNetwork(
  [m.layers.dense({ units: 16, activation: "relu" }), m.layers.dropout({ rate: 0.1 }), m.layers.dense({ units: 4, activation: "softmax" })],
  { inputShape: [12] },
);
const trainer = m.createTrainer({ network, optimizer: (p) => new m.Adam(p), loss: "sparseCategoricalCrossentropy" });
trainer.setData({ x: Float32Array.from({ length: 1200 }, (_, i) => (i % 100) / 100), y: Int32Array.from({ length: 100 }, (_, i) => i % 4) });
const order = Uint32Array.from({ length: 2000 }, (_, i) => i % 100);
const row = new Float32Array(12);
const out = new Float32Array(4);
async function run(steps) {
  for (let done = 0; done < steps; done += 1000) {
    trainer.runSteps(order, { batchSize: 4 });
    await trainer.runStepsAsync(order, { batchSize: 4, gradientNorms: true });
    for (let i = 0; i < 100; i++) trainer.predict(row, out);
  }
  gc();
  await new Promise((resolve) => setTimeout(resolve, 20));
  gc();
  return process.memoryUsage();
}
run(20000).then(async (before) => {
  const after = await run(1000000);
  console.log(JSON.stringify({ rss: after.rss - before.rss, heap: after.heapUsed - before.heapUsed, buffers: after.arrayBuffers - before.arrayBuffers }));
});
`;

it("keeps memory flat over a million steps", () => {
  const { status, stdout, stderr } = runChild(PROGRAM, { DOWNHILL_BACKEND: "native" });
  expect(stderr).toBe("");
  expect(status).toBe(0);
  const grown = JSON.parse(stdout) as Record<"rss" | "heap" | "buffers", number>;
  // A leak of one control row (some 20 doubles) per step would be 160 MB, of one loss per step in the heap 8 MB.
  expect(grown.rss).toBeLessThan(10e6);
  expect(grown.heap).toBeLessThan(2e6);
  expect(grown.buffers).toBeLessThan(2e6);
}, 180_000);
