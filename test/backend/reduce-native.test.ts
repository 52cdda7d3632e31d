import { afterEach, describe, expect, test } from "vitest";
import { loadAddon } from "../../src/backend/native/load.ts";
import { sum, sumSquares } from "../../src/backend/reference/reduce.ts";
import { normal } from "../../src/core/random.ts";

const { addon, tried } = loadAddon();
if (addon === null) console.log(`skipped: no addon (${tried.map((t) => t.error).join("; ")})`);
const isas = addon?.isas() ?? [];

function filled(dtype: string, length: number, offset: number): Float32Array | Float64Array {
  const size = dtype === "float32" ? 4 : 8;
  const buffer = new ArrayBuffer((length + offset) * size);
  const array =
    dtype === "float32" ? new Float32Array(buffer, offset * size, length) : new Float64Array(buffer, offset * size, length);
  for (let i = 0; i < length; i++) array[i] = normal(17, length, i) * (i % 5 === 0 ? 1e5 : 1);
  return array;
}

describe.skipIf(addon === null)("native reductions give the reference's bits", () => {
  const best = addon?.isa() ?? "";
  const threads = addon?.threads() ?? 1;
  afterEach(() => {
    addon!.setIsa(best);
    addon!.setThreads(threads);
  });
  describe.each(isas)("%s", (isa) => {
    test.each(["float32", "float64"])("%s, every length to 130, blocks and offsets", (dtype) => {
      addon!.setIsa(isa);
      const lengths = [...Array.from({ length: 131 }, (_, i) => i), 4095, 4096, 4097, 12289, 70001];
      for (const length of lengths) {
        for (const offset of length < 131 ? [0, 1, 3] : [1]) {
          const array = filled(dtype, length, offset);
          expect(addon!.sum(array), `${length}`).toBe(sum(array));
          expect(addon!.sumSquares(array), `${length}`).toBe(sumSquares(array));
        }
      }
    });
    test("special values", () => {
      addon!.setIsa(isa);
      for (const special of [NaN, Infinity, -Infinity, -0, 1e-40, 3e38, 5e-324]) {
        for (const at of [0, 31, 40, 66]) {
          for (const dtype of ["float32", "float64"]) {
            const array = filled(dtype, 67, 0);
            array[at] = special;
            expect(addon!.sum(array)).toBe(sum(array));
            expect(addon!.sumSquares(array)).toBe(sumSquares(array));
            array.fill(special);
            expect(addon!.sum(array)).toBe(sum(array));
          }
        }
      }
    });
  });
  test("any number of threads", () => {
    const array = filled("float32", 1_000_003, 0);
    for (const count of [1, 2, 5]) {
      addon!.setThreads(count);
      expect(addon!.sum(array)).toBe(sum(array));
      expect(addon!.sumSquares(array)).toBe(sumSquares(array));
    }
  });
  test("what is not a float array is refused", () => {
    for (const wrong of [new Int32Array(3), [1], null, new DataView(new ArrayBuffer(8))]) {
      expect(() => addon!.sum(wrong as unknown as Float32Array)).toThrow(TypeError);
    }
  });
});
