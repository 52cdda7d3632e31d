// log and log1p in + − × ÷ alone. Method and coefficients: FreeBSD msun / fdlibm (Sun Microsystems, 1993):
// x = 2ᵏ · (1 + f) with 1 + f in [√½, √2), and log(1 + f) by an odd series in s = f ÷ (2 + f).
import { highWord, withHighWord } from "./bits.ts";
import { LN2_HIGH, LN2_LOW } from "./exp.ts";

const L1 = 0.6666666666666735;
const L2 = 0.3999999999940942;
const L3 = 0.2857142874366239;
const L4 = 0.22222198432149784;
const L5 = 0.1818357216161805;
const L6 = 0.15313837699209373;
const L7 = 0.14798198605116586;
const TWO_54 = 18014398509481984;

/** Splits positive finite x into a significand in [√½, √2) and its exponent. */
export function splitExponent(x: number): { significand: number; exponent: number } {
  const subnormal = x < 2.2250738585072014e-308;
  const normal = subnormal ? x * TWO_54 : x;
  const high = highWord(normal);
  // Adding 0x95f64 carries into the exponent exactly where the significand is at least √2.
  const carry = ((high & 0xfffff) + 0x95f64) & 0x100000;
  const significand = withHighWord(normal, (high & 0xfffff) | (carry ^ 0x3ff00000));
  return { significand, exponent: (high >>> 20) - 1023 + (carry >>> 20) - (subnormal ? 54 : 0) };
}

/** log(1 + f) + k·ln 2 + c, where c is a small correction. */
function assemble(f: number, k: number, c: number): number {
  const half = 0.5 * f * f;
  const s = f / (2 + f);
  const z = s * s;
  const w = z * z;
  const series = z * (L1 + w * (L3 + w * (L5 + w * L7))) + w * (L2 + w * (L4 + w * L6));
  return k * LN2_HIGH - (half - (s * (half + series) + (k * LN2_LOW + c)) - f);
}

/** Natural logarithm. Error below 1 ulp. log(±0) = −Infinity, NaN below 0. */
export function log(x: number): number {
  if (!(x > 0)) return x === 0 ? -Infinity : NaN;
  if (x === Infinity) return x;
  const { significand, exponent } = splitExponent(x);
  return assemble(significand - 1, exponent, 0);
}

/** log(1 + x) without cancellation near 0. Error below 1 ulp. −Infinity at −1, NaN below. */
export function log1p(x: number): number {
  if (!(x > -1)) return x === -1 ? -Infinity : NaN;
  if (x === Infinity || Math.abs(x) < 1.1e-16) return x;
  if (x > -0.2928 && x < 0.4142) return assemble(x, 0, 0);
  const u = 1 + x;
  const { significand, exponent } = splitExponent(u);
  // What rounding 1 + x lost, relative to u: log(u + lost) = log(u) + lost ÷ u.
  const lost = exponent > 0 ? 1 - (u - x) : x - (u - 1);
  return assemble(significand - 1, exponent, lost / u);
}
