import { describe, expect, test } from "vitest";
import { reduceTerms, sum, sumSquares } from "../../src/backend/reference/reduce.ts";
import { normal } from "../../src/core/random.ts";

/** The contract's order written out with nothing shared: lanes, then the tree, then the blocks. */
function contractSum(values: readonly number[]): number {
  let total = 0;
  for (let start = 0; start < values.length; start += 4096) {
    const block = values.slice(start, start + 4096);
    let lanes = Array.from({ length: 32 }, (_, lane) => block.filter((_, i) => i % 32 === lane).reduce((s, v) => s + v, 0));
    while (lanes.length > 1) lanes = lanes.slice(0, lanes.length / 2).map((v, i) => v + lanes[i + lanes.length / 2]!);
    total += lanes[0]!;
  }
  return total;
}

const lengths = [0, 1, 31, 32, 33, 63, 64, 65, 1009, 4095, 4096, 4097, 8192, 12289];

describe.each(["float32", "float64"] as const)("%s reductions keep the contract's order", (dtype) => {
  test.each(lengths)("length %i", (length) => {
    const array = dtype === "float32" ? new Float32Array(length) : new Float64Array(length);
    for (let i = 0; i < length; i++) array[i] = normal(5, length, i) * (i % 7 === 0 ? 1e6 : 1);
    expect(sum(array)).toBe(contractSum([...array]));
    expect(sumSquares(array)).toBe(contractSum([...array].map((x) => x * x)));
    expect(reduceTerms(length, (i) => array[i]! * 3)).toBe(contractSum([...array].map((x) => x * 3)));
  });
});

test("float32 subnormals count as zero, float64 subnormals count", () => {
  expect(sum(Float32Array.of(1e-40, 1e-40))).toBe(0);
  expect(sum(Float64Array.of(5e-324, 5e-324))).toBe(1e-323);
});

test("not-a-number and infinities come through", () => {
  expect(sum(Float32Array.of(1, NaN, 2))).toBeNaN();
  expect(sumSquares(Float64Array.of(1, -Infinity))).toBe(Infinity);
  expect(sum(Float64Array.of(Infinity, -Infinity))).toBeNaN();
});
