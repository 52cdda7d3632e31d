// Native equals the reference bit for bit: every regime, ISA, thread count, transpose and epilogue.
import { describe, expect, test } from "vitest";
import { DOT_WIDTH, dotLength } from "../../src/backend/gemm.ts";
import { createNative } from "../../src/backend/native/native.ts";
import { createReference } from "../../src/backend/reference/reference.ts";
import type { FloatArray } from "../../src/core/types.ts";
import { type Case, callOf, DOT_LENGTH, filled, firstDifference, generator, resultOf, SHAPES, TRANSPOSES } from "./cases.ts";
import { addonForTests, forEachIsa } from "./isas.ts";

const native = createNative(addonForTests());
const exact = createReference(true);

const EPILOGUES: readonly Partial<Case>[] = [
  {},
  { alpha: 0.3, beta: 0.7 },
  { bias: true, activation: "relu" },
  { alpha: -1.1, beta: 1, bias: true, residual: true, activation: "relu", slack: 3 },
  { residual: true, slack: 1 },
  { activation: "gelu", bias: true },
  { activation: "geluTanh", beta: 0.5, slack: 2 },
  { activation: "silu", alpha: 2 },
  { activation: "sigmoid", residual: true },
  { activation: "tanh", alpha: -0.5, beta: 1, bias: true, residual: true },
];

/** Values that meet every kind of number: mostly ordinary, some subnormal, huge, infinite, NaN, −0. */
function wild(next: () => number): () => number {
  const special = [1e-40, -1e-42, 1.2e-38, 3e38, -3e38, Number.POSITIVE_INFINITY, Number.NaN, -0, 1e-20, -1e-20];
  return () => (next() < 0.01 ? special[Math.floor(next() * special.length)]! : next() - 0.5);
}

describe("float32 native equals the exact reference bit for bit", () => {
  for (const [transA, transB] of TRANSPOSES) {
    test(`with transA ${transA}, transB ${transB}`, () => {
      const next = generator(17);
      for (const shape of SHAPES) {
        for (const epilogue of EPILOGUES) {
          for (const value of [() => next() - 0.5, wild(next), () => (next() - 0.5) * 1e-19]) {
            const call = callOf({ dtype: "float32", transA, transB, ...shape, ...epilogue }, value);
            const expected = resultOf(exact, call);
            forEachIsa((isa) => {
              const at = firstDifference(resultOf(native, call), expected);
              expect(at, `${isa} ${JSON.stringify({ ...shape, ...epilogue })}`).toBe(-1);
            });
          }
        }
      }
    });
  }
});

test("products that are split over threads keep their bits", () => {
  const addon = addonForTests();
  const next = generator(5);
  const before = addon.threads();
  for (const [transA, transB] of TRANSPOSES) {
    for (const dtype of ["float32", "float64"] as const) {
      for (const shape of [
        { m: 150, n: 140, k: 60 },
        { m: 1, n: 400, k: 700 }, // a register tile on one thread, parts of few rows on several
        { m: 2, n: 700, k: 300 },
        { m: 500, n: 10, k: 90 },
        { m: 900, n: 1, k: 300 },
        { m: 400, n: DOT_WIDTH - 1, k: 5 * DOT_LENGTH },
        { m: DOT_WIDTH - 1, n: 401, k: 5 * DOT_LENGTH },
      ]) {
        const call = callOf({ dtype, transA, transB, ...shape, beta: 0.5, bias: true }, () => next() - 0.5);
        addon.setThreads(1);
        const single = resultOf(native, call);
        addon.setThreads(4);
        expect(firstDifference(resultOf(native, call), single), JSON.stringify(shape)).toBe(-1);
      }
    }
  }
  addon.setThreads(before);
});

test("blocks of k continue their chains where they stopped", () => {
  const next = generator(99);
  for (const [transA, transB] of TRANSPOSES) {
    for (const shape of [
      { m: 6, n: 20, k: 5000 },
      { m: 70, n: 5, k: 4100 },
      { m: 23, n: 16, k: 1024 }, // rows of A share a set of the cache
    ]) {
      for (const epilogue of EPILOGUES) {
        const call = callOf({ dtype: "float32", transA, transB, ...shape, ...epilogue }, () => next() - 0.5);
        const expected = resultOf(exact, call);
        forEachIsa((isa) => {
          expect(firstDifference(resultOf(native, call), expected), `${isa} ${JSON.stringify(shape)}`).toBe(-1);
        });
      }
    }
  }
});

test("large products, whose blocks are copied ahead, keep their bits", () => {
  const next = generator(41);
  const epilogues = [EPILOGUES[0]!, EPILOGUES[3]!, EPILOGUES[1]!, EPILOGUES[2]!];
  TRANSPOSES.forEach(([transA, transB], index) => {
    // Several blocks of columns and of k, with a rest of each; one block, with rows of B a page apart.
    for (const [shape, slack] of [
      [{ m: 49, n: 260, k: 800 }, 1024],
      [{ m: 101, n: 71, k: 160 }, 1031],
    ] as const) {
      const epilogue = epilogues[(index + slack) % 4]!;
      const call = callOf({ dtype: "float32", transA, transB, ...shape, ...epilogue, slack }, () => next() - 0.5);
      const expected = resultOf(exact, call);
      forEachIsa((isa) => {
        expect(firstDifference(resultOf(native, call), expected), `${isa} ${JSON.stringify(shape)}`).toBe(-1);
      });
    }
  });
});

test("a product with more rows than wait in scratch memory at a time equals its upper and lower rows", () => {
  const next = generator(43);
  const [m, n, k, upper] = [2100, 70, 800, 1000];
  const whole = callOf({ dtype: "float32", transA: false, transB: true, m, n, k, beta: 0.5 }, () => next() - 0.5);
  forEachIsa((isa) => {
    const result = resultOf(native, whole);
    for (const [from, to] of [
      [0, upper],
      [upper, m],
    ] as const) {
      const part = { ...whole, m: to - from, a: whole.a.subarray(from * k), c: whole.c!.subarray(from * n) };
      expect(
        firstDifference(
          resultOf(native, part).subarray(0, (to - from) * n) as Float32Array,
          result.subarray(from * n, to * n) as Float32Array,
        ),
        isa,
      ).toBe(-1);
    }
  });
});

test("columns beyond whole vectors keep their bits where rows of C share sets of the caches", () => {
  const next = generator(48);
  for (const [transA, transB] of TRANSPOSES) {
    for (const [m, n, k] of [
      [24, 36, 40],
      [25, 36, 40],
      [33, 20, 32],
      [101, 100, 36],
      [101, 65, 40],
    ] as const) {
      const epilogue = m % 2 === 0 ? {} : { beta: 0.5, bias: true };
      const call = callOf({ dtype: "float32", transA, transB, m, n, k, slack: 1024 - n, ...epilogue }, () => next() - 0.5);
      const expected = resultOf(exact, call);
      forEachIsa((isa) => {
        expect(firstDifference(resultOf(native, call), expected), `${isa} ${m}×${n}×${k}`).toBe(-1);
      });
    }
  }
});

test("rows that share sets of the caches, which change what is copied and how tall tiles are, keep the bits", () => {
  const next = generator(49);
  for (const [transA, transB] of TRANSPOSES) {
    for (const [m, n, k] of [
      [1, 300, 50], // blocks of rows of B, not one register tile
      [12, 10, 130], // dot order with columns in two groups, copied before they are turned
      [21, 14, 150],
      [37, 19, 115], // no pass of its own for the edge
      [59, 12, 46], // tiles of eight rows of A, one vector wide
      [33, 30, 40], // of eight while L1 holds B
      [13, 150, 90], // of all rows
      [16, 40, 65], // a copied panel of a transposed A, one vector wide
      [50, 100, 20], // and several
    ] as const) {
      const epilogue = m % 2 === 0 ? {} : { alpha: 0.5, beta: 0.5, bias: true };
      const call = callOf({ dtype: "float32", transA, transB, m, n, k, apart: 1024, ...epilogue }, () => next() - 0.5);
      const expected = resultOf(exact, call);
      forEachIsa((isa) => {
        expect(firstDifference(resultOf(native, call), expected), `${isa} ${m}×${n}×${k} ${transA} ${transB}`).toBe(-1);
      });
    }
  }
});

test("a last block of k that is shorter than a tile is tall keeps the bits", () => {
  const next = generator(47);
  const [m, n, k, few] = [50, 64, 64261, 20]; // 251 blocks of 256 and one of 5
  const whole = callOf({ dtype: "float64", transA: false, transB: false, m, n, k }, () => next() - 0.5);
  const upper = { ...whole, m: few, a: whole.a.subarray(0, few * k), c: whole.c!.slice(0, few * n) };
  const expected = resultOf(native, upper);
  expect(firstDifference(resultOf(native, whole).subarray(0, few * n) as Float64Array, expected)).toBe(-1);
});

test("float64 native has the same bits on every ISA", () => {
  const next = generator(3);
  for (const [transA, transB] of TRANSPOSES) {
    for (const shape of SHAPES) {
      for (const epilogue of EPILOGUES) {
        const call = callOf({ dtype: "float64", transA, transB, ...shape, ...epilogue }, () => next() - 0.5);
        let first: ReturnType<typeof resultOf> | undefined;
        forEachIsa((isa) => {
          const result = resultOf(native, call);
          first ??= result;
          expect(firstDifference(result, first), `${isa} ${JSON.stringify(shape)}`).toBe(-1);
        });
      }
    }
  }
});

describe("rows predicted alone or a few at a time equal those of a batch for row-major weights", () => {
  for (const [name, backend] of [
    ["native", native],
    ["reference", exact],
  ] as const) {
    for (const dtype of ["float32", "float64"] as const) {
      test(`${name}, ${dtype}`, () => {
        const next = generator(8);
        const columns = [...Array.from({ length: DOT_WIDTH + 4 }, (_, i) => i + 1), 64, 300];
        for (const n of columns) {
          for (const k of [1, 33, dotLength(n) - 1, dotLength(n), dotLength(n) + 1, 2 * DOT_LENGTH + 13]) {
            const whole = callOf({ dtype, m: 40, n, k, transA: false, transB: false, bias: true }, () => next() - 0.5);
            const batch = resultOf(backend, whole);
            const rows = (isa: string) => {
              const packed = backend.packB(whole);
              for (const [i, m] of [
                [0, 1],
                [39, 1],
                [5, 3],
                [7, 8],
                [9, 20],
              ] as const) {
                const part = { ...whole, m, a: whole.a.subarray(i * k, (i + m) * k), c: filled(dtype, m * n, () => 0) };
                const expected = batch.subarray(i * n, (i + m) * n) as FloatArray;
                const what = `${isa} ${m} of 40 × ${n} × ${k}`;
                expect(firstDifference(resultOf(backend, part), expected), what).toBe(-1);
                expect(firstDifference(resultOf(backend, { ...part, packed }), expected), `${what} packed`).toBe(-1);
              }
              packed.dispose();
            };
            if (backend === native) forEachIsa(rows);
            else rows("");
          }
        }
      });
    }
  }
});
