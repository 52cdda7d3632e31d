// Products against float64 sums, with the bound γ(K+2)·(|α||A||B| + |β||C|), and against exact integers.
import fc from "fast-check";
import { expect, test } from "vitest";
import type { GemmCall } from "../../src/backend/gemm.ts";
import { createNative } from "../../src/backend/native/native.ts";
import { createReference } from "../../src/backend/reference/reference.ts";
import { callOf, generator, resultOf } from "./cases.ts";
import { addonForTests, forEachIsa } from "./isas.ts";

const native = createNative(addonForTests());

const shapes = fc.record({
  m: fc.oneof(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 90 })),
  n: fc.oneof(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 150 })),
  k: fc.oneof(fc.integer({ min: 0, max: 20 }), fc.integer({ min: 0, max: 300 })),
  transA: fc.boolean(),
  transB: fc.boolean(),
  alpha: fc.constantFrom(1, -0.5, 0.3, 0),
  beta: fc.constantFrom(0, 1, -0.7),
  slack: fc.integer({ min: 0, max: 5 }),
  seed: fc.integer(),
});

/** Largest error of a result in units of the bound, for every element of C. */
function worst(call: GemmCall, result: Float32Array | Float64Array, unit: number): number {
  const { m, n, k, a, b, c, lda, ldb, ldc, transA, transB, alpha, beta } = call;
  const gamma = ((k + 2) * unit) / (1 - (k + 2) * unit);
  let most = 0;
  for (let i = 0; i < m; i++) {
    for (let j = 0; j < n; j++) {
      let sum = 0;
      let size = 0;
      for (let p = 0; p < k && alpha !== 0; p++) {
        const x = alpha * (transA ? a[p * lda + i]! : a[i * lda + p]!) * (transB ? b[j * ldb + p]! : b[p * ldb + j]!);
        sum += x;
        size += Math.abs(x);
      }
      if (beta !== 0) {
        sum += beta * c[i * ldc + j]!;
        size += Math.abs(beta * c[i * ldc + j]!);
      }
      const error = Math.abs(result[i * ldc + j]! - sum);
      if (!(error <= gamma * size))
        most = Math.max(most, Number.isNaN(error) ? Number.POSITIVE_INFINITY : error / (gamma * size));
    }
  }
  return most;
}

for (const dtype of ["float32", "float64"] as const) {
  test(`${dtype} products of random shapes stay within the error bound on every ISA and in the reference`, () => {
    // float64 sums have errors of their own: twice the unit for the oracle's share.
    const unit = dtype === "float32" ? 2 ** -24 : 2 ** -52;
    const references = [createReference(true), createReference(false)];
    fc.assert(
      fc.property(shapes, ({ seed, ...shape }) => {
        const next = generator(seed);
        const call = callOf({ dtype, ...shape }, () => next() - 0.5);
        forEachIsa((isa) => expect(worst(call, resultOf(native, call), unit), isa).toBe(0));
        for (const reference of references) expect(worst(call, resultOf(reference, call), unit)).toBe(0);
      }),
      { numRuns: 150, seed: 11 },
    );
  });

  test(`${dtype} products of integers are exact, and nothing around C changes`, () => {
    fc.assert(
      fc.property(shapes, ({ seed, ...shape }) => {
        const next = generator(seed);
        const call = callOf({ dtype, ...shape, alpha: 2, beta: 0 }, () => Math.floor(next() * 17) - 8);
        const { m, n, k, a, b, lda, ldb, ldc, transA, transB } = call;
        forEachIsa((isa) => {
          const result = resultOf(native, call);
          for (let at = 0; at < result.length; at++) {
            const i = Math.floor(at / ldc);
            const j = at % ldc;
            let expected = Number.NaN; // the canary that callOf put there
            if (i < m && j < n) {
              expected = 0;
              for (let p = 0; p < k; p++) {
                expected += 2 * (transA ? a[p * lda + i]! : a[i * lda + p]!) * (transB ? b[j * ldb + p]! : b[p * ldb + j]!);
              }
            }
            if (result[at] !== expected && !(Number.isNaN(expected) && Number.isNaN(result[at]!))) {
              expect(result[at], `${isa} element ${i}, ${j}`).toBe(expected);
            }
          }
        });
      }),
      { numRuns: 60, seed: 12 },
    );
  });
}
