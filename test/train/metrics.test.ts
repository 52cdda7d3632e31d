// Expected values worked out by hand, or by the formulas of scikit-learn's documentation on the same small cases.
import { describe, expect, test } from "vitest";
import { ConfusionMatrix } from "../../src/train/confusion.ts";
import {
  accuracy,
  argmax,
  auc,
  f1,
  meanAbsoluteError,
  meanSquaredError,
  precision,
  predictedClasses,
  r2,
  recall,
  topKAccuracy,
} from "../../src/train/metrics.ts";

const code = (code: string) => expect.objectContaining({ code });
// Targets 0 0 1 1 2 2; predictions 0 1 1 1 2 0.
const three = {
  outputs: [0.8, 0.1, 0.1, 0.2, 0.7, 0.1, 0.1, 0.8, 0.1, 0.3, 0.4, 0.3, 0, 0.1, 0.9, 0.6, 0.3, 0.1],
  targets: [0, 0, 1, 1, 2, 2],
  width: 3,
};

describe("classification", () => {
  test("accuracy from class indices and from one-hot rows", () => {
    expect(accuracy(three)).toBe(4 / 6);
    const oneHot = three.targets.flatMap((k) => [0, 1, 2].map((j) => Number(j === k)));
    expect(accuracy({ ...three, targets: oneHot })).toBe(4 / 6);
  });
  test("one output counts as the probability of class 1, from a half on", () => {
    expect([...predictedClasses([0.49, 0.5, 1], 1)]).toEqual([0, 1, 1]);
    expect(accuracy({ outputs: [0.2, 0.5, 0.7, 0.1], targets: [0, 1, 0, 1], width: 1 })).toBe(0.5);
  });
  test("precision, recall and F1 are macro means over the classes", () => {
    expect(precision(three)).toBeCloseTo((1 / 2 + 2 / 3 + 1) / 3, 15);
    expect(recall(three)).toBeCloseTo((1 / 2 + 1 + 1 / 2) / 3, 15);
    expect(f1(three)).toBeCloseTo((1 / 2 + 4 / 5 + 2 / 3) / 3, 15);
  });
  test("for two classes they speak of class 1, and what divides by zero is 0", () => {
    const two = { outputs: [0.9, 0.9, 0.9, 0.1, 0.1], targets: [1, 1, 0, 1, 0], width: 1 };
    expect([precision(two), recall(two), f1(two)]).toEqual([2 / 3, 2 / 3, 2 / 3]);
    const none = { outputs: [0, 0], targets: [1, 1], width: 1 };
    expect([precision(none), recall(none), f1(none)]).toEqual([0, 0, 0]);
  });
  test("top-k accuracy counts ties for the lower index and NaN as a miss", () => {
    expect(topKAccuracy(2)(three)).toBe(5 / 6);
    expect(topKAccuracy(1)({ outputs: [1, 1], targets: [1], width: 2 })).toBe(0);
    expect(topKAccuracy(1)({ outputs: [Number.NaN, 1], targets: [0], width: 2 })).toBe(0);
  });
  test("argmax takes the first of equals and never a NaN", () => {
    expect(argmax([1, 3, 3], 0, 3)).toBe(1);
    expect(argmax([Number.NaN, 1, Number.NaN, 2], 0, 4)).toBe(3);
  });
  test("AUC is the share of pairs in right order, ties counting half", () => {
    expect(auc({ outputs: [0.1, 0.4, 0.35, 0.8], targets: [0, 0, 1, 1], width: 1 })).toBe(0.75);
    expect(auc({ outputs: [0.5, 0.5, 0.5], targets: [0, 1, 1], width: 1 })).toBe(0.5);
    expect(auc({ outputs: [2, 1, 1, 2, 0, 3], targets: [0, 1, 1], width: 2 })).toBe(1);
    expect(auc({ outputs: [0.5, 0.5], targets: [1, 1], width: 1 })).toBeNaN();
    expect(() => auc(three)).toThrow(code("ERR_SHAPE"));
  });
});

describe("regression", () => {
  const input = { outputs: [2.5, 0, 2, 8], targets: [3, -0.5, 2, 7], width: 1 };
  test("mean squared and absolute error", () => {
    expect(meanSquaredError(input)).toBe(0.375);
    expect(meanAbsoluteError(input)).toBe(0.5);
  });
  test("R² per column, averaged; NaN for constant targets", () => {
    expect(r2(input)).toBeCloseTo(0.9486081370449679, 15);
    expect(r2({ outputs: [1, 10, 2, 20], targets: [1, 10, 3, 30], width: 2 })).toBeCloseTo(0.5, 15);
    expect(r2({ outputs: [1, 2], targets: [1, 1], width: 1 })).toBeNaN();
  });
});

test("lengths that do not fit are refused", () => {
  expect(() => accuracy({ ...three, targets: [0] })).toThrow(code("ERR_LENGTH"));
  expect(() => accuracy({ ...three, width: 4 })).toThrow(code("ERR_LENGTH"));
  expect(() => meanSquaredError(three)).toThrow(code("ERR_LENGTH"));
  expect(() => accuracy({ ...three, targets: [0, 0, 1, 1, 2, 3] })).toThrow(code("ERR_RANGE"));
});

describe("ConfusionMatrix", () => {
  const matrix = ConfusionMatrix.from([0, 0, 1, 2], [0, 1, 1, 0], 3);
  test("counts targets in rows and predictions in columns", () => {
    expect(matrix.toJSON()).toEqual([
      [1, 1, 0],
      [0, 1, 0],
      [1, 0, 0],
    ]);
    expect(matrix.accuracy()).toBe(0.5);
  });
  test("prints a table with names and recall", () => {
    expect(matrix.toString(["cat", "dog", "emu"])).toBe(
      [
        "target │  cat  dog  emu  recall",
        "───────┼───────────────────────",
        "   cat │    1    1    ·   50.0%",
        "   dog │    ·    1    ·  100.0%",
        "   emu │    1    ·    ·    0.0%",
      ].join("\n"),
    );
  });
  test("refuses classes outside", () => {
    expect(() => matrix.add(3, 0)).toThrow(code("ERR_RANGE"));
    expect(() => matrix.add(0, 0.5)).toThrow(code("ERR_RANGE"));
  });
});
