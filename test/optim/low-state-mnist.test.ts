// The network of the demo on the complete MNIST: moments in fewer bits lose at most .2 % accuracy.
import { expect, test } from "vitest";
import { layers, loadMnist, sequential } from "../../src/index.ts";

/** Accuracy on the 10,000 test images. The bits, so the figure too, are the same on every machine. */
async function accuracyWith(
  stateType: "full" | "bf16" | "int8",
  optimizer: { readonly name: string },
  epochs: number,
): Promise<number> {
  const { train, test: held } = await loadMnist();
  const model = sequential(
    [
      layers.dense({ units: 64, activation: "relu", kernelInitializer: "heNormal" }),
      layers.dense({ units: 32, activation: "relu", kernelInitializer: "heNormal" }),
      layers.dense({ units: 10, activation: "softmax" }),
    ],
    { inputShape: [784], seed: 0 },
  ).compile({
    optimizer: { ...optimizer, stateType },
    loss: "sparseCategoricalCrossentropy",
    metrics: ["accuracy"],
  });
  await model.fit(train.x, train.y, { epochs, batchSize: 128, verbose: 0 });
  return ((await model.evaluate(held.x, held.y)) as { accuracy: number }).accuracy;
}

test.each([
  [{ name: "adam", learningRate: 1e-3, epsilon: 1e-7 }, 6, 0.965],
  [{ name: "lion", learningRate: 2e-4 }, 3, 0.94],
  [{ name: "sgd", learningRate: 0.05, momentum: 0.9 }, 3, 0.94],
])("bfloat16 and 8-bit moments of $0.name lose at most .2 % accuracy on MNIST", async (optimizer, epochs, least) => {
  const full = await accuracyWith("full", optimizer, epochs);
  expect(full).toBeGreaterThan(least);
  expect(await accuracyWith("bf16", optimizer, epochs)).toBeGreaterThanOrEqual(full - 0.002);
  expect(await accuracyWith("int8", optimizer, epochs)).toBeGreaterThanOrEqual(full - 0.002);
});
