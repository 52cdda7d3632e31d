// Dot order (NUMERICS: GEMM): 16 chains an element, the k = l, l + 16, l + 32 … in chain l, combined at distance 8, 4, 2, 1. Four
// chains of four columns at a time, so that sixteen accumulators stay in registers as in tile.ts: 3.7 GFLOP/s; with the chains in
// memory V8 reaches 1.8. Written out once per element type, as there.
import { f32 } from "../../core/f32.ts";
import type { FloatArray } from "../../core/types.ts";
import { CHAINS, fmaChains32 } from "./fma.ts";

/** Of four columns, one after the other. */
const chains32 = new Float32Array(4 * CHAINS);
const chains64 = new Float64Array(4 * CHAINS);

/**
 * A row of A, from aAt on, times n columns of B, each with its k side by side: n accumulators. Where the setting is exact, neither
 * operand has subnormals (`flushed`).
 */
export function dotRow(k: number, n: number, a: FloatArray, aAt: number, b: FloatArray, out: FloatArray, exact: boolean): void {
  const single = out instanceof Float32Array && a instanceof Float32Array && b instanceof Float32Array;
  const last = (n - 1) * k;
  for (let j = 0; j < n; j += 4) {
    const b0 = j * k; // columns that are absent: the last one again
    const b1 = Math.min(b0 + k, last);
    const b2 = Math.min(b1 + k, last);
    const b3 = Math.min(b2 + k, last);
    const count = Math.min(4, n - j);
    if (single) {
      if (exact) fmaChains32(k, a, aAt, b, b0, count, chains32);
      else fourColumns32(k, a, aAt, b, b0, b1, b2, b3);
      for (let c = 0; c < count; c++) out[j + c] = combined32(c * CHAINS);
    } else {
      fourColumns64(k, a, aAt, b, b0, b1, b2, b3);
      for (let c = 0; c < count; c++) out[j + c] = combined64(c * CHAINS);
    }
  }
}

function combined32(at: number): number {
  for (let distance = CHAINS / 2; distance >= 1; distance >>= 1) {
    for (let l = at; l < at + distance; l++) chains32[l] = f32(chains32[l]! + chains32[l + distance]!);
  }
  return chains32[at]!;
}

function combined64(at: number): number {
  for (let distance = CHAINS / 2; distance >= 1; distance >>= 1) {
    for (let l = at; l < at + distance; l++) chains64[l] = chains64[l]! + chains64[l + distance]!;
  }
  return chains64[at]!;
}

/** Float32: each step is rounded to double and then to float32. */
function fourColumns32(
  k: number,
  a: Float32Array,
  aAt: number,
  b: Float32Array,
  b0: number,
  b1: number,
  b2: number,
  b3: number,
): void {
  const whole = k - (k % CHAINS);
  for (let l = 0; l < CHAINS; l += 4) {
    let c00 = 0;
    let c01 = 0;
    let c02 = 0;
    let c03 = 0;
    let c10 = 0;
    let c11 = 0;
    let c12 = 0;
    let c13 = 0;
    let c20 = 0;
    let c21 = 0;
    let c22 = 0;
    let c23 = 0;
    let c30 = 0;
    let c31 = 0;
    let c32 = 0;
    let c33 = 0;
    for (let p = l; p < whole; p += CHAINS) {
      const a0 = a[aAt + p]!;
      const a1 = a[aAt + p + 1]!;
      const a2 = a[aAt + p + 2]!;
      const a3 = a[aAt + p + 3]!;
      let y = b0 + p;
      c00 = Math.fround(a0 * b[y]! + c00);
      c01 = Math.fround(a1 * b[y + 1]! + c01);
      c02 = Math.fround(a2 * b[y + 2]! + c02);
      c03 = Math.fround(a3 * b[y + 3]! + c03);
      y = b1 + p;
      c10 = Math.fround(a0 * b[y]! + c10);
      c11 = Math.fround(a1 * b[y + 1]! + c11);
      c12 = Math.fround(a2 * b[y + 2]! + c12);
      c13 = Math.fround(a3 * b[y + 3]! + c13);
      y = b2 + p;
      c20 = Math.fround(a0 * b[y]! + c20);
      c21 = Math.fround(a1 * b[y + 1]! + c21);
      c22 = Math.fround(a2 * b[y + 2]! + c22);
      c23 = Math.fround(a3 * b[y + 3]! + c23);
      y = b3 + p;
      c30 = Math.fround(a0 * b[y]! + c30);
      c31 = Math.fround(a1 * b[y + 1]! + c31);
      c32 = Math.fround(a2 * b[y + 2]! + c32);
      c33 = Math.fround(a3 * b[y + 3]! + c33);
    }
    chains32[l] = c00;
    chains32[l + 1] = c01;
    chains32[l + 2] = c02;
    chains32[l + 3] = c03;
    chains32[l + CHAINS] = c10;
    chains32[l + CHAINS + 1] = c11;
    chains32[l + CHAINS + 2] = c12;
    chains32[l + CHAINS + 3] = c13;
    chains32[l + 2 * CHAINS] = c20;
    chains32[l + 2 * CHAINS + 1] = c21;
    chains32[l + 2 * CHAINS + 2] = c22;
    chains32[l + 2 * CHAINS + 3] = c23;
    chains32[l + 3 * CHAINS] = c30;
    chains32[l + 3 * CHAINS + 1] = c31;
    chains32[l + 3 * CHAINS + 2] = c32;
    chains32[l + 3 * CHAINS + 3] = c33;
  }
  for (let p = whole; p < k; p++) {
    const l = p - whole;
    const x = a[aAt + p]!;
    chains32[l] = Math.fround(x * b[b0 + p]! + chains32[l]!);
    chains32[l + CHAINS] = Math.fround(x * b[b1 + p]! + chains32[l + CHAINS]!);
    chains32[l + 2 * CHAINS] = Math.fround(x * b[b2 + p]! + chains32[l + 2 * CHAINS]!);
    chains32[l + 3 * CHAINS] = Math.fround(x * b[b3 + p]! + chains32[l + 3 * CHAINS]!);
  }
}

/** Float64: plain double arithmetic. */
function fourColumns64(
  k: number,
  a: FloatArray,
  aAt: number,
  b: FloatArray,
  b0: number,
  b1: number,
  b2: number,
  b3: number,
): void {
  const whole = k - (k % CHAINS);
  for (let l = 0; l < CHAINS; l += 4) {
    let c00 = 0;
    let c01 = 0;
    let c02 = 0;
    let c03 = 0;
    let c10 = 0;
    let c11 = 0;
    let c12 = 0;
    let c13 = 0;
    let c20 = 0;
    let c21 = 0;
    let c22 = 0;
    let c23 = 0;
    let c30 = 0;
    let c31 = 0;
    let c32 = 0;
    let c33 = 0;
    for (let p = l; p < whole; p += CHAINS) {
      const a0 = a[aAt + p]!;
      const a1 = a[aAt + p + 1]!;
      const a2 = a[aAt + p + 2]!;
      const a3 = a[aAt + p + 3]!;
      let y = b0 + p;
      c00 = a0 * b[y]! + c00;
      c01 = a1 * b[y + 1]! + c01;
      c02 = a2 * b[y + 2]! + c02;
      c03 = a3 * b[y + 3]! + c03;
      y = b1 + p;
      c10 = a0 * b[y]! + c10;
      c11 = a1 * b[y + 1]! + c11;
      c12 = a2 * b[y + 2]! + c12;
      c13 = a3 * b[y + 3]! + c13;
      y = b2 + p;
      c20 = a0 * b[y]! + c20;
      c21 = a1 * b[y + 1]! + c21;
      c22 = a2 * b[y + 2]! + c22;
      c23 = a3 * b[y + 3]! + c23;
      y = b3 + p;
      c30 = a0 * b[y]! + c30;
      c31 = a1 * b[y + 1]! + c31;
      c32 = a2 * b[y + 2]! + c32;
      c33 = a3 * b[y + 3]! + c33;
    }
    chains64[l] = c00;
    chains64[l + 1] = c01;
    chains64[l + 2] = c02;
    chains64[l + 3] = c03;
    chains64[l + CHAINS] = c10;
    chains64[l + CHAINS + 1] = c11;
    chains64[l + CHAINS + 2] = c12;
    chains64[l + CHAINS + 3] = c13;
    chains64[l + 2 * CHAINS] = c20;
    chains64[l + 2 * CHAINS + 1] = c21;
    chains64[l + 2 * CHAINS + 2] = c22;
    chains64[l + 2 * CHAINS + 3] = c23;
    chains64[l + 3 * CHAINS] = c30;
    chains64[l + 3 * CHAINS + 1] = c31;
    chains64[l + 3 * CHAINS + 2] = c32;
    chains64[l + 3 * CHAINS + 3] = c33;
  }
  for (let p = whole; p < k; p++) {
    const l = p - whole;
    const x = a[aAt + p]!;
    chains64[l] = x * b[b0 + p]! + chains64[l]!;
    chains64[l + CHAINS] = x * b[b1 + p]! + chains64[l + CHAINS]!;
    chains64[l + 2 * CHAINS] = x * b[b2 + p]! + chains64[l + 2 * CHAINS]!;
    chains64[l + 3 * CHAINS] = x * b[b3 + p]! + chains64[l + 3 * CHAINS]!;
  }
}
