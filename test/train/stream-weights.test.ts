// Sample weights of a stream's batches that are accumulated to one update.
import { expect, test } from "vitest";
import { uniform } from "../../src/core/random.ts";
import * as layers from "../../src/nn/layers.ts";
import { sequential } from "../../src/train/sequential.ts";

const batch = (k: number, sampleWeight?: Float32Array) => ({
  x: Float32Array.from({ length: 4 * 3 }, (_, i) => uniform(7, k, i) - 0.5),
  y: Float32Array.from({ length: 4 }, (_, i) => uniform(8, k, i)),
  ...(sampleWeight ? { sampleWeight } : {}),
});

async function weightsAfter(second: Float32Array | undefined, first = Float32Array.of(0.5, 2, 0, 3)): Promise<number[]> {
  const model = sequential([layers.dense({ units: 1, inputShape: [3] })], { seed: 1 });
  model.compile({ optimizer: "sgd", loss: "meanSquaredError" });
  await model.fit(() => [batch(1, first), batch(2, second)], { accumulate: 2 });
  return model.network.parameters.flatMap(({ tensor }) => [...tensor.data]);
}

test("a batch without weights counts with 1 beside one that has them", async () => {
  const ones = new Float32Array(4).fill(1);
  expect(await weightsAfter(undefined)).toEqual(await weightsAfter(ones));
  expect(await weightsAfter(undefined)).not.toEqual(await weightsAfter(undefined, ones));
});
