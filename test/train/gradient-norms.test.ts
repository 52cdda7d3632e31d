// The norm of each update's gradient, as runs report it.
import { afterEach, describe, expect, it } from "vitest";
import { setBackend, setThreads } from "../../src/backend/select.ts";
import { uniform } from "../../src/core/random.ts";
import * as layers from "../../src/nn/layers.ts";
import { sequentialNetwork } from "../../src/nn/network.ts";
import { Adam } from "../../src/optim/adam.ts";
import { SGD } from "../../src/optim/sgd.ts";
import { GradientNormRatio } from "../../src/schedule/gradient-norm-ratio.ts";
import { createTrainer } from "../../src/train/engine.ts";
import type { ClipOptions, RunOptions, TrainerOptions } from "../../src/train/trainer.ts";

const ROWS = 40;
const FEATURES = 7;
const x = Float64Array.from({ length: ROWS * FEATURES }, (_, i) => uniform(3, 1, i) - 0.5);
const y = Int32Array.from({ length: ROWS }, (_, r) => Math.floor(uniform(3, 2, r) * 3));
const order = Uint32Array.from({ length: ROWS }, (_, i) => (i * 7) % ROWS);

function trainer(options: Partial<TrainerOptions> = {}) {
  const network = sequentialNetwork(
    [layers.dense({ units: 9, activation: "tanh", inputShape: [FEATURES] }), layers.dense({ units: 3, activation: "softmax" })],
    { dtype: "float64", seed: 5 },
  );
  const loss = "sparseCategoricalCrossentropy";
  const made = createTrainer({ network, loss, optimizer: (params) => new SGD(params, { learningRate: 1 }), ...options });
  made.setData({ x, y });
  return made;
}

/** With a rate of 1 and no momentum, a step moves the parameters by the gradient. */
function moved(options: Partial<RunOptions>, trainerOptions: Partial<TrainerOptions> = {}): number[] {
  const made = trainer(trainerOptions);
  const { batchSize = 8, accumulate = 1 } = options;
  const norms: number[] = [];
  for (let begin = 0; begin < ROWS; begin += batchSize * accumulate) {
    const before = made.network.parameters.map(({ tensor }) => tensor.data.slice());
    made.runSteps(order, { batchSize, accumulate, begin, end: Math.min(ROWS, begin + batchSize * accumulate) });
    const squares = made.network.parameters.map(({ tensor }, k) =>
      Array.from(tensor.data).reduce((sum, p, i) => sum + (before[k]![i]! - p) * (before[k]![i]! - p), 0),
    );
    norms.push(Math.sqrt(squares.reduce((a, b) => a + b)));
  }
  return norms;
}

afterEach(() => {
  setBackend("auto");
  setThreads(2);
});

describe("gradient norms of a run", () => {
  for (const backend of ["native", "reference"] as const) {
    for (const [name, run, options] of [
      ["plain", {}, {}],
      ["with shards", {}, { shards: 3 }],
      ["with accumulation", { accumulate: 2 }, {}],
    ] as [string, Partial<RunOptions>, Partial<TrainerOptions>][]) {
      it(`are those of the gradients, ${name}, on ${backend}`, () => {
        setBackend(backend);
        const expected = moved(run, options);
        const { gradientNorms } = trainer(options).runSteps(order, { batchSize: 8, ...run, gradientNorms: true });
        expect(gradientNorms.length).toBe(expected.length);
        for (const [i, norm] of expected.entries()) expect(Math.abs(gradientNorms[i]! - norm)).toBeLessThan(1e-13);
      });
    }

    it(`are taken before clipping on ${backend}`, () => {
      setBackend(backend);
      const first = moved({})[0]!;
      const clips: ClipOptions[] = [{ value: 0.01 }, { norm: 0.01 }, { globalNorm: 0.01 }];
      for (const clip of clips) {
        const { gradientNorms } = trainer({ clip }).runSteps(order, { batchSize: 8, gradientNorms: true });
        expect(Math.abs(gradientNorms[0]! - first)).toBeLessThan(1e-13);
      }
    });

    it(`cost no bits and come the same way from asynchronous and cut runs on ${backend}`, async () => {
      setBackend(backend);
      const whole = trainer();
      const once = whole.runSteps(order, { batchSize: 8, gradientNorms: true });
      const without = trainer();
      expect(without.runSteps(order, { batchSize: 8 }).gradientNorms.length).toBe(0);
      expect(without.parametersSha256()).toBe(whole.parametersSha256());
      expect(await trainer().runStepsAsync(order, { batchSize: 8, gradientNorms: true })).toEqual(once);
      const cut = trainer();
      const norms = [0, 16, 32].flatMap((begin) => [
        ...cut.runSteps(order, { batchSize: 8, begin, end: Math.min(ROWS, begin + 16), gradientNorms: true }).gradientNorms,
      ]);
      expect(norms).toEqual([...once.gradientNorms]);
    });

    it(`are known where the optimizer's step is made outside the loop on ${backend}`, () => {
      setBackend(backend);
      const stepwise = trainer({
        optimizer: (params) => {
          const made = new Adam(params);
          made.groups[0]!.schedule = GradientNormRatio();
          return made;
        },
      });
      const { gradientNorms } = stepwise.runSteps(order, { batchSize: 8, gradientNorms: true });
      expect(gradientNorms.length).toBe(5);
      expect(Math.abs(gradientNorms[0]! - moved({})[0]!)).toBeLessThan(1e-13);
      expect(gradientNorms.every((norm) => norm > 0)).toBe(true);
    });
  }
});
