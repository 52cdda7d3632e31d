import { describe, expect, test } from "vitest";
import { tensor } from "../../src/core/tensor.ts";
import { applyScaling, oneHot, standardise, takeRows, trainTestSplit } from "../../src/data/prepare.ts";

const code = (code: string) => expect.objectContaining({ code });

describe("oneHot", () => {
  test("gives one row per label", () => {
    expect(oneHot([2, 0])).toEqual({ data: new Float32Array([0, 0, 1, 1, 0, 0]), shape: [2, 3] });
    expect(oneHot(new Uint8Array([1]), 4)).toEqual({ data: new Float32Array([0, 1, 0, 0]), shape: [1, 4] });
    expect(oneHot([])).toEqual({ data: new Float32Array(0), shape: [0, 0] });
  });
  test("refuses labels that are no class", () => {
    expect(() => oneHot([3], 3)).toThrow(code("ERR_RANGE"));
    expect(() => oneHot([-1])).toThrow(code("ERR_RANGE"));
    expect(() => oneHot([0.5])).toThrow(code("ERR_RANGE"));
    expect(() => oneHot(["1"] as unknown as number[])).toThrow(code("ERR_DTYPE"));
    expect(() => oneHot(null as unknown as number[])).toThrow(code("ERR_DTYPE"));
  });
});

describe("standardise", () => {
  test("gives columns of mean 0 and deviation 1; constant columns become 0", () => {
    const { x, scaling } = standardise(tensor(new Float64Array([1, 5, 3, 5, 5, 5]), [3, 2]));
    expect(scaling.mean).toEqual([3, 5]);
    expect(scaling.deviation[0]).toBeCloseTo(Math.sqrt(8 / 3), 15);
    expect(scaling.deviation[1]).toBe(1);
    expect([...x.data].map((value) => value + 0)).toEqual([-2 / Math.sqrt(8 / 3), 0, 0, 0, 2 / Math.sqrt(8 / 3), 0]);
  });
  test("applies the training data's scaling to new rows and checks the columns", () => {
    const { scaling } = standardise(tensor(new Float32Array([0, 2]), [2, 1]));
    expect(applyScaling(tensor(new Float32Array([3]), [1, 1]), scaling).data).toEqual(new Float32Array([2]));
    expect(() => applyScaling(tensor(new Float32Array(2), [1, 2]), scaling)).toThrow(code("ERR_SHAPE"));
    expect(() => standardise(tensor(new Float32Array(0), [0, 2]))).toThrow(code("ERR_SHAPE"));
    expect(() => standardise(tensor(new Float32Array(2), [2]))).toThrow(code("ERR_SHAPE"));
  });
});

describe("trainTestSplit", () => {
  const x = tensor(
    Float32Array.from({ length: 20 }, (_, i) => i),
    [10, 2],
  );
  const y = tensor(
    Float32Array.from({ length: 10 }, (_, i) => i),
    [10],
  );

  test("keeps every row once, x beside its y", () => {
    const { train, test: rest } = trainTestSplit(x, y, { testFraction: 0.25, seed: 3 });
    expect([train.x.shape, train.y.shape, rest.x.shape, rest.y.shape]).toEqual([[8, 2], [8], [2, 2], [2]]);
    const all = [...train.y.data, ...rest.y.data];
    expect([...all].sort((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    for (const part of [train, rest])
      expect([...part.y.data].map((_, i) => part.x.data[2 * i])).toEqual([...part.y.data].map((row) => 2 * row));
    expect([...train.indices]).toEqual([...train.y.data]);
  });
  test("shuffles by seed alone", () => {
    const order = (seed: number) => [...trainTestSplit(x, y, { seed }).train.indices];
    expect(order(1)).toEqual(order(1));
    expect(order(1)).not.toEqual(order(2));
  });
  test("refuses bad fractions and rows that do not match", () => {
    for (const testFraction of [0, 1, -0.1, Number.NaN])
      expect(() => trainTestSplit(x, y, { testFraction })).toThrow(code("ERR_OPTION"));
    expect(() => trainTestSplit(x, tensor(new Float32Array(9), [9]))).toThrow(code("ERR_SHAPE"));
  });
  test("takeRows refuses rows outside", () => {
    expect(() => takeRows(x, [10])).toThrow(code("ERR_RANGE"));
    expect(() => takeRows(x, [Number.NaN])).toThrow(code("ERR_RANGE"));
  });
});
