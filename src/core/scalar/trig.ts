// sin and cos in + − × ÷ alone. Polynomials: FreeBSD msun / fdlibm (Sun Microsystems, 1993) on [−π/4, π/4];
// the reduction by multiples of π/2 is exact to 150 bits, and beyond 2²⁰ quarter turns done in integers.
import { powerOfTwo } from "./bits.ts";

const S1 = -0.16666666666666632;
const S2 = 0.00833333333332249;
const S3 = -0.0001984126982985795;
const S4 = 2.7557313707070068e-6;
const S5 = -2.5050760253406863e-8;
const S6 = 1.58969099521155e-10;
const C1 = 0.0416666666666666;
const C2 = -0.001388888888887411;
const C3 = 2.480158728947673e-5;
const C4 = -2.7557314351390663e-7;
const C5 = 2.087572321298175e-9;
const C6 = -1.1359647557788195e-11;

const TWO_OVER_PI = 0.6366197723675814;
// π/2 in three parts of 33 bits (so that a 20-bit multiple is exact) and the rest.
const HALF_PI_1 = 1.5707963267341256;
const HALF_PI_2 = 6.077100506303966e-11;
const HALF_PI_3 = 2.0222662487111665e-21;
const HALF_PI_REST = 8.4784276603689e-32;

/** sin(x + tail), |x| ≤ π/4. */
function sinKernel(x: number, tail: number): number {
  const z = x * x;
  const v = z * x;
  const r = S2 + z * (S3 + z * (S4 + z * (S5 + z * S6)));
  return x - (z * (0.5 * tail - v * r) - tail - v * S1);
}

/** cos(x + tail), |x| ≤ π/4. */
function cosKernel(x: number, tail: number): number {
  const z = x * x;
  const r = z * (C1 + z * (C2 + z * (C3 + z * (C4 + z * (C5 + z * C6)))));
  const half = 0.5 * z;
  const w = 1 - half;
  return w + (1 - w - half + (z * r - x * tail));
}

interface Reduced {
  quadrant: number;
  high: number;
  low: number;
}

const reduced: Reduced = { quadrant: 0, high: 0, low: 0 };

/** x − n·π/2 as high + low, n mod 4 as quadrant; the result object is reused. */
function reduce(x: number): Reduced {
  if (Math.abs(x) > 1.6e6) return reduceLarge(x);
  const n = Math.floor(x * TWO_OVER_PI + 0.5);
  const a = x - n * HALF_PI_1; // exact
  const b = n * HALF_PI_2; // exact
  const difference = a - b;
  const back = difference - a;
  const error = a - (difference - back) - (b + back);
  const c = n * HALF_PI_3; // exact
  const rest = error - c - n * HALF_PI_REST;
  reduced.quadrant = n & 3;
  reduced.high = difference + rest;
  reduced.low = difference - reduced.high + rest;
  return reduced;
}

const FRACTION_BITS = 1300n;
let halfPi: bigint | undefined;

/** π/2 · 2¹³⁰⁰ by Machin's formula, made at first use. */
function halfPiInteger(): bigint {
  const one = 1n << (FRACTION_BITS + 32n);
  const arcTangentOfInverse = (n: bigint): bigint => {
    let term = one / n;
    let sum = 0n;
    for (let k = 0n; term !== 0n; k++, term /= n * n) sum += (k % 2n === 0n ? term : -term) / (2n * k + 1n);
    return sum;
  };
  halfPi ??= (2n * (4n * arcTangentOfInverse(5n) - arcTangentOfInverse(239n))) >> 32n;
  return halfPi;
}

/** The same for |x| > 2²⁰: an integer division with 1300 bits behind the point, enough for every double. */
function reduceLarge(x: number): Reduced {
  const divisor = halfPiInteger();
  const magnitude = Math.abs(x);
  const whole = Math.floor(magnitude);
  const fraction = BigInt((magnitude - whole) * powerOfTwo(64)); // a double above 2²⁰ has at most 32 bits behind the point
  const value = (BigInt(whole) << FRACTION_BITS) + (fraction << (FRACTION_BITS - 64n));
  let n = value / divisor;
  let rest = value - n * divisor;
  if (2n * rest > divisor) {
    n += 1n;
    rest -= divisor;
  }
  // 200 bits of the rest: no double is nearer than 2⁻⁶² to a multiple of π/2.
  const rest200 = rest >> (FRACTION_BITS - 200n);
  const high = Number(rest200);
  const low = Number(rest200 - BigInt(high));
  const sign = x < 0 ? -powerOfTwo(-200) : powerOfTwo(-200);
  reduced.quadrant = Number(x < 0 ? -n & 3n : n & 3n);
  reduced.high = high * sign;
  reduced.low = low * sign;
  return reduced;
}

function wave(x: number, shift: number): number {
  if (!(Math.abs(x) < Infinity)) return NaN;
  let quadrant = shift;
  let high = x;
  let low = 0;
  if (Math.abs(x) > 0.7853981633974482) {
    const r = reduce(x);
    quadrant = (r.quadrant + shift) & 3;
    high = r.high;
    low = r.low;
  }
  const value = quadrant & 1 ? cosKernel(high, low) : sinKernel(high, low);
  return quadrant & 2 ? -value : value;
}

/** Sine of x radians, any finite x. Error below 1 ulp. sin(±0) = ±0, NaN for ±Infinity. */
export function sin(x: number): number {
  return x === 0 ? x : wave(x, 0);
}

/** Cosine of x radians, any finite x. Error below 1 ulp. NaN for ±Infinity. */
export function cos(x: number): number {
  return wave(x, 1);
}
