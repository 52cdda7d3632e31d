// Arrays that come back are remembered, and native code is given their addresses: that must accept, refuse and compute the same.

import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { afterAll, describe, expect, test } from "vitest";
import { rememberedPlace } from "../../src/core/places.ts";
import type { FloatArray } from "../../src/core/types.ts";
import { type GemmBatchedOptions, type GemmOptions, gemm, gemmBatched, packB, prepareGemm, setBackend } from "../../src/index.ts";
import { filled, firstDifference, generator } from "./cases.ts";

afterAll(() => setBackend("auto"));

/** Enough calls that every array is remembered: one in 256 is, each time. */
const OFTEN = 8000;

const code = (value: string) => expect.objectContaining({ code: value });

type Resizable = ArrayBuffer & { resize(bytes: number): void };
const resizable = (bytes: number, most: number): Resizable =>
  new (ArrayBuffer as unknown as new (bytes: number, o: object) => Resizable)(bytes, { maxByteLength: most });

const ones = (length: number): Float32Array => new Float32Array(length).fill(1);
const remembered = (options: GemmOptions): GemmOptions => {
  for (let i = 0; i < OFTEN; i++) gemm(options);
  return options;
};

/** What a call, of a batch where it has items, comes to: its bits, or its error. */
function outcome(options: GemmOptions): string | FloatArray {
  try {
    return ("batch" in options ? gemmBatched(options as GemmBatchedOptions) : gemm(options)).slice();
  } catch (error) {
    return `${(error as { code: string }).code} ${(error as Error).message}`;
  }
}

for (const backend of ["native", "reference"] as const) {
  describe(backend, () => {
    test("arrays that come back are remembered, with their addresses where native code asked for them", () => {
      setBackend(backend);
      const options = remembered({ m: 2, n: 3, k: 4, a: ones(8), b: ones(12), c: ones(6), bias: ones(3), residual: ones(6) });
      for (const array of [options.a, options.b, options.c, options.bias, options.residual]) {
        expect(rememberedPlace(array)?.length).toBe((array as FloatArray).length);
        expect(rememberedPlace(array)?.address !== 0).toBe(backend === "native");
      }
      expect(gemm(options)).toEqual(ones(6).fill(6));
      expect(rememberedPlace(ones(8))).toBeUndefined();
      for (const other of [undefined, null, 3, "a", {}, new Proxy(options.a, {})]) expect(rememberedPlace(other)).toBeUndefined();
    });

    for (const Kind of [Float32Array, Float64Array] as const) {
      test(`${Kind.name}: remembered or new, the same bits and the same errors`, () => {
        setBackend(backend);
        const next = generator(91);
        const pick = <T>(values: readonly T[]): T => values[Math.floor(next() * values.length)] as T;
        const memory = new Kind(600).map(() => next() - 0.5);
        const dtype = Kind === Float32Array ? "float32" : "float64";
        const arrays: readonly FloatArray[] = [
          ...[5, 16, 40, 90, 200].map((length) => filled(dtype, length, () => next() - 0.5)),
          ...[0, 1, 30, 120, 121, 300].map((start) => memory.subarray(start, start + 100)),
          memory.subarray(0, 4),
          new Float64Array(7),
          new Float32Array(7),
        ];
        for (const x of arrays) {
          const other = new (x instanceof Float32Array ? Float32Array : Float64Array)(1);
          for (let i = 0; i < OFTEN; i++) gemm({ m: 1, n: 1, k: 1, a: x, b: other, c: other.slice(), beta: 0 });
          expect(rememberedPlace(x)).toBeDefined();
        }
        const maybe = <T>(value: T): T | undefined => (next() < 0.3 ? value : undefined);
        const size = () =>
          pick([1, 1, 2, 3, 4, 5, 7, 9, 0, -1, 1.5, 2 ** 31, 2 ** 32 + 1, Number.NaN, "3", 3n] as const) as number;
        const dimension = () => (next() < 0.02 ? size() : 1 + Math.floor(next() * 8));
        const step = () => maybe(next() < 0.05 ? pick([-1, 2.5, "4"]) : pick([0, 0, 1, 4, 9, 30, 40]));
        const items = () => ({
          batch: next() < 0.05 ? pick([0, -1, 1.5, 2 ** 31]) : pick([1, 2, 3]),
          strideA: step(),
          strideB: step(),
          strideC: step(),
          strideR: step(),
        });
        const counts = { done: 0, refused: 0, batches: 0 };
        for (let round = 0; round < 12_000; round++) {
          const all: Record<string, unknown> = {
            m: dimension(),
            n: dimension(),
            k: dimension(),
            a: pick(arrays),
            b: pick(arrays),
            c: pick(arrays),
            lda: maybe(dimension()),
            ldb: maybe(dimension()),
            ldc: maybe(dimension()),
            transA: maybe(pick([true, true, true, false, false, 1, null])),
            transB: maybe(pick([true, true, true, false, false, "yes", null])),
            alpha: maybe(pick([1, 0, 0.1, -2, Number.NaN, 0.25, 3, 7, 1e-40, "1", null])),
            beta: maybe(pick([0, 1, 0.3, -0, 2, 0.5, 1e-40, null])),
            bias: maybe(pick([...arrays.map((x) => x.subarray(0, 3)), arrays[0], arrays[11]])),
            residual: next() < 0.5 ? maybe(pick(arrays)) : undefined,
            ldr: maybe(dimension()),
            activation: maybe(pick(["relu", "none", "gelu", "silu", "relu", "tanhh", null])),
            ...(next() < 0.3 ? items() : {}),
          };
          const given = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
          const before = (given.c as FloatArray).slice();
          const short = outcome(given as unknown as GemmOptions);
          const after = (given.c as FloatArray).slice();
          (given.c as FloatArray).set(before as Float32Array);
          // Other views on the same memory are not remembered.
          const fresh = Object.fromEntries(
            Object.entries(given).map(([name, value]) => [
              name,
              ArrayBuffer.isView(value) ? (value as FloatArray).subarray() : value,
            ]),
          );
          const long = outcome(fresh as unknown as GemmOptions);
          if (typeof long === "string") counts.refused++;
          else counts.done++;
          if (typeof long !== "string" && (given.batch as number) > 1) counts.batches++;
          if (typeof long === "string" || typeof short === "string") expect(short, JSON.stringify(Object.keys(given))).toBe(long);
          else expect(firstDifference(short, long)).toBe(-1);
          expect(firstDifference(after, (fresh.c as FloatArray).slice())).toBe(-1);
          (given.c as FloatArray).set(before as Float32Array);
        }
        expect(counts.done).toBeGreaterThan(500);
        expect(counts.refused).toBeGreaterThan(500);
        expect(counts.batches).toBeGreaterThan(50);
      });
    }

    test("products of some arrays that are remembered and some that are not, and of a packed operand", () => {
      setBackend(backend);
      const known = remembered({ m: 2, n: 3, k: 4, a: ones(8), b: ones(12), c: ones(6), bias: ones(3), residual: ones(6) });
      const packed = packB({ n: 3, k: 4, b: ones(12) });
      for (let i = 0; i < 64; i++) {
        const options = {
          ...known,
          a: i & 1 ? known.a : ones(8),
          b: i & 2 ? known.b : i & 32 ? packed : ones(12),
          c: i & 4 ? known.c : i & 32 ? undefined : ones(6),
          bias: i & 8 ? known.bias : i & 32 ? undefined : ones(3),
          residual: i & 16 ? known.residual : i & 32 ? undefined : ones(6),
        };
        const expected = 4 + (options.bias ? 1 : 0) + (options.residual ? 1 : 0);
        expect(gemm(options), `${i}`).toEqual(ones(6).fill(expected));
        expect(gemmBatched({ ...options, batch: 1 }), `${i}`).toEqual(ones(6).fill(expected));
      }
    });

    test("a remembered array that was transferred is refused, and nothing is written", () => {
      setBackend(backend);
      for (const lost of ["a", "b", "c", "bias", "residual"] as const) {
        const options = remembered({ m: 2, n: 3, k: 4, a: ones(8), b: ones(12), c: ones(6), bias: ones(3), residual: ones(6) });
        (options.c as Float32Array).fill(7);
        const { buffer } = options[lost] as Float32Array;
        structuredClone(buffer, { transfer: [buffer as ArrayBuffer] });
        expect(() => gemm(options), lost).toThrow(code("ERR_DETACHED"));
        expect(() => gemmBatched({ ...options, batch: 1 }), lost).toThrow(code("ERR_DETACHED"));
        if (lost !== "c") expect(options.c).toEqual(ones(6).fill(7));
      }
    });

    test("an array of a resizable buffer is not remembered, and is measured again where that was resized", () => {
      setBackend(backend);
      const growing = resizable(12, 64);
      const grown = remembered({ m: 2, n: 3, k: 4, a: ones(8), b: ones(12), c: ones(6), bias: new Float32Array(growing) });
      expect(rememberedPlace(grown.a)).toBeDefined();
      expect(rememberedPlace(grown.bias)).toBeUndefined();
      growing.resize(16);
      expect(() => gemm(grown)).toThrow(code("ERR_LENGTH"));
      const buffer = resizable(64, 256);
      const tracking = new Float32Array(buffer).fill(1);
      const bound = new Float32Array(buffer, 32, 8);
      const options = remembered({ m: 4, n: 4, k: 4, a: tracking, b: ones(16), c: ones(16) });
      const other = remembered({ m: 2, n: 4, k: 4, a: bound, b: ones(16), c: ones(8) });
      buffer.resize(48);
      expect(() => gemm(options)).toThrow(code("ERR_STRIDE"));
      expect(() => gemm(other)).toThrow(code("ERR_LENGTH"));
      buffer.resize(256);
      tracking.fill(2);
      expect(gemm(remembered(options))).toEqual(ones(16).fill(8));
      expect(gemm(other)).toEqual(ones(8).fill(8));
      expect(gemm(remembered({ ...options, m: 16, c: ones(64) }))).toEqual(ones(64).fill(8));
    });

    test("calls and prepared calls notice a transfer also in compiled code that has met plain and resizable arrays", () => {
      setBackend(backend);
      const plain = (): GemmOptions => ({ m: 1, n: 2, k: 2, a: ones(2), b: ones(4), c: ones(2) });
      const sized = (length: number) => new Float32Array(resizable(4 * length, 8 * length)).fill(1);
      const kinds = [plain(), { ...plain(), a: sized(2), b: sized(4), c: sized(2) }, plain(), plain()];
      const prepared = kinds.map(prepareGemm);
      for (let i = 0; i < 20_000; i++) {
        for (const options of kinds) gemm(options);
        for (const product of prepared) product.run();
      }
      for (const [at, lost] of [
        [0, "a"],
        [2, "b"],
        [3, "c"],
      ] as const) {
        const { buffer } = kinds[at]![lost] as Float32Array;
        structuredClone(buffer, { transfer: [buffer as ArrayBuffer] });
        expect(() => gemm(kinds[at]!), `gemm ${lost}`).toThrow(code("ERR_DETACHED"));
        expect(() => prepared[at]!.run(), `prepared ${lost}`).toThrow(code("ERR_DETACHED"));
      }
    });

    test("a packed operand's fields are not believed, and run no code of the caller's", () => {
      setBackend(backend);
      const packed = packB({ n: 3, k: 4, b: ones(12) });
      const options = remembered({ m: 2, n: 3, k: 4, a: ones(8), b: packed, c: ones(6) });
      let asked = 0;
      for (const field of ["n", "k", "transB", "dtype"]) Object.defineProperty(packed, field, { get: () => ++asked });
      expect(gemm(options)).toEqual(ones(6).fill(4));
      expect(asked).toBe(0);
      expect(() => gemm({ ...options, k: 3 })).toThrow(code("ERR_SHAPE"));
    });

    test("an array's own length is not believed, and a getter that transfers an operand is noticed", () => {
      setBackend(backend);
      const options = remembered({ m: 2, n: 3, k: 4, a: ones(8), b: ones(12), c: ones(6) });
      Object.defineProperty(options.a, "length", { value: 1000 });
      expect(() => gemm({ ...options, m: 3, c: ones(9) })).toThrow(code("ERR_STRIDE"));
      expect(gemm(options)).toEqual(ones(6).fill(4));
      const late = {
        ...options,
        get activation(): "none" {
          const { buffer } = options.b as Float32Array;
          structuredClone(buffer, { transfer: [buffer as ArrayBuffer] });
          return "none";
        },
      };
      expect(() => gemm(late as unknown as GemmOptions)).toThrow(code("ERR_DETACHED"));
    });
  });
}

test("memory of a remembered array goes when its array goes", async () => {
  setBackend("native");
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  const make = (): WeakRef<object> => {
    const options = remembered({ m: 2, n: 3, k: 4, a: ones(8), b: ones(12), c: ones(6) });
    expect(rememberedPlace(options.a)).toBeDefined();
    return new WeakRef(options.a.buffer);
  };
  const buffer = make();
  for (let i = 0; i < 5 && buffer.deref() !== undefined; i++) {
    await new Promise((resolve) => setImmediate(resolve));
    collect();
  }
  expect(buffer.deref()).toBeUndefined();
});
