// What a user may do to an optimizer whose trainer has an asynchronous run: the run's memory stays, and its bits.
import { afterEach, describe, expect, it } from "vitest";
import { setBackend } from "../../src/backend/select.ts";
import { uniform } from "../../src/core/random.ts";
import * as layers from "../../src/nn/layers.ts";
import { sequentialNetwork } from "../../src/nn/network.ts";
import { SGD } from "../../src/optim/sgd.ts";
import { createTrainer } from "../../src/train/engine.ts";

const ROWS = 32;
const FEATURES = 40;
/** The updates of one native call at most: the run then needs no plan again. */
const UPDATES = 500;

function made() {
  const network = sequentialNetwork(
    [layers.dense({ units: 300, activation: "relu" }), layers.dense({ units: 4, activation: "softmax" })],
    { seed: 2, inputShape: [FEATURES] },
  );
  let optimizer: SGD | undefined;
  const trainer = createTrainer({
    network,
    loss: "sparseCategoricalCrossentropy",
    optimizer: (params) => {
      optimizer = new SGD(params, { learningRate: 0.01, momentum: 0.9 });
      return optimizer;
    },
  });
  const x = Float32Array.from({ length: ROWS * FEATURES }, (_, i) => uniform(8, 1, i) - 0.5);
  trainer.setData({ x, y: Int32Array.from({ length: ROWS }, (_, r) => r % 4) });
  return { trainer, optimizer: optimizer as unknown as SGD };
}

const order = Uint32Array.from({ length: 4 * UPDATES }, (_, i) => i % ROWS);

afterEach(() => setBackend("auto"));

describe("an optimizer during an asynchronous run of its trainer", () => {
  it("refuses a step with gradients of its own, and nothing has changed", async () => {
    setBackend("native");
    const { trainer, optimizer } = made();
    const pending = trainer.runStepsAsync(order, { batchSize: 4 });
    const gradients = trainer.parameters.map(({ tensor }) => new Float32Array(tensor.data.length));
    expect(() => optimizer.step(gradients)).toThrow(expect.objectContaining({ code: "ERR_BUSY" }));
    await pending;
    expect(optimizer.steps).toBe(UPDATES);
    const plain = made();
    plain.trainer.runSteps(order, { batchSize: 4 });
    expect(trainer.parametersSha256()).toBe(plain.trainer.parametersSha256());
    optimizer.step(gradients);
    expect(optimizer.steps).toBe(UPDATES + 1);
  });

  it.each(["native", "reference"] as const)("refuses another state, and nothing has changed (%s)", async (backend) => {
    setBackend(backend);
    const { trainer, optimizer } = made();
    const state = optimizer.stateDict();
    const pending = trainer.runStepsAsync(order.subarray(0, 80), { batchSize: 4 });
    expect(() => optimizer.loadStateDict(state)).toThrow(expect.objectContaining({ code: "ERR_BUSY" }));
    await pending;
    const plain = made();
    plain.trainer.runSteps(order.subarray(0, 80), { batchSize: 4 });
    expect(trainer.parametersSha256()).toBe(plain.trainer.parametersSha256());
    optimizer.loadStateDict(state);
    expect(optimizer.steps).toBe(0);
  });

  it("counts the run's updates where the optimizer was changed meanwhile", async () => {
    setBackend("native");
    const { trainer, optimizer } = made();
    const pending = trainer.runStepsAsync(order.subarray(0, 80), { batchSize: 4 });
    (optimizer.groups[0] ?? { frozen: false }).frozen = true;
    await pending;
    expect(optimizer.steps).toBe(20);
    expect(optimizer.stateDict().params.map(({ step }) => step)).toEqual([20, 20, 20, 20]);
  });

  it("keeps the state that the run writes until it ends, when it is disposed or its state dropped", async () => {
    setBackend("native");
    const plain = made();
    plain.trainer.runSteps(order, { batchSize: 4 });
    for (const change of [(o: SGD) => o.dispose(), (o: SGD) => ((o.groups[0] ?? { momentum: 0 }).momentum = 0)]) {
      const { trainer, optimizer } = made();
      const pending = trainer.runStepsAsync(order, { batchSize: 4 });
      change(optimizer);
      await pending;
      expect(trainer.parametersSha256()).toBe(plain.trainer.parametersSha256());
      trainer.runSteps(order, { batchSize: 4, end: 8 });
    }
  });
});
