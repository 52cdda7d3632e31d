// Packed operands: the bits of the array they were made from, in every way to a product; their life and their errors.
import { afterAll, describe, expect, test } from "vitest";
import type { Backend } from "../../src/backend/backend.ts";
import { DOT_WIDTH } from "../../src/backend/gemm.ts";
import { createNative } from "../../src/backend/native/native.ts";
import { createReference } from "../../src/backend/reference/reference.ts";
import { gemm, gemmAsync, gemmBatched, type PackedB, packB, prepareGemm, setBackend } from "../../src/index.ts";
import { runChild } from "../backend/child.ts";
import { type Case, callOf, DOT_LENGTH, filled, firstDifference, generator, SHAPES, TRANSPOSES } from "./cases.ts";
import { addonForTests, forEachIsa } from "./isas.ts";

const native = createNative(addonForTests());
afterAll(() => setBackend("auto"));

/** Wide enough for panels, with a narrow last one, blocks of k, and at most four rows (dot order where B is transposed). */
const WIDE = [
  { m: 1, n: 64, k: 16 },
  { m: 1, n: 300, k: 131 },
  { m: 3, n: 129, k: 67 },
  { m: 4, n: 97, k: 200 },
  { m: 5, n: 70, k: 33 },
  { m: 30, n: 200, k: 40 },
  { m: 100, n: 65, k: 21 },
  { m: 7, n: 80, k: 1700 },
  { m: 60, n: 140, k: 900 },
  // Dot order for few rows of transposed B, and for few columns whatever the rows (not where A is transposed).
  { m: DOT_WIDTH, n: 70, k: DOT_LENGTH },
  { m: DOT_WIDTH + 1, n: 70, k: DOT_LENGTH },
  { m: 300, n: DOT_WIDTH, k: 2 * DOT_LENGTH },
  { m: 20, n: 5, k: DOT_LENGTH },
];

const EPILOGUES: readonly Partial<Case>[] = [
  {},
  { alpha: 0.3, beta: 0.7, bias: true, residual: true, activation: "relu", slack: 3 },
  { beta: -1, slack: 1 },
  { alpha: 0, beta: 2, bias: true },
];

/** Both results on copies of C. */
function differenceOf(backend: Backend, shape: Case, next: () => number): number {
  const call = callOf(shape, () => next() - 0.5);
  const packed = backend.packB(call);
  const [expected, actual] = [call.c.slice(), call.c.slice()] as const;
  backend.gemm({ ...call, c: expected as typeof call.c });
  call.b.fill(Number.NaN); // the copy counts
  backend.gemm({ ...call, c: actual as typeof call.c, packed });
  packed.dispose();
  return firstDifference(actual as typeof call.c, expected as typeof call.c);
}

describe("a packed operand gives the bits of its array", () => {
  for (const dtype of ["float32", "float64"] as const) {
    test(`${dtype}, native, on every ISA and whatever the ISA was that packed`, () => {
      const next = generator(77);
      forEachIsa((isa) => {
        for (const [transA, transB] of TRANSPOSES) {
          for (const shape of [...SHAPES, ...WIDE]) {
            for (const epilogue of EPILOGUES) {
              const c = { dtype, transA, transB, ...shape, ...epilogue };
              expect(differenceOf(native, c, next), `${isa} ${JSON.stringify(c)}`).toBe(-1);
            }
          }
        }
      });
    });

    test(`${dtype}, reference`, () => {
      const next = generator(78);
      for (const [transA, transB] of TRANSPOSES) {
        for (const shape of [...WIDE.slice(0, 5), ...WIDE.slice(-4)]) {
          const c = { dtype, transA, transB, ...shape, beta: 0.5, bias: true };
          expect(differenceOf(createReference(false), c, next), JSON.stringify(c)).toBe(-1);
        }
      }
    });
  }

  test("after another ISA was chosen", () => {
    const addon = addonForTests();
    const next = generator(79);
    const call = callOf({ dtype: "float32", m: 9, n: 150, k: 40, transA: false, transB: true }, () => next() - 0.5);
    const expected = call.c.slice() as typeof call.c;
    native.gemm({ ...call, c: expected });
    const before = addon.isa();
    const operands = addon.isas().map((isa) => {
      addon.setIsa(isa);
      return native.packB(call);
    });
    for (const isa of addon.isas()) {
      addon.setIsa(isa);
      for (const packed of operands) {
        native.gemm({ ...call, packed });
        expect(firstDifference(call.c, expected), isa).toBe(-1);
      }
    }
    addon.setIsa(before);
  });

  test("split over threads", () => {
    const addon = addonForTests();
    const before = addon.threads();
    const next = generator(80);
    addon.setThreads(4);
    for (const [transA, transB] of TRANSPOSES) {
      for (const shape of [
        { m: 3, n: 900, k: 300 },
        { m: 200, n: 150, k: 60 },
        { m: 500, n: 10, k: 3 * DOT_LENGTH },
      ]) {
        expect(differenceOf(native, { dtype: "float32", transA, transB, ...shape, beta: 1 }, next)).toBe(-1);
      }
    }
    addon.setThreads(before);
  });
});

const code = (value: string) => expect.objectContaining({ code: value });

for (const backend of ["native", "reference"] as const) {
  describe(backend, () => {
    const next = generator(81);
    const random = (length: number) => filled("float32", length, () => next() - 0.5) as Float32Array;
    const [m, n, k] = [6, 70, 20];
    const make = (transB = false) => {
      setBackend(backend);
      const b = random(k * n);
      return { a: random(m * k), b, packed: packB({ n, k, b, transB }) };
    };

    test("gemm, prepareGemm, gemmAsync and gemmBatched take it", async () => {
      for (const transB of [false, true]) {
        const { a, b, packed } = make(transB);
        const expected = gemm({ m, n, k, a, b, transB });
        const same = (actual: ArrayLike<number>) => expect(firstDifference(actual as Float32Array, expected)).toBe(-1);
        same(gemm({ m, n, k, a, b: packed }));
        same(gemm({ m, n, k, a, b: packed, transB }));
        same(prepareGemm({ m, n, k, a, b: packed }).run());
        same(await gemmAsync({ m, n, k, a, b: packed }));
        const batch = gemmBatched({ m: 2, n, k, a, b: packed, batch: 3 });
        // Two rows of transposed B are in dot order, six are not: compare with the same batch of the array.
        expect(firstDifference(batch, gemmBatched({ m: 2, n, k, a, b, transB, strideB: 0, batch: 3 }))).toBe(-1);
        packed.dispose();
      }
    });

    test("rows apart (ldb) are read as gemm reads them", () => {
      setBackend(backend);
      const [b, a] = [random(k * (n + 3)), random(m * k)];
      const packed = packB({ n, k, b, ldb: n + 3 });
      expect(firstDifference(gemm({ m, n, k, a, b: packed }), gemm({ m, n, k, a, b, ldb: n + 3 }))).toBe(-1);
    });

    test("empty dimensions", () => {
      setBackend(backend);
      const none = new Float32Array(0);
      expect(gemm({ m: 2, n: 3, k: 0, a: none, b: packB({ n: 3, k: 0, b: none }), bias: random(3).fill(1) })[5]).toBe(1);
      expect(gemm({ m: 2, n: 0, k: 3, a: random(6), b: packB({ n: 0, k: 3, b: none }) }).length).toBe(0);
    });

    test("prepared and pending calls go on after dispose, new ones throw ERR_STATE", async () => {
      const { a, b, packed } = make(true);
      const expected = gemm({ m, n, k, a, b, transB: true });
      const prepared = prepareGemm({ m, n, k, a, b: packed });
      const pending = gemmAsync({ m, n, k, a, b: packed });
      packed.dispose();
      packed.dispose();
      expect(firstDifference(prepared.run(), expected)).toBe(-1);
      expect(firstDifference(await pending, expected)).toBe(-1);
      expect(firstDifference(prepared.run(), expected)).toBe(-1);
      for (const call of [gemm, prepareGemm] as const) {
        expect(() => call({ m, n, k, a, b: packed })).toThrow(code("ERR_STATE"));
      }
      expect(() => gemmBatched({ m, n, k, a, b: packed, batch: 1 })).toThrow(code("ERR_STATE"));
      await expect(gemmAsync({ m, n, k, a, b: packed })).rejects.toMatchObject({ code: "ERR_STATE" });
    });

    test("Symbol.dispose disposes", () => {
      const { a, packed } = make();
      packed[Symbol.dispose]();
      expect(() => gemm({ m, n, k, a, b: packed })).toThrow(code("ERR_STATE"));
    });

    test("what does not fit is refused, and C is not written", async () => {
      const { a, packed } = make();
      const c = new Float32Array(m * n).fill(7);
      const wrong: [object, string][] = [
        [{ n: n - 1 }, "ERR_SHAPE"],
        [{ k: k - 1 }, "ERR_SHAPE"],
        [{ transB: true }, "ERR_OPTION"],
        [{ transB: 1 }, "ERR_DTYPE"],
        [{ ldb: n }, "ERR_OPTION"],
        [{ a: new Float64Array(m * k), c: undefined }, "ERR_DTYPE"],
        [{ b: new Proxy(packed, {}) }, "ERR_DTYPE"],
        [{ b: { ...packed } }, "ERR_DTYPE"],
      ];
      for (const [change, expected] of wrong) {
        const options = { m, n, k, a, b: packed as PackedB, c, ...change };
        expect(() => gemm(options), JSON.stringify(change)).toThrow(code(expected));
        expect(() => prepareGemm(options)).toThrow(code(expected));
        await expect(gemmAsync(options)).rejects.toMatchObject({ code: expected });
        expect(() => gemmBatched({ ...options, batch: 1 })).toThrow(code(expected));
      }
      expect(() => gemmBatched({ m, n, k, a, b: packed, batch: 1, strideB: 4 })).toThrow(code("ERR_STRIDE"));
      expect(c.every((x) => x === 7)).toBe(true);
    });

    test("packB checks its array", () => {
      setBackend(backend);
      const b = random(12);
      const lost = random(12);
      structuredClone(lost.buffer, { transfer: [lost.buffer as ArrayBuffer] });
      const wrong: [object, string][] = [
        [{ b: [1, 2] }, "ERR_DTYPE"],
        [{ b: new Int32Array(12) }, "ERR_DTYPE"],
        [{ b: new Proxy(b, {}) }, "ERR_DTYPE"],
        [{ b: lost }, "ERR_DETACHED"],
        [{ b: lost, n: -1 }, "ERR_DETACHED"],
        [{ n: 1.5 }, "ERR_RANGE"],
        [{ k: -1 }, "ERR_RANGE"],
        [{ k: Number.NaN }, "ERR_RANGE"],
        [{ n: 3n }, "ERR_DTYPE"],
        [{ transB: "yes" }, "ERR_DTYPE"],
        [{ ldb: 2 }, "ERR_STRIDE"],
        [{ ldb: 5 }, "ERR_STRIDE"],
        [{ k: 2 ** 52, n: 2 ** 52 }, "ERR_STRIDE"],
      ];
      for (const [change, expected] of wrong) {
        expect(() => packB({ n: 3, k: 4, b, ...change } as Parameters<typeof packB>[0]), String(Object.keys(change))).toThrow(
          code(expected),
        );
      }
      expect(() => packB(null as never)).toThrow(code("ERR_DTYPE"));
    });
  });
}

test("a packed operand works on with the backend that made it", () => {
  const next = generator(82);
  const random = (length: number) => filled("float32", length, () => next() - 0.5) as Float32Array;
  const [a, b] = [random(8 * 40), random(40 * 64)];
  setBackend("native");
  const packed = packB({ n: 64, k: 40, b });
  const expected = gemm({ m: 8, n: 64, k: 40, a, b });
  setBackend("reference");
  expect(firstDifference(gemm({ m: 8, n: 64, k: 40, a, b: packed }), expected)).toBe(-1);
});

test("the engine is told of native memory: operands that nobody disposes are collected in time", () => {
  const { stdout, stderr } = runChild(
    `(async () => {
      const b = new Float32Array(2 ** 20);
      let most = 0;
      for (let i = 0; i < 400; i++) {
        m.packB({ n: 1024, k: 1024, b });
        await new Promise(setImmediate); // finalizers run between tasks
        most = Math.max(most, process.memoryUsage().rss);
      }
      console.log(most < 2 ** 30);
    })()`,
    { DOWNHILL_BACKEND: "native" },
  );
  expect(stdout, stderr).toBe("true");
});
