// The fused multiply-add that JavaScript lacks: a·b + c with one rounding to float32 (NUMERICS: GEMM).
import { dtypeOf } from "../../core/checks.ts";
import { f32, operand32 } from "../../core/f32.ts";
import type { FloatArray } from "../../core/types.ts";

const double = new Float64Array(1);
const words = new Uint32Array(double.buffer);
const LOW = new Uint8Array(new Uint32Array([1]).buffer)[0] === 1 ? 0 : 1;
const HIGH = 1 - LOW;

/** The next double above (+1) or below (−1) the one in `double`, away from or towards zero. */
function nudge(away: boolean): number {
  if (away) {
    words[LOW] = words[LOW]! + 1;
    if (words[LOW] === 0) words[HIGH] = words[HIGH]! + 1;
  } else {
    if (words[LOW] === 0) words[HIGH] = words[HIGH]! - 1;
    words[LOW] = words[LOW]! - 1;
  }
  return double[0]!;
}

/**
 * a·b + c for float32 values, rounded once, subnormals as zero. The product is exact in double. The double sum is
 * inexact only in its last bit, which can change the rounding to float32 only where the sum seems to lie exactly
 * between two float32 (its low 29 bits are 1 followed by zeros); then TwoSum's error says on which side it lies.
 */
export function fma32(a: number, b: number, c: number): number {
  const product = operand32(a) * operand32(b);
  const addend = operand32(c);
  const sum = product + addend;
  double[0] = sum;
  if ((words[LOW]! & 0x1fffffff) !== 0x10000000) return f32(sum);
  const part = sum - product;
  const error = product - (sum - part) + (addend - part);
  return f32(error === 0 || Number.isNaN(error) ? sum : nudge(error > 0 === sum > 0));
}

/**
 * fma32 where none of the three is subnormal (see `flushed`). Where the sum is neither a midpoint nor small, one rounding is left
 * to do. A midpoint is as far from its float32 as that is from the next one beyond, so that going as far again lands on a float32
 * (exactly: both are doubles); this test stays in registers, one of the sum's bits would go through memory.
 */
function step32(x: number, y: number, c: number): number {
  const sum = x * y + c;
  const rounded = Math.fround(sum);
  const beyond = sum + (sum - rounded);
  const plain = (Math.fround(beyond) !== beyond || beyond === rounded) && Math.abs(sum) > 2e-38;
  return plain ? rounded : fma32(x, y, c);
}

/**
 * Four columns of one row of accumulators, from +0: out[outAt + j] = Σ a[aAt + p]·panel[panelAt + 4 p + j], p ascending; nothing
 * is subnormal.
 */
export function fmaFour32(
  k: number,
  a: Float32Array,
  aAt: number,
  panel: Float32Array,
  panelAt: number,
  out: Float32Array,
  outAt: number,
): void {
  let c0 = 0;
  let c1 = 0;
  let c2 = 0;
  let c3 = 0;
  for (let p = 0; p < k; p++) {
    const x = a[aAt + p]!;
    const at = panelAt + 4 * p;
    c0 = step32(x, panel[at]!, c0);
    c1 = step32(x, panel[at + 1]!, c1);
    c2 = step32(x, panel[at + 2]!, c2);
    c3 = step32(x, panel[at + 3]!, c3);
  }
  out[outAt] = c0;
  out[outAt + 1] = c1;
  out[outAt + 2] = c2;
  out[outAt + 3] = c3;
}

/** One column of one row, as fmaFour32. */
export function fmaOne32(k: number, a: Float32Array, aAt: number, panel: Float32Array, panelAt: number): number {
  let c = 0;
  for (let p = 0; p < k; p++) c = step32(a[aAt + p]!, panel[panelAt + 4 * p]!, c);
  return c;
}

/** Chains of the dot order. */
export const CHAINS = 16;

/** Exact sums in dot order, from +0: step p of a row of A times each of `count` columns of B, k apart, goes to its chain p mod 16. */
export function fmaChains32(
  k: number,
  a: Float32Array,
  aAt: number,
  b: Float32Array,
  bAt: number,
  count: number,
  chains: Float32Array,
): void {
  chains.fill(0);
  for (let c = 0; c < count; c++) {
    const column = bAt + c * k;
    const at = c * CHAINS;
    for (let p = 0; p < k; p++) {
      const l = at + (p & (CHAINS - 1));
      chains[l] = step32(a[aAt + p]!, b[column + p]!, chains[l]!);
    }
  }
}

/** A copy in which subnormals are zeros of their sign, as arithmetic reads them; the array itself where there are none. */
export function flushed(array: FloatArray): FloatArray {
  let to = array;
  for (let i = 0; i < array.length; i++) {
    const x = array[i]!;
    const read = operand32(x);
    if (Object.is(x, read)) continue;
    if (to === array) to = dtypeOf(array) === "float32" ? new Float32Array(array) : new Float64Array(array);
    to[i] = read;
  }
  return to;
}
