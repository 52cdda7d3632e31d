// Golden files by NumPy 2 (test/golden/files/make.py).
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { NumericArray } from "../../src/core/types.ts";
import { encodeNpy, parseNpy } from "../../src/data/npy.ts";

const golden = (name: string) => readFileSync(new URL(`../golden/files/${name}`, import.meta.url));

describe("parseNpy", () => {
  test("reads what NumPy wrote", () => {
    expect(parseNpy(golden("f4.npy"))).toEqual({ shape: [2, 3], data: new Float32Array([0, 1, 2, 3, 4, 5]) });
    expect(parseNpy(golden("i4_big.npy"))).toEqual({ shape: [3], data: new Int32Array([1, -2, 3]) });
    expect(parseNpy(golden("bool.npy"))).toEqual({ shape: [3], data: new Uint8Array([1, 0, 1]) });
    expect(parseNpy(golden("scalar.npy"))).toEqual({ shape: [], data: new Float64Array([2.5]) });
    expect(parseNpy(golden("i8.npy"))).toEqual({ shape: [2, 1], data: new BigInt64Array([2n ** 53n + 1n, -5n]) });
  });
  test("turns Fortran order into row-major order", () => {
    const { shape, data } = parseNpy(golden("f8_fortran.npy"));
    expect(shape).toEqual([2, 3, 4]);
    expect([...(data as Float64Array)]).toEqual(Array.from({ length: 24 }, (_, i) => i));
  });
  test.each([
    ["nothing", new Uint8Array(0)],
    ["another format", Buffer.from("PK\x03\x04 something else entirely")],
    ["a missing byte", golden("f4.npy").subarray(0, -1)],
    ["a byte too many", Buffer.concat([golden("f4.npy"), Buffer.alloc(1)])],
    ["an object array", Buffer.from(golden("f4.npy").toString("latin1").replace("'<f4'", "'|O4'"), "latin1")],
    ["a header longer than the file", Buffer.from(golden("f4.npy")).fill(255, 8, 10)],
    [
      "dimensions beyond 2^53",
      Buffer.from(golden("f4.npy").toString("latin1").replace("(2, 3), }        ", "(99999999999999999, 3), }"), "latin1"),
    ],
  ])("refuses %s with ERR_FORMAT", (_, bytes) => {
    expect(() => parseNpy(bytes)).toThrow(expect.objectContaining({ code: "ERR_FORMAT" }));
  });
});

describe("encodeNpy", () => {
  test("gives the bytes that NumPy gives", () => {
    expect(Buffer.from(encodeNpy(new Float32Array([0, 1, 2, 3, 4, 5]), [2, 3]))).toEqual(golden("f4.npy"));
  });
  test.each<[NumericArray, number[]]>([
    [new Float64Array([1, Number.NaN]), [2]],
    [new Uint8Array([1, 2]), [1, 2, 1]],
    [new BigUint64Array([2n ** 64n - 1n]), []],
    [new Int16Array(0), [0, 3]],
  ])("round-trips %o", (data, shape) => {
    expect(parseNpy(encodeNpy(data, shape))).toEqual({ data, shape });
  });
  test("refuses a shape that does not fit with ERR_SHAPE", () => {
    expect(() => encodeNpy(new Float32Array(3), [2])).toThrow(expect.objectContaining({ code: "ERR_SHAPE" }));
  });
});
