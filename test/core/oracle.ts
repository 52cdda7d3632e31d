// High-precision references for the scalar mathematics: fixed-point BigInt with 400 fractional bits and plain Taylor
// series, sharing nothing with the algorithms under test.

export const BITS = 400n;
export const ONE = 1n << BITS;

/** A double as a fixed-point integer, exact for |x| ≥ 2⁻³⁰⁰ or so. */
export function fixed(x: number): bigint {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, x);
  const bits = view.getBigUint64(0);
  const exponent = (bits >> 52n) & 0x7ffn;
  const fraction = bits & 0xfffffffffffffn;
  const significand = exponent === 0n ? fraction : fraction | (1n << 52n);
  const shift = BITS + (exponent === 0n ? 1n : exponent) - 1075n;
  const magnitude = shift >= 0n ? significand << shift : significand >> -shift;
  return bits >> 63n ? -magnitude : magnitude;
}

export const times = (a: bigint, b: bigint): bigint => (a * b) >> BITS;

function artanhInverse(n: bigint): bigint {
  let term = ONE / n;
  let sum = 0n;
  for (let k = 1n; term !== 0n; k += 2n, term /= n * n) sum += term / k;
  return sum;
}

export const LN2 = 2n * artanhInverse(3n);

function atanInverse(n: bigint): bigint {
  let term = ONE / n;
  let sum = 0n;
  for (let k = 0n; term !== 0n; k++, term /= n * n) sum += (k % 2n ? -term : term) / (2n * k + 1n);
  return sum;
}

export const PI = 4n * (4n * atanInverse(5n) - atanInverse(239n));

/** eˣ of a fixed-point x as a fixed-point mantissa and a power of two. */
export function expFixed(x: bigint): { mantissa: bigint; exponent: bigint } {
  const k = x / LN2;
  const r = x - k * LN2;
  let term = ONE;
  let sum = 0n;
  for (let n = 1n; term !== 0n; n++) {
    sum += term;
    term = times(term, r) / n;
  }
  return { mantissa: sum, exponent: k };
}

/** ln of a positive fixed-point m · 2ᵉ. */
export function logFixed(x: bigint, shift = 0n): bigint {
  let m = x;
  let e = shift;
  while (m >= 2n * ONE) {
    m >>= 1n;
    e++;
  }
  while (m < ONE) {
    m <<= 1n;
    e--;
  }
  const s = ((m - ONE) << BITS) / (m + ONE);
  const z = times(s, s);
  let term = s;
  let sum = 0n;
  for (let k = 1n; term !== 0n; k += 2n, term = times(term, z)) sum += term / k;
  return 2n * sum + e * LN2;
}

/** sin and cos of a fixed-point angle. */
export function sinCosFixed(x: bigint): { sin: bigint; cos: bigint } {
  let r = x % (2n * PI);
  if (r > PI) r -= 2n * PI;
  if (r < -PI) r += 2n * PI;
  let term = ONE;
  let sin = 0n;
  let cos = 0n;
  for (let n = 1n; term !== 0n && term !== -1n; n++) {
    if (n % 2n) cos += (n - 1n) % 4n ? -term : term;
    else sin += (n - 2n) % 4n ? -term : term;
    term = times(term, r) / n;
  }
  return { sin, cos };
}

/** Distance of `actual` from the exact value `mantissa · 2^exponent`, in units of the spacing of doubles at that value. */
export function ulps(actual: number, mantissa: bigint, exponent = 0n): number {
  const magnitude = mantissa < 0n ? -mantissa : mantissa;
  // Exponent of the leading bit of the exact value.
  const top = BigInt(magnitude.toString(2).length - 1) - BITS + exponent;
  const unit = top < -1022n ? -1074n : top - 52n;
  // Both scaled by 2^(120 − unit).
  const scaleExact = exponent - BITS - unit + 120n;
  const exact = scaleExact >= 0n ? mantissa << scaleExact : mantissa >> -scaleExact;
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, actual);
  const bits = view.getBigUint64(0);
  const e = (bits >> 52n) & 0x7ffn;
  const significand = e === 0n ? bits & 0xfffffffffffffn : (bits & 0xfffffffffffffn) | (1n << 52n);
  const scaleActual = (e === 0n ? 1n : e) - 1075n - unit + 120n;
  const value = scaleActual >= 0n ? significand << scaleActual : significand >> -scaleActual;
  const difference = (bits >> 63n ? -value : value) - exact;
  return Number(difference < 0n ? -difference : difference) / Number(1n << 120n);
}
