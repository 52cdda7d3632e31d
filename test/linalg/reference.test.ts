// The reference's fast setting: tiles change its speed, not its bits. Each element is one chain, rounded twice a step.
import { expect, test } from "vitest";
import type { GemmCall } from "../../src/backend/gemm.ts";
import { createReference } from "../../src/backend/reference/reference.ts";
import type { FloatArray } from "../../src/core/types.ts";
import { callOf, firstDifference, generator, resultOf, TRANSPOSES } from "./cases.ts";

function chains({ m, n, k, a, b, c, lda, ldb, ldc, transA, transB }: GemmCall): FloatArray {
  const round = c instanceof Float32Array ? Math.fround : (x: number) => x;
  const out = c.slice() as FloatArray;
  for (let i = 0; i < m; i++) {
    for (let j = 0; j < n; j++) {
      let t = 0;
      for (let p = 0; p < k; p++) {
        t = round((transA ? a[p * lda + i]! : a[i * lda + p]!) * (transB ? b[j * ldb + p]! : b[p * ldb + j]!) + t);
      }
      out[i * ldc + j] = t;
    }
  }
  return out;
}

test("every element of the fast setting is its own chain, whatever tile it is in", () => {
  const next = generator(91);
  for (const dtype of ["float32", "float64"] as const) {
    for (const [transA, transB] of TRANSPOSES) {
      for (const slack of [0, 2]) {
        for (let m = 5; m < 14; m++) {
          for (const n of [5, 6, 7, 8, 9, 31]) {
            const call = callOf({ dtype, m, n, k: 1 + ((m * n) % 19), transA, transB, slack }, () => next() - 0.5);
            const at = firstDifference(resultOf(createReference(false), call), chains(call));
            expect(at, JSON.stringify({ dtype, transA, transB, slack, m, n })).toBe(-1);
          }
        }
      }
    }
  }
});
