// The fast setting's chains, four rows by four columns at a time: sixteen accumulators that the engine keeps in registers.
// Each element is the same chain as one by itself (k ascending from +0, two roundings a step in float32), so that only the
// speed differs: 512³ takes half of the time of a row at a time. Written out once per element type: a function that has seen
// both kinds of array, or that calls a rounding it was given, is several times slower in V8.
import type { FloatArray } from "../../core/types.ts";

/** B's columns in groups of four, each k × 4 and contiguous; absent columns are zero. `b` is dense, k × n. */
export function fourColumnPanels<A extends FloatArray>(k: number, n: number, b: A): A {
  const groups = Math.ceil(n / 4);
  const length = groups * k * 4;
  const panels = (b instanceof Float32Array ? new Float32Array(length) : new Float64Array(length)) as A;
  for (let p = 0; p < k; p++) {
    for (let j = 0; j < n; j++) panels[(j >> 2) * k * 4 + p * 4 + (j & 3)] = b[p * n + j]!;
  }
  return panels;
}

/** Rows aAt/k to aAt/k + 3 of A against all panels: 4 × ldOut accumulators, ldOut a multiple of 4. `a` has rows of k. */
export function fourRows(k: number, n: number, a: FloatArray, aAt: number, panels: FloatArray, out: FloatArray): void {
  const ldOut = Math.ceil(n / 4) * 4;
  const single = out instanceof Float32Array && a instanceof Float32Array && panels instanceof Float32Array;
  for (let j = 0; j < n; j += 4) {
    if (single) tile32(k, a, aAt, panels, j * k, out, j, ldOut);
    else tile64(k, a, aAt, panels, j * k, out, j, ldOut);
  }
}

/** One row of accumulators in the same chains, for what fours leave over. `b` is dense, k × n. */
export function oneRow(k: number, n: number, a: FloatArray, aAt: number, b: FloatArray, out: FloatArray): void {
  out.fill(0);
  if (out instanceof Float32Array && a instanceof Float32Array && b instanceof Float32Array) row32(k, n, a, aAt, b, out);
  else row64(k, n, a, aAt, b, out);
}

function row32(k: number, n: number, a: Float32Array, aAt: number, b: Float32Array, out: Float32Array): void {
  for (let p = 0; p < k; p++) {
    const x = a[aAt + p]!;
    const bAt = p * n;
    for (let j = 0; j < n; j++) out[j] = Math.fround(x * b[bAt + j]! + out[j]!);
  }
}

function row64(k: number, n: number, a: FloatArray, aAt: number, b: FloatArray, out: FloatArray): void {
  for (let p = 0; p < k; p++) {
    const x = a[aAt + p]!;
    const bAt = p * n;
    for (let j = 0; j < n; j++) out[j] = x * b[bAt + j]! + out[j]!;
  }
}

/** Float32: each step is rounded to double and then to float32. */
function tile32(
  k: number,
  a: Float32Array,
  aAt: number,
  panel: Float32Array,
  panelAt: number,
  out: Float32Array,
  outAt: number,
  ldOut: number,
): void {
  const r1 = aAt + k;
  const r2 = r1 + k;
  const r3 = r2 + k;
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
  for (let p = 0; p < k; p++) {
    const at = panelAt + 4 * p;
    const b0 = panel[at]!;
    const b1 = panel[at + 1]!;
    const b2 = panel[at + 2]!;
    const b3 = panel[at + 3]!;
    const a0 = a[aAt + p]!;
    c00 = Math.fround(a0 * b0 + c00);
    c01 = Math.fround(a0 * b1 + c01);
    c02 = Math.fround(a0 * b2 + c02);
    c03 = Math.fround(a0 * b3 + c03);
    const a1 = a[r1 + p]!;
    c10 = Math.fround(a1 * b0 + c10);
    c11 = Math.fround(a1 * b1 + c11);
    c12 = Math.fround(a1 * b2 + c12);
    c13 = Math.fround(a1 * b3 + c13);
    const a2 = a[r2 + p]!;
    c20 = Math.fround(a2 * b0 + c20);
    c21 = Math.fround(a2 * b1 + c21);
    c22 = Math.fround(a2 * b2 + c22);
    c23 = Math.fround(a2 * b3 + c23);
    const a3 = a[r3 + p]!;
    c30 = Math.fround(a3 * b0 + c30);
    c31 = Math.fround(a3 * b1 + c31);
    c32 = Math.fround(a3 * b2 + c32);
    c33 = Math.fround(a3 * b3 + c33);
  }
  out[outAt] = c00;
  out[outAt + 1] = c01;
  out[outAt + 2] = c02;
  out[outAt + 3] = c03;
  out[outAt + ldOut] = c10;
  out[outAt + ldOut + 1] = c11;
  out[outAt + ldOut + 2] = c12;
  out[outAt + ldOut + 3] = c13;
  out[outAt + 2 * ldOut] = c20;
  out[outAt + 2 * ldOut + 1] = c21;
  out[outAt + 2 * ldOut + 2] = c22;
  out[outAt + 2 * ldOut + 3] = c23;
  out[outAt + 3 * ldOut] = c30;
  out[outAt + 3 * ldOut + 1] = c31;
  out[outAt + 3 * ldOut + 2] = c32;
  out[outAt + 3 * ldOut + 3] = c33;
}

/** Float64: plain double arithmetic. */
function tile64(
  k: number,
  a: FloatArray,
  aAt: number,
  panel: FloatArray,
  panelAt: number,
  out: FloatArray,
  outAt: number,
  ldOut: number,
): void {
  const r1 = aAt + k;
  const r2 = r1 + k;
  const r3 = r2 + k;
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
  for (let p = 0; p < k; p++) {
    const at = panelAt + 4 * p;
    const b0 = panel[at]!;
    const b1 = panel[at + 1]!;
    const b2 = panel[at + 2]!;
    const b3 = panel[at + 3]!;
    const a0 = a[aAt + p]!;
    c00 = a0 * b0 + c00;
    c01 = a0 * b1 + c01;
    c02 = a0 * b2 + c02;
    c03 = a0 * b3 + c03;
    const a1 = a[r1 + p]!;
    c10 = a1 * b0 + c10;
    c11 = a1 * b1 + c11;
    c12 = a1 * b2 + c12;
    c13 = a1 * b3 + c13;
    const a2 = a[r2 + p]!;
    c20 = a2 * b0 + c20;
    c21 = a2 * b1 + c21;
    c22 = a2 * b2 + c22;
    c23 = a2 * b3 + c23;
    const a3 = a[r3 + p]!;
    c30 = a3 * b0 + c30;
    c31 = a3 * b1 + c31;
    c32 = a3 * b2 + c32;
    c33 = a3 * b3 + c33;
  }
  out[outAt] = c00;
  out[outAt + 1] = c01;
  out[outAt + 2] = c02;
  out[outAt + 3] = c03;
  out[outAt + ldOut] = c10;
  out[outAt + ldOut + 1] = c11;
  out[outAt + ldOut + 2] = c12;
  out[outAt + ldOut + 3] = c13;
  out[outAt + 2 * ldOut] = c20;
  out[outAt + 2 * ldOut + 1] = c21;
  out[outAt + 2 * ldOut + 2] = c22;
  out[outAt + 2 * ldOut + 3] = c23;
  out[outAt + 3 * ldOut] = c30;
  out[outAt + 3 * ldOut + 1] = c31;
  out[outAt + 3 * ldOut + 2] = c32;
  out[outAt + 3 * ldOut + 3] = c33;
}
