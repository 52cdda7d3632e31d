// Schedules inside whole trainings: the loop that runs many updates in one call and the one that makes each update by
// itself (because a schedule reads the gradient) give the same bits, and so does any cut into calls.
import { afterAll, describe, expect, test } from "vitest";
import { setBackend } from "../../src/backend/select.ts";
import { uniform } from "../../src/core/random.ts";
import * as layers from "../../src/nn/layers.ts";
import { sequentialNetwork } from "../../src/nn/network.ts";
import { NAdam, SGD } from "../../src/optim/index.ts";
import { type AnySchedule, cosine, GradientNormRatio, oneCycle, warmup } from "../../src/schedule/index.ts";
import { createTrainer } from "../../src/train/engine.ts";
import type { TrainerOptions } from "../../src/train/trainer.ts";

const ROWS = 48;
const x = Float32Array.from({ length: ROWS * 6 }, (_, i) => uniform(3, 1, i) * 2 - 1);
const y = Int32Array.from({ length: ROWS }, (_, r) => Math.floor(uniform(3, 2, r) * 3));
const order = Uint32Array.from({ length: 4 * ROWS }, (_, i) => (i * 7) % ROWS);

type Make = (params: Parameters<TrainerOptions["optimizer"]>[0], schedule: AnySchedule | undefined) => SGD | NAdam;
const optimizers: Record<string, Make> = {
  SGD: (params, schedule) => new SGD([{ params, schedule }], { learningRate: 0.05, momentum: 0.9 }),
  NAdam: (params, schedule) => new NAdam([{ params, schedule }], { learningRate: 0.01 }),
};

function hash(
  make: Make,
  schedule: AnySchedule | undefined,
  options: Partial<TrainerOptions>,
  accumulate: number,
  cuts: number[],
  learningRates?: Float64Array,
) {
  const network = sequentialNetwork(
    [
      layers.dense({ units: 9, activation: "relu", inputShape: [6] }),
      layers.dropout({ rate: 0.2 }),
      layers.dense({ units: 3, activation: "softmax" }),
    ],
    { dtype: "float32", seed: 4 },
  );
  const optimizer = (params: Parameters<Make>[0]) => make(params, schedule);
  const trainer = createTrainer({ network, optimizer, loss: "sparseCategoricalCrossentropy", ...options });
  trainer.setData({ x, y });
  let begin = 0;
  for (const end of [...cuts, order.length]) {
    trainer.runSteps(order, { batchSize: 8, accumulate, begin, end, learningRates });
    begin = end;
  }
  const sha = trainer.parametersSha256();
  trainer.dispose();
  return sha;
}

describe.each(["auto", "reference"] as const)("%s backend", (backend) => {
  afterAll(() => setBackend("auto"));
  describe.each(Object.entries(optimizers))("%s", (_, make) => {
    test.each([
      [{}, 1],
      [{ clip: { globalNorm: 0.3 } }, 1],
      [{ clip: { norm: 0.1 } }, 1],
      [{ clip: { value: 0.01 } }, 1],
      [{}, 3],
      [{ shards: 2 }, 1],
    ])("updates one by one equal updates in one call: %j, accumulate %i", (options, accumulate) => {
      setBackend(backend);
      // A ratio that is clamped to 1 leaves the rate alone but has to see every gradient.
      const watching = GradientNormRatio({ clamp: [1, 1] });
      expect(hash(make, watching, options, accumulate, [])).toBe(hash(make, undefined, options, accumulate, []));
    });
    test("rates of the caller stand for schedules, whether updates are made one by one or in one call", () => {
      setBackend(backend);
      const learningRates = Float64Array.from({ length: 24 }, (_, k) => 0.01 + 0.001 * k);
      const run = (schedule: AnySchedule) => hash(make, schedule, {}, 1, [], learningRates);
      expect(run(GradientNormRatio())).toBe(run(cosine({ steps: 24 })));
    });
    test.each([
      ["cosine", cosine({ steps: 24 })],
      ["warm-up and cosine", warmup({ steps: 5, after: cosine({ steps: 19 }) })],
      ["one cycle, momentum too", oneCycle({ totalSteps: 24, maxRate: 0.05 })],
      ["the norm ratio", GradientNormRatio()],
    ])("%s: any cut into calls gives the same bits, and they differ from a constant rate", (__, schedule) => {
      setBackend(backend);
      const whole = hash(make, schedule, {}, 1, []);
      expect(hash(make, schedule, {}, 1, [8, 56, 64, 160])).toBe(whole);
      expect(hash(make, undefined, {}, 1, [])).not.toBe(whole);
    });
  });
});
