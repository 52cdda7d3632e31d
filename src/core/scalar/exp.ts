// exp, expm1, tanh in + − × ÷ alone, so that every runtime gives the same double.
// Method and coefficients: FreeBSD msun / fdlibm (Sun Microsystems, 1993): x = k·ln 2 + r, a rational form of exp(r).
import { scale } from "./bits.ts";

export const LN2_HIGH = 0.6931471803691238; // 33 bits, so that k · LN2_HIGH is exact
export const LN2_LOW = 1.9082149292705877e-10;
const INVERSE_LN2 = Math.LOG2E;
const P1 = 0.16666666666666602;
const P2 = -0.0027777777777015593;
const P3 = 6.613756321437934e-5;
const P4 = -1.6533902205465252e-6;
const P5 = 4.1381367970572385e-8;

/** r·c ÷ (2 − c), so that exp(r) = 1 + r + it, for |r| ≤ 0.35. */
function beyondLinear(r: number): number {
  const t = r * r;
  const c = r - t * (P1 + t * (P2 + t * (P3 + t * (P4 + t * P5))));
  return (r * c) / (2 - c);
}

/** eˣ. Error below 1 ulp (subnormal results: below 1 of their spacing). Overflows to Infinity above 709.78…, to 0 below −745.13…. */
export function exp(x: number): number {
  if (Number.isNaN(x)) return x;
  if (x > 709.782712893384) return Infinity;
  if (x < -745.1332191019412) return 0;
  const k = Math.floor(x * INVERSE_LN2 + 0.5);
  const high = x - k * LN2_HIGH;
  const low = k * LN2_LOW;
  return scale(1 - (low - beyondLinear(high - low) - high), k);
}

/** exp(high + low) for |low| far below |high|: what `pow` needs. Same bounds as `exp`. */
export function expSum(x: number, tail: number): number {
  if (x > 710) return Infinity;
  if (x < -746) return 0;
  const k = Math.floor(x * INVERSE_LN2 + 0.5);
  const high = x - k * LN2_HIGH;
  const low = k * LN2_LOW - tail;
  return scale(1 - (low - beyondLinear(high - low) - high), k);
}

/** eˣ − 1 without cancellation near 0. Error below 2 ulp. */
export function expm1(x: number): number {
  if (Number.isNaN(x) || x === 0) return x;
  if (x > 709.782712893384) return Infinity;
  if (x < -40) return -1;
  const k = Math.floor(x * INVERSE_LN2 + 0.5);
  if (k === 0) return x + beyondLinear(x);
  const high = x - k * LN2_HIGH;
  const low = k * LN2_LOW;
  const r = high - low;
  // exp(r) − 1, with what rounding r lost.
  const e = beyondLinear(r) + (high - r - low) + r;
  // eˣ − 1 = 2ᵏ · (e + (1 − 2⁻ᵏ)), and 1 − 2⁻ᵏ is exact for |k| ≤ 53.
  if (k > 53) return scale(1 + e, k);
  const one = scale(1, -k);
  return scale(e + (1 - one), k);
}

/** Hyperbolic tangent. Error below 3 ulp; ±1 beyond |x| = 22. */
export function tanh(x: number): number {
  if (Number.isNaN(x) || x === 0) return x;
  const magnitude = Math.abs(x);
  let t: number;
  if (magnitude > 22) t = 1;
  else if (magnitude >= 1) t = 1 - 2 / (expm1(2 * magnitude) + 2);
  else {
    const e = expm1(-2 * magnitude);
    t = -e / (e + 2);
  }
  return x < 0 ? -t : t;
}
