// Predictions while a training runs: they see the parameters between two updates, and change nothing.
import { afterEach, describe, expect, it } from "vitest";
import { setBackend } from "../../src/backend/select.ts";
import { uniform } from "../../src/core/random.ts";
import * as layers from "../../src/nn/layers.ts";
import { sequentialNetwork } from "../../src/nn/network.ts";
import { Adam } from "../../src/optim/adam.ts";
import { createTrainer } from "../../src/train/engine.ts";
import { sequential } from "../../src/train/sequential.ts";

const ROWS = 64;
const FEATURES = 24;
const BATCH = 8;
const x = Float32Array.from({ length: ROWS * FEATURES }, (_, i) => uniform(4, 1, i) - 0.5);
const y = Int32Array.from({ length: ROWS }, (_, r) => Math.floor(uniform(4, 2, r) * 4));

function trainer() {
  const network = sequentialNetwork(
    [
      layers.dense({ units: 200, activation: "relu", inputShape: [FEATURES] }),
      layers.batchNormalization(),
      layers.dense({ units: 4, activation: "softmax" }),
    ],
    { seed: 2 },
  );
  const made = createTrainer({ network, loss: "sparseCategoricalCrossentropy", optimizer: (params) => new Adam(params) });
  made.setData({ x, y });
  return made;
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

afterEach(() => setBackend("auto"));

describe("a trainer during an asynchronous run", () => {
  for (const [backend, updates] of [
    ["native", 4000],
    ["reference", 60],
  ] as const) {
    it(`predicts with the parameters between two updates on ${backend}`, async () => {
      setBackend(backend);
      const order = Uint32Array.from({ length: updates * BATCH }, (_, i) => (i * 5) % ROWS);
      const made = trainer();
      let running = true;
      const pending = made.runStepsAsync(order, { batchSize: BATCH }).finally(() => {
        running = false;
      });
      const seen: string[] = [];
      while (running) {
        const outputs = made.betweenUpdates(() => [made.parametersSha256(), ...made.predict(x.subarray(0, 3 * FEATURES))]);
        seen.push(outputs.join(" "));
        seen.push(["alone", ...made.predict(x.subarray(0, FEATURES))].join(" "));
        await turn();
      }
      const { losses } = await pending;

      // The same run update by update: every prediction belongs to one of its boundaries, in order.
      const again = trainer();
      const known: string[] = [];
      const describeBoundary = () => {
        known.push([again.parametersSha256(), ...again.predict(x.subarray(0, 3 * FEATURES))].join(" "));
        known.push(["alone", ...again.predict(x.subarray(0, FEATURES))].join(" "));
      };
      describeBoundary();
      for (let k = 0; k < updates; k++) {
        const { losses: one } = again.runSteps(order, { batchSize: BATCH, begin: k * BATCH, end: (k + 1) * BATCH });
        expect(one[0]).toBe(losses[k]);
        describeBoundary();
      }
      expect(again.parametersSha256()).toBe(made.parametersSha256());
      const positions = seen.map((entry) => known.indexOf(entry));
      expect(positions.every((position) => position >= 0)).toBe(true);
      expect(new Set(positions.map((position) => position >> 1)).size).toBeGreaterThan(2);
    });

    it(`evaluates, and holds still for a function on ${backend}`, async () => {
      setBackend(backend);
      const made = trainer();
      const pending = made.runStepsAsync(new Uint32Array(updates * BATCH), { batchSize: BATCH });
      await turn();
      made.betweenUpdates(() => {
        const before = made.parametersSha256();
        const { loss, outputs } = made.evaluate({ x, y });
        expect(Number.isFinite(loss)).toBe(true);
        expect(made.predict(x)).toEqual(outputs);
        const until = performance.now() + 20;
        while (performance.now() < until);
        expect(made.betweenUpdates(() => made.parametersSha256())).toBe(before);
      });
      expect(() =>
        made.betweenUpdates(() => {
          throw new Error("within");
        }),
      ).toThrow("within");
      for (const change of [
        () => made.setData({ x, y }),
        () => made.loadParameters([]),
        () => made.runSteps(new Uint32Array(1), { batchSize: 1 }),
        () => made.betweenUpdates(() => made.loadParameters([])),
        () => made.dispose(),
      ]) {
        expect(change).toThrow(expect.objectContaining({ code: "ERR_BUSY" }));
      }
      expect((await pending).updates).toBe(updates);
      made.dispose();
      expect(() => made.predict(x)).toThrow(expect.objectContaining({ code: "ERR_STATE" }));
    });
  }

  it("answers from a model that is in fit", async () => {
    setBackend("native");
    const model = sequential(
      [layers.dense({ units: 64, activation: "relu" }), layers.dense({ units: 4, activation: "softmax" })],
      {
        inputShape: [FEATURES],
        seed: 1,
      },
    );
    model.compile({ optimizer: "adam", loss: "sparseCategoricalCrossentropy" });
    let answers = 0;
    let running = true;
    const done = model.fit(x, y, { epochs: 200, batchSize: 4, verbose: 0 }).finally(() => {
      running = false;
    });
    while (running) {
      const { data, shape } = model.predict(x.subarray(0, 2 * FEATURES));
      expect(shape).toEqual([2, 4]);
      expect(Math.abs(Array.from(data.subarray(0, 4)).reduce((a, b) => a + b) - 1)).toBeLessThan(1e-6);
      answers++;
      await turn();
    }
    await done;
    expect(answers).toBeGreaterThan(1);
  });
});
