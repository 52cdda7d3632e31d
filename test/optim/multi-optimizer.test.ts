import { expect, test } from "vitest";
import { Adam, MultiOptimizer, SGD, tensor } from "../../src/index.ts";

const make = () =>
  [tensor(Float32Array.of(1, 2, 3, 4), [2, 2]), Float32Array.of(5, 6), tensor(Float32Array.of(7, 8), [2, 1])] as const;
const gradients = [Float32Array.of(0.1, -0.2, 0.3, 0.4), Float32Array.of(-1, 1), Float32Array.of(0.5, 0.25)];

test("groups by list and by predicate give what the single optimizers give", () => {
  const [a1, b1, c1] = make();
  new Adam([a1, c1], { learningRate: 0.1 }).step([gradients[0]!, gradients[2]!]);
  new SGD([b1], { learningRate: 0.5 }).step([gradients[1]!]);

  const [a2, b2, c2] = make();
  const byList = new MultiOptimizer([
    { params: [a2, c2], optimizer: "Adam", learningRate: 0.1 },
    { params: [b2], optimizer: "SGD", learningRate: 0.5 },
  ]);
  byList.step([gradients[0]!, gradients[2]!, gradients[1]!]);
  expect([a2.data, b2, c2.data]).toEqual([a1.data, b1, c1.data]);

  const [a3, b3, c3] = make();
  const byRule = new MultiOptimizer(
    [a3, b3, c3],
    [
      { where: ({ shape }) => shape.length === 2, optimizer: "Adam", learningRate: 0.1 },
      { where: ({ name }) => name === "bias", optimizer: "SGD", learningRate: 0.5 },
    ],
    ["kernel", "bias", "kernel2"],
  );
  byRule.step(gradients);
  expect([a3.data, b3, c3.data]).toEqual([a1.data, b1, c1.data]);
  expect(byRule.groups.map(({ optimizer, params }) => [optimizer, params])).toEqual([
    ["Adam", [0, 1]],
    ["SGD", [2]],
  ]);
});

test("unknown optimizers, options of another optimizer and parameters without a rule are refused", () => {
  const [, bias] = make();
  const code = (make: () => unknown): string => {
    try {
      make();
    } catch (error) {
      return (error as { code: string }).code;
    }
    return "none";
  };
  expect(code(() => new MultiOptimizer([{ params: [bias], optimizer: "Adem" }]))).toBe("ERR_OPTION");
  expect(code(() => new MultiOptimizer([{ params: [bias], optimizer: "SGD", beta1: 0.5 }]))).toBe("ERR_OPTION");
  expect(code(() => new MultiOptimizer([bias], [{ where: () => false, optimizer: "SGD" }]))).toBe("ERR_OPTION");
  expect(code(() => new MultiOptimizer([bias, bias], [{ optimizer: "SGD" }]))).toBe("ERR_DUPLICATE");
});
