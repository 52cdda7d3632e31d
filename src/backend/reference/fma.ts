// The fused multiply-add that JavaScript lacks: a·b + c with one rounding to float32 (NUMERICS: GEMM).
import { f32, operand32 } from "../../core/f32.ts";

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
