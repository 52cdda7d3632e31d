// Products with few k, whose panels of B stay in registers: every k, every width of panel, every way to store and to finish.
import { expect, test } from "vitest";
import { createNative } from "../../src/backend/native/native.ts";
import { createReference } from "../../src/backend/reference/reference.ts";
import { type Case, callOf, firstDifference, generator, resultOf, TRANSPOSES } from "./cases.ts";
import { addonForTests, forEachIsa } from "./isas.ts";

const addon = addonForTests();
const native = createNative(addon);
const exact = createReference(true);

/** Compares with the exact reference on every ISA; what the ISAs took. */
function regimesOf(c: Case, value: () => number): string[] {
  const call = callOf(c, value);
  const expected = resultOf(exact, call);
  const regimes: string[] = [];
  forEachIsa((isa) => {
    regimes.push(addon.gemmRegime(c.m, c.n, c.k, c.transA, c.transB));
    expect(firstDifference(resultOf(native, call), expected), `${isa} ${JSON.stringify(c)}`).toBe(-1);
  });
  return regimes;
}

test("every k and every width of panel equal the exact reference", () => {
  const next = generator(61);
  const seen = new Set<string>();
  for (let k = 1; k <= 11; k++) {
    for (let vectors = 1; vectors <= (k === 1 ? 29 : 17); vectors++) {
      const [transA, transB] = TRANSPOSES[(k + vectors) % 4]!;
      const slack = vectors % 3;
      for (const n of [16 * vectors - 5, 8 * vectors]) {
        const c = { dtype: "float32", m: 2 * k + 7, n, k, transA, transB, slack } as const;
        for (const regime of regimesOf(c, () => next() - 0.5)) seen.add(regime);
      }
    }
  }
  if (addon.isas().some((isa) => isa.startsWith("avx"))) expect(seen).toContain("shallow");
});

test("every k and every width of a single vector equal the exact reference", () => {
  const next = generator(65);
  const seen = new Set<string>();
  for (let k = 7; k <= 28; k++) {
    for (const n of [4, 6, 7, 8, 10, 13, 16]) {
      const [transA, transB] = TRANSPOSES[(k + n) % 4]!;
      const c = { dtype: "float32", m: 2 * k + n, n, k, transA, transB, slack: n % 3 } as const;
      for (const regime of regimesOf(c, () => next() - 0.5)) seen.add(regime);
    }
  }
  if (addon.isas().some((isa) => isa.startsWith("avx"))) expect(seen).toContain("shallow");
});

test("what follows the product is applied to every row", () => {
  const next = generator(62);
  const epilogues: readonly Partial<Case>[] = [
    { alpha: 0.3, beta: 0.7 },
    { beta: 1, slack: 2 },
    { bias: true, activation: "relu" },
    { alpha: -1.1, beta: 1, bias: true, residual: true, activation: "relu", slack: 3 },
    { residual: true, activation: "gelu" },
    { activation: "tanh", bias: true, beta: 0.5, slack: 1 },
  ];
  for (const [transA, transB] of TRANSPOSES) {
    for (const epilogue of epilogues) {
      for (const [m, n, k] of [
        [75, 21, 6],
        [25, 16, 2],
        [30, 200, 1],
        [46, 15, 14],
        [21, 150, 10],
        [19, 512, 3], // rows of C share sets of the caches
      ] as const) {
        regimesOf({ dtype: "float32", m, n, k, transA, transB, ...epilogue }, () => next() - 0.5);
      }
    }
  }
});

test("zeros keep their sign and infinities theirs where nothing is added", () => {
  const next = generator(66);
  const values = [() => 0, () => (next() < 0.1 ? -Infinity : 1)];
  for (const value of values) {
    for (const epilogue of [{ alpha: -1 }, { alpha: -1, activation: "relu" }, { beta: -1 }, { alpha: 2, bias: true }] as const) {
      for (const [m, n, k] of [
        [30, 37, 3],
        [40, 12, 17],
      ] as const) {
        regimesOf({ dtype: "float32", m, n, k, transA: false, transB: false, ...epilogue }, value);
      }
    }
  }
});

test("float64 has the bits of one register tile after the other", () => {
  const next = generator(63);
  for (const [transA, transB] of TRANSPOSES) {
    for (let k = 1; k <= 28; k += k < 10 ? 1 : 3) {
      for (const n of [5, 8, 37, 130]) {
        const c = { dtype: "float64", m: 3 * k + 20, n, k, transA, transB, beta: k % 2, bias: k % 3 === 0 } as const;
        const call = callOf(c, () => next() - 0.5);
        forEachIsa((isa) => {
          const chosen = resultOf(native, call);
          addon.gemmForce("direct");
          const direct = resultOf(native, call);
          addon.gemmForce("");
          expect(firstDifference(chosen, direct), `${isa} ${JSON.stringify(c)}`).toBe(-1);
        });
      }
    }
  }
});

test("two threads compute the bits of one", () => {
  const next = generator(64);
  const before = addon.threads();
  for (const [transA, transB] of TRANSPOSES) {
    for (const [m, n, k] of [
      [700, 333, 7],
      [24, 5000, 9],
    ] as const) {
      const call = callOf({ dtype: "float32", m, n, k, transA, transB, beta: 0.5, bias: true }, () => next() - 0.5);
      addon.setThreads(1);
      const single = resultOf(native, call);
      addon.setThreads(2);
      expect(firstDifference(resultOf(native, call), single), `${m}×${n}×${k}`).toBe(-1);
    }
  }
  addon.setThreads(before);
});
