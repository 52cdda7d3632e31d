// Optimizers whose groups have the parameters in another order than the network: each parameter gets its own gradient.
import { afterEach, describe, expect, it } from "vitest";
import { setBackend } from "../../src/backend/select.ts";
import { uniform } from "../../src/core/random.ts";
import type { Tensor } from "../../src/core/types.ts";
import * as layers from "../../src/nn/layers.ts";
import { sequentialNetwork } from "../../src/nn/network.ts";
import { Adam, Lookahead, MultiOptimizer, RMSpropLossNormalized, SGD } from "../../src/optim/index.ts";
import { createTrainer } from "../../src/train/engine.ts";
import type { TrainerOptimizer } from "../../src/train/trainer.ts";

const ROWS = 24;
const UNITS = 6;

/** Square layers of equal sizes: a gradient in the wrong place would fit. */
function trainerWith(optimizer: (params: Tensor[], names: readonly string[]) => TrainerOptimizer) {
  const dense = (activation: "relu" | "softmax") => layers.dense({ units: UNITS, activation });
  const network = sequentialNetwork([dense("relu"), dense("relu"), dense("softmax")], { seed: 5, inputShape: [UNITS] });
  const trainer = createTrainer({ network, loss: "sparseCategoricalCrossentropy", optimizer });
  const x = Float32Array.from({ length: ROWS * UNITS }, (_, i) => uniform(6, 1, i) - 0.5);
  trainer.setData({ x, y: Int32Array.from({ length: ROWS }, (_, r) => Math.floor(uniform(6, 2, r) * UNITS)) });
  return trainer;
}

function outcome(optimizer: (params: Tensor[], names: readonly string[]) => TrainerOptimizer): string {
  const trainer = trainerWith(optimizer);
  const order = Uint32Array.from({ length: ROWS }, (_, i) => (i * 7) % ROWS);
  trainer.runSteps(order, { batchSize: 4 });
  const hash = trainer.parametersSha256();
  trainer.dispose();
  return hash;
}

const isKernel = ({ shape }: Tensor) => shape.length === 2;
const kernelsLast = (params: Tensor[]) => [
  { params: params.filter((p) => !isKernel(p)) },
  { params: params.filter(isKernel).reverse() },
];

afterEach(() => setBackend("auto"));

for (const backend of ["native", "reference"] as const) {
  describe(`a trainer on ${backend}`, () => {
    it("takes groups in another order than the network's", () => {
      setBackend(backend, { exact: true });
      expect(outcome((params) => new Adam(kernelsLast(params)))).toBe(outcome((params) => new Adam(params)));
    });

    it("takes such groups inside of Lookahead", () => {
      setBackend(backend, { exact: true });
      const around = (make: (params: Tensor[]) => Adam) => (params: Tensor[]) => new Lookahead(make(params), { period: 2 });
      expect(outcome(around((params) => new Adam(kernelsLast(params))))).toBe(outcome(around((params) => new Adam(params))));
    });

    it("takes such groups where the optimizer makes its steps itself", () => {
      setBackend(backend, { exact: true });
      const grouped = outcome((params) => new RMSpropLossNormalized(kernelsLast(params)));
      expect(grouped).toBe(outcome((params) => new RMSpropLossNormalized(params)));
    });

    it("takes rules that reorder the parameters", () => {
      setBackend(backend, { exact: true });
      for (const [optimizer, Class] of [
        ["Adam", Adam],
        ["RMSpropLossNormalized", RMSpropLossNormalized],
      ] as const) {
        const rules = [{ where: ({ shape }: { shape: readonly number[] }) => shape.length === 1, optimizer }, { optimizer }];
        expect(outcome((params) => new MultiOptimizer(params, rules))).toBe(outcome((params) => new Class(params)));
      }
    });

    it("leaves parameters that the optimizer does not have", () => {
      setBackend(backend, { exact: true });
      const some = outcome((params) => new SGD(params.slice(2, 4)));
      expect(some).toBe(
        outcome((p) => new SGD([{ params: [...p.slice(0, 2), ...p.slice(4)], frozen: true }, { params: p.slice(2, 4) }])),
      );
      expect(some).not.toBe(outcome((params) => new SGD(params)));
    });

    it("takes a group that is added later, and refuses parameters of others", () => {
      setBackend(backend, { exact: true });
      const added = outcome((params) => {
        const optimizer = new Adam(params.slice(3));
        optimizer.addGroup({ params: params.slice(0, 3) });
        return optimizer;
      });
      expect(added).toBe(outcome((params) => new Adam(params)));
      let late: Adam | undefined;
      const trainer = trainerWith((params) => {
        late = new Adam(params.slice(1));
        return late;
      });
      const order = Uint32Array.from({ length: ROWS }, (_, i) => i);
      trainer.runSteps(order, { batchSize: 4, end: 4 });
      const before = trainer.parameters[0].tensor.data.slice();
      late?.addGroup({ params: [trainer.parameters[0].tensor] });
      trainer.runSteps(order, { batchSize: 4, end: 4 });
      expect(trainer.parameters[0].tensor.data).not.toEqual(before);
      expect(() => trainerWith(() => new Adam([new Float32Array(4)]))).toThrow(expect.objectContaining({ code: "ERR_OPTION" }));
    });
  });
}
