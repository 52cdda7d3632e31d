import { describe, expect, test } from "vitest";
import { normal } from "../../src/core/random.ts";
import * as layers from "../../src/nn/layers.ts";
import { sequentialNetwork } from "../../src/nn/network.ts";
import { Adam } from "../../src/optim/index.ts";
import { createTrainer } from "../../src/train/engine.ts";
import { rangeTest } from "../../src/train/range-test.ts";

const ROWS = 90;

function trainer() {
  const network = sequentialNetwork(
    [
      layers.dense({ units: 16, activation: "relu", inputShape: [4] }),
      layers.batchNormalization(),
      layers.dropout({ rate: 0.1 }),
      layers.dense({ units: 1 }),
    ],
    { dtype: "float32", seed: 2 },
  );
  const made = createTrainer({ network, optimizer: (params) => new Adam(params), loss: "meanSquaredError" });
  const x = Float32Array.from({ length: ROWS * 4 }, (_, i) => normal(1, 1, i));
  made.setData({ x, y: Float32Array.from({ length: ROWS }, (_, r) => 3 * x[4 * r]! - x[4 * r + 1]!) });
  return made;
}

const order = Uint32Array.from({ length: ROWS }, (_, i) => i);

describe("rangeTest", () => {
  test("suggests a rate and leaves no trace: training goes on as if it had not been", () => {
    const [tested, untouched] = [trainer(), trainer()];
    for (const made of [tested, untouched]) made.runSteps(order, { batchSize: 16 });
    const before = tested.parametersSha256();
    const curve = rangeTest(tested, { batchSize: 16, steps: 60, start: 1e-5, end: 10 });
    expect(curve.suggestion).toBeGreaterThan(1e-4);
    expect(curve.suggestion).toBeLessThan(1);
    expect(tested.parametersSha256()).toBe(before);
    for (const made of [tested, untouched]) made.runSteps(order, { batchSize: 16 });
    expect(tested.parametersSha256()).toBe(untouched.parametersSha256());
    const statistics = (made: ReturnType<typeof trainer>) => made.network.buffers.map(({ tensor }) => [...tensor.data]);
    expect(statistics(tested)).toEqual(statistics(untouched));
  });
  test("a run that throws is undone too", () => {
    const made = trainer();
    const before = made.parametersSha256();
    expect(() => rangeTest(made, { steps: 3 })).toThrow(expect.objectContaining({ code: "ERR_OPTION" }));
    expect(() => rangeTest(made, { batchSize: 0 })).toThrow(expect.objectContaining({ code: "ERR_RANGE" }));
    expect(made.parametersSha256()).toBe(before);
  });
});
