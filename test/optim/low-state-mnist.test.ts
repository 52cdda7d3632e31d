// The network of the demo on the complete MNIST: Adam with moments in fewer bits loses at most .2 % accuracy.
import { expect, test } from "vitest";
import { layers, loadMnist, sequential } from "../../src/index.ts";

const EPOCHS = 6;

/** Accuracy on the 10,000 test images. The bits, so the figure too, are the same on every machine. */
async function accuracyWith(stateType: "full" | "bf16" | "int8"): Promise<number> {
  const { train, test: held } = await loadMnist();
  const model = sequential(
    [
      layers.dense({ units: 64, activation: "relu", kernelInitializer: "heNormal" }),
      layers.dense({ units: 32, activation: "relu", kernelInitializer: "heNormal" }),
      layers.dense({ units: 10, activation: "softmax" }),
    ],
    { inputShape: [784], seed: 0 },
  ).compile({
    optimizer: { name: "adam", learningRate: 1e-3, epsilon: 1e-7, stateType },
    loss: "sparseCategoricalCrossentropy",
    metrics: ["accuracy"],
  });
  await model.fit(train.x, train.y, { epochs: EPOCHS, batchSize: 128, verbose: 0 });
  return ((await model.evaluate(held.x, held.y)) as { accuracy: number }).accuracy;
}

test("bfloat16 and 8-bit moments lose at most .2 % accuracy on MNIST", async () => {
  const full = await accuracyWith("full");
  expect(full).toBeGreaterThan(0.965);
  expect(await accuracyWith("bf16")).toBeGreaterThanOrEqual(full - 0.002);
  expect(await accuracyWith("int8")).toBeGreaterThanOrEqual(full - 0.002);
});
