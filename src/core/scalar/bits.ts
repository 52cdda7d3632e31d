// The bits of a double as two 32-bit words: exponents read and written without rounding.

const double = new Float64Array(1);
const words = new Uint32Array(double.buffer);
double[0] = 1;
/** Index of the word that holds sign, exponent and the top 20 bits of the fraction. */
const HIGH = words[1] !== 0 ? 1 : 0;

/** The word with sign, exponent and top 20 fraction bits. */
export function highWord(x: number): number {
  double[0] = x;
  return words[HIGH]!;
}

/** `x` with its high word replaced. */
export function withHighWord(x: number, high: number): number {
  double[0] = x;
  words[HIGH] = high;
  return double[0]!;
}

/** 2ᵏ for −1022 ≤ k ≤ 1023, exact. */
export function powerOfTwo(k: number): number {
  double[0] = 0;
  words[HIGH] = (k + 1023) << 20;
  return double[0]!;
}

/** x · 2ᵏ rounded once, for |x| in [¼, 4] and −1100 ≤ k ≤ 1100. */
export function scale(x: number, k: number): number {
  if (k > 1020) return x * powerOfTwo(1020) * powerOfTwo(k - 1020);
  return k >= -1020 ? x * powerOfTwo(k) : x * powerOfTwo(k + 1000) * powerOfTwo(-1000);
}
