// The reference against the contract written out (NUMERICS: GEMM): each element is one chain, or 16 in dot order, in each
// setting. Tiles, copies and pairs of columns change the speed, not the bits.
import { describe, expect, test } from "vitest";
import { DOT_WIDTH, type GemmCall, isDotOrder } from "../../src/backend/gemm.ts";
import { fma32 } from "../../src/backend/reference/fma.ts";
import { createReference } from "../../src/backend/reference/reference.ts";
import type { Dtype, FloatArray } from "../../src/core/types.ts";
import { callOf, DOT_LENGTH, firstDifference, generator, resultOf, TRANSPOSES } from "./cases.ts";

type Step = (a: number, b: number, c: number) => number;

function written({ m, n, k, a, b, c, lda, ldb, ldc, transA, transB }: GemmCall, step: Step): FloatArray {
  const round = c instanceof Float32Array ? Math.fround : (x: number) => x;
  const count = isDotOrder(m, n, k, transA, transB) ? 16 : 1;
  const out = c.slice() as FloatArray;
  for (let i = 0; i < m; i++) {
    for (let j = 0; j < n; j++) {
      const chains = new Array<number>(count).fill(0);
      for (let p = 0; p < k; p++) {
        const x = transA ? a[p * lda + i]! : a[i * lda + p]!;
        chains[p % count] = step(x, transB ? b[j * ldb + p]! : b[p * ldb + j]!, chains[p % count]!);
      }
      while (chains.length > 1) {
        const upper = chains.splice(chains.length / 2);
        upper.forEach((x, l) => {
          chains[l] = round(chains[l]! + x);
        });
      }
      out[i * ldc + j] = chains[0]!;
    }
  }
  return out;
}

const SETTINGS: readonly [string, Dtype, boolean, Step][] = [
  ["float32, fast: rounded twice a step", "float32", false, (a, b, c) => Math.fround(a * b + c)],
  ["float32, exact", "float32", true, fma32],
  ["float64", "float64", false, (a, b, c) => a * b + c],
];

describe("every element is its own chain, or 16 of them, whatever computes it", () => {
  for (const [name, dtype, exact, step] of SETTINGS) {
    test(name, () => {
      const next = generator(91);
      const backend = createReference(exact);
      for (const [transA, transB] of TRANSPOSES) {
        for (const slack of [0, 2]) {
          for (const m of [1, 3, 4, 5, 7, 8, 11, DOT_WIDTH, DOT_WIDTH + 1]) {
            for (const n of [1, 2, 4, 5, 7, 8, DOT_WIDTH, DOT_WIDTH + 1, 31]) {
              for (const k of [1 + ((m * n) % 19), DOT_LENGTH - 1, DOT_LENGTH + ((m * n) % 19)]) {
                const call = callOf({ dtype, m, n, k, transA, transB, slack }, () => next() - 0.5);
                const at = firstDifference(resultOf(backend, call), written(call, step));
                expect(at, JSON.stringify({ transA, transB, slack, m, n, k })).toBe(-1);
              }
            }
          }
        }
      }
    });
  }
});
