// float32 arithmetic as NUMERICS defines it: one rounding per operation, subnormals read and written as zero.
// Native code gets this from the processor (FTZ, DAZ); here the double is tested before it is rounded, by its magnitude: a test that
// begins with the sign is a branch that is mispredicted half of the time.

/** Magnitudes below this have no normal float32 after rounding: 2⁻¹²⁶ − 2⁻¹⁵¹. */
const TINY = 1.1754943157898259e-38;
/** The smallest normal float32, 2⁻¹²⁶. */
const MIN_NORMAL = 1.1754943508222875e-38;

/** Rounds the exact (double) result of one float32 operation; what is too small becomes zero of its sign. */
export function f32(x: number): number {
  return Math.abs(x) < TINY ? x * 0 : Math.fround(x);
}

/** Reads a float32 operand for arithmetic or comparison: a subnormal counts as zero of its sign. */
export function operand32(x: number): number {
  return Math.abs(x) < MIN_NORMAL ? x * 0 : x;
}
