// The optimizer's own clipping, guard and monitor in trainings: many steps in one native call, and methods that need a call each.
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { currentBackend, setBackend } from "../../src/backend/select.ts";
import type { Tensor } from "../../src/core/types.ts";
import * as layers from "../../src/nn/layers.ts";
import { sequentialNetwork } from "../../src/nn/network.ts";
import { Adam, RMSpropLossNormalized, SGD } from "../../src/optim/index.ts";
import { GradientNormRatio } from "../../src/schedule/index.ts";
import { createTrainer } from "../../src/train/engine.ts";
import type { Trainer } from "../../src/train/trainer.ts";
import { rnd } from "../optim/golden.ts";

const dense = (units: number) => layers.dense({ units, inputShape: [3] });

for (const backend of ["native", "reference"] as const) {
  describe(`${backend} backend`, () => {
    beforeAll(() => setBackend(backend));
    afterAll(() => setBackend("auto"));

    test("step() and a trainer can take turns on one optimizer", () => {
      const network = sequentialNetwork([dense(2)], { seed: 1 });
      const trainer = createTrainer({
        network,
        optimizer: (params) => new SGD(params, { learningRate: 0.1 }),
        loss: "meanSquaredError",
      });
      trainer.setData({ x: Float32Array.from(rnd(11, 1, 30)), y: Float32Array.from(rnd(11, 2, 20)) });
      const optimizer = trainer.optimizer as SGD;
      const values = () => network.parameters.map(({ tensor: { data } }) => data.slice());
      const gradients = values().map((p) => p.map(() => 1)) as Float32Array[];
      const order = Uint32Array.from({ length: 10 }, (_, i) => i);
      for (let round = 0; round < 2; round++) {
        const before = values();
        optimizer.step(gradients);
        expect(values()).toEqual(before.map((p) => p.map((x) => Math.fround(x - Math.fround(0.1)))));
        trainer.runSteps(order, { batchSize: 5 });
      }
      expect(optimizer.steps).toBe(6);
      trainer.dispose();
    });

    /** A linear model whose sample 7 is not finite: mini-batches that hold it give gradients that are not. */
    function trained(options: object, run: (trainer: Trainer, order: Uint32Array) => unknown) {
      const network = sequentialNetwork([dense(2)], { seed: 1 });
      const trainer = createTrainer({
        network,
        optimizer: (params) => new Adam(params, { learningRate: 0.1, ...options }),
        loss: "meanSquaredError",
      });
      const x = Float32Array.from(rnd(12, 1, 60));
      x[7 * 3] = Number.POSITIVE_INFINITY;
      trainer.setData({ x, y: Float32Array.from(rnd(12, 2, 40)) });
      const result = run(
        trainer,
        Uint32Array.from({ length: 20 }, (_, i) => i),
      );
      return { trainer, network, result };
    }
    const values = ({ network }: ReturnType<typeof trained>) => network.parameters.map(({ tensor: { data } }) => data.slice());

    test("many steps in one call skip like single steps: state, counts and rates of the others are unchanged", () => {
      const many = trained({ skipNonFinite: true }, (trainer, order) => trainer.runSteps(order, { batchSize: 4 }));
      const single = trained({ skipNonFinite: true }, (trainer, order) => {
        for (let begin = 0; begin < 20; begin += 4) trainer.runSteps(order, { batchSize: 4, begin, end: begin + 4 });
      });
      // Without the mini-batch that is skipped: rows 4 to 7.
      const without = trained({}, (trainer, order) => {
        trainer.runSteps(order, { batchSize: 4, end: 4 });
        trainer.runSteps(order, { batchSize: 4, begin: 8 });
      });
      expect(many.result).toMatchObject({ updates: 5, skipped: 1, position: 20, aborted: false });
      expect(values(many)).toEqual(values(single));
      expect(values(many)).toEqual(values(without));
      const optimizer = many.trainer.optimizer as Adam;
      expect([optimizer.steps, optimizer.skippedSteps]).toEqual([4, 1]);
      expect(optimizer.stateDict().params).toEqual((without.trainer.optimizer as Adam).stateDict().params);
    });

    test("a skipped update uses up its own given rate", () => {
      const rates = Float64Array.of(0.1, 0.2, 0.3, 0.4, 0.5);
      const many = trained({ skipNonFinite: true }, (trainer, order) =>
        trainer.runSteps(order, { batchSize: 4, learningRates: rates }),
      );
      const without = trained({}, (trainer, order) => {
        trainer.runSteps(order, { batchSize: 4, end: 4, learningRates: rates });
        trainer.runSteps(order, { batchSize: 4, begin: 8, learningRates: rates.slice(2) });
      });
      expect(values(many)).toEqual(values(without));
    });

    test("asynchronous runs skip too, and the monitor tells the last step's norm", async () => {
      const waiting = trained({ skipNonFinite: true, monitor: true }, () => null);
      const order = Uint32Array.from({ length: 20 }, (_, i) => i);
      const result = await waiting.trainer.runStepsAsync(order, { batchSize: 4 });
      const many = trained({ skipNonFinite: true, monitor: true }, (trainer) => trainer.runSteps(order, { batchSize: 4 }));
      expect(result).toMatchObject({ updates: 5, skipped: 1 });
      expect(values(waiting)).toEqual(values(many));
      const norm = (many.trainer.optimizer as Adam).groups[0]!.gradientNorm;
      expect(norm).toBeGreaterThan(0);
      expect((waiting.trainer.optimizer as Adam).groups[0]!.gradientNorm).toBe(norm);
    });

    test("clipping in the optimizer has the bits of the trainer's own clipping", () => {
      const run = (options: object, clip: object) => {
        const network = sequentialNetwork([dense(4), dense(2)], { seed: 1 });
        const optimizer = (params: Tensor[]) => new Adam(params, { learningRate: 0.1, ...options });
        const trainer = createTrainer({ network, optimizer, loss: "meanSquaredError", ...clip });
        trainer.setData({ x: Float32Array.from(rnd(13, 1, 60)), y: Float32Array.from(rnd(13, 2, 40)) });
        trainer.runSteps(
          Uint32Array.from({ length: 20 }, (_, i) => i),
          { batchSize: 4 },
        );
        return network.parameters.map(({ tensor: { data } }) => data.slice());
      };
      expect(run({ clipGlobalNorm: 0.2 }, {})).toEqual(run({}, { clip: { globalNorm: 0.2 } }));
      expect(run({ clipNorm: 0.1 }, {})).toEqual(run({}, { clip: { norm: 0.1 } }));
      expect(run({ clipValue: 0.05 }, {})).toEqual(run({}, { clip: { value: 0.05 } }));
    });

    test.each([
      ["the loss", (params: Tensor[]) => new RMSpropLossNormalized(params)],
      [
        "the gradient's norm",
        (params: Tensor[]) => new SGD([{ params, schedule: new GradientNormRatio() }], { skipNonFinite: true }),
      ],
    ])("a method that reads %s keeps one plan from update to update", (_, optimizer) => {
      const network = sequentialNetwork([dense(2)], { seed: 1 });
      const trainer = createTrainer({ network, optimizer, loss: "meanSquaredError" });
      trainer.setData({ x: Float32Array.from(rnd(12, 1, 60)), y: Float32Array.from(rnd(12, 2, 40)) });
      const order = Uint32Array.from({ length: 20 }, (_, i) => i);
      const made = vi.spyOn(currentBackend(), "createStepPlan");
      try {
        trainer.runSteps(order, { batchSize: 2 });
        const plans = made.mock.results.map(({ value }) => vi.spyOn(value as { bind(): void }, "bind"));
        expect(plans.length).toBe(1);
        trainer.runSteps(order, { batchSize: 2 });
        expect(made.mock.results.length).toBe(1);
        expect(plans[0]!.mock.calls.length).toBe(0);
      } finally {
        made.mockRestore();
        trainer.dispose();
      }
      expect((trainer.optimizer as SGD).steps).toBe(20);
    });
  });
}
