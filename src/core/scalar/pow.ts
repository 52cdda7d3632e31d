// Powers: `powInteger` by repeated squaring (the one definition of βᵗ), `pow` for real exponents through a logarithm
// carried in two doubles.
import { exp, expSum } from "./exp.ts";
import { splitExponent } from "./log.ts";

/**
 * xⁿ for an integer n by repeated squaring from the lowest bit; 1 ÷ x⁻ⁿ where n < 0. x⁰ = 1, NaN⁰ too.
 * Each of the about 2·log₂|n| products rounds once; relative error at most |n| · 2⁻⁵³ (1 + small). Exact for powers of two.
 */
export function powInteger(x: number, n: number): number {
  let rest = Math.abs(n);
  let base = x;
  let result = 1;
  while (rest > 0) {
    if (rest % 2 === 1) result *= base;
    rest = Math.floor(rest / 2);
    if (rest > 0) base *= base;
  }
  return n < 0 ? 1 / result : result;
}

const SPLITTER = 134217729; // 2²⁷ + 1

/** a · b − high exactly, where high = a · b rounded (Dekker); no overflow for the magnitudes used here. */
function productError(a: number, b: number, high: number): number {
  const ca = SPLITTER * a;
  const a1 = ca - (ca - a);
  const a2 = a - a1;
  const cb = SPLITTER * b;
  const b1 = cb - (cb - b);
  const b2 = b - b1;
  return a2 * b2 - (high - a1 * b1 - a2 * b1 - a1 * b2);
}

/** A number as the unevaluated sum high + low. */
interface Pair {
  high: number;
  low: number;
}

function quickSum(high: number, low: number): Pair {
  const sum = high + low;
  return { high: sum, low: low - (sum - high) };
}

function add(a: Pair, b: Pair): Pair {
  const sum = a.high + b.high;
  const back = sum - a.high;
  return quickSum(sum, a.high - (sum - back) + (b.high - back) + a.low + b.low);
}

function multiply(a: Pair, b: Pair): Pair {
  const high = a.high * b.high;
  return quickSum(high, productError(a.high, b.high, high) + (a.high * b.low + a.low * b.high));
}

function divide(a: Pair, b: Pair): Pair {
  const high = a.high / b.high;
  const product = high * b.high;
  const rest = a.high - product - productError(high, b.high, product) + a.low - high * b.low;
  return quickSum(high, rest / b.high);
}

const LN2: Pair = { high: Math.LN2, low: 2.3190468138462996e-17 };
const ODD_INVERSES: readonly Pair[] = Array.from({ length: 8 }, (_, i) =>
  divide({ high: 1, low: 0 }, { high: 2 * i + 1, low: 0 }),
);

/** Natural logarithm of positive finite x to about 100 bits: 2·artanh(s), s = (m − 1) ÷ (m + 1), plus k·ln 2. */
function logPair(x: number): Pair {
  const { significand: m, exponent: k } = splitExponent(x);
  const s = divide({ high: m - 1, low: 0 }, quickSum(Math.max(m, 1), Math.min(m, 1)));
  const z = multiply(s, s);
  let tail = 0; // terms 8 … 18 together are below 2⁻⁴⁰ of the sum: double is enough
  for (let i = 18; i >= 8; i--) tail = tail * z.high + 1 / (2 * i + 1);
  let series: Pair = { high: tail, low: 0 };
  for (let i = 7; i >= 0; i--) series = add(ODD_INVERSES[i]!, multiply(series, z));
  const mantissa = multiply(series, s);
  const doubled = { high: 2 * mantissa.high, low: 2 * mantissa.low };
  return k === 0 ? doubled : add(multiply({ high: k, low: 0 }, LN2), doubled);
}

const isOdd = (y: number): boolean => Math.abs(y) < 9007199254740992 && Math.abs(y) % 2 === 1;

/**
 * xʸ with JavaScript's special cases (NaN for a negative base with a fraction as exponent and for |x| = 1 with y = ±Infinity).
 * Error below 1 ulp.
 */
export function pow(x: number, y: number): number {
  if (y === 0) return 1;
  if (Number.isNaN(x) || Number.isNaN(y)) return NaN;
  const magnitude = Math.abs(x);
  if (Math.abs(y) === Infinity) return magnitude === 1 ? NaN : magnitude > 1 === y > 0 ? Infinity : 0;
  const negative = (x < 0 || Object.is(x, -0)) && isOdd(y);
  if (magnitude === 0 || magnitude === Infinity) {
    const result = (magnitude === 0) === y > 0 ? 0 : Infinity;
    return negative ? -result : result;
  }
  if (x < 0 && Math.floor(y) !== y) return NaN;
  if (y === 1) return x;
  const result = realPower(magnitude, y);
  return negative ? -result : result;
}

function realPower(x: number, y: number): number {
  if (x === 1) return 1;
  const logarithm = logPair(x);
  const estimate = y * logarithm.high;
  if (!(Math.abs(estimate) < 800)) return exp(estimate);
  const { high, low } = multiply({ high: y, low: 0 }, logarithm);
  return expSum(high, low);
}
