// exp, log, tanh, erf and what follows from them in + − × ÷ only: line for line native/kernels/ops/math.h, where bounds
// and sources are given. float32 operations evaluate these in double and round once.

const words = new Uint32Array(2);
const double = new Float64Array(words.buffer);

/** 2^k for integral k in [−1022, 1023]. */
function exp2Integral(k: number): number {
  words[0] = 0;
  words[1] = (k + 1023) << 20;
  return double[0];
}

/** Half to even, for |x| < 2⁵¹. */
function roundEven(x: number): number {
  const big = 4503599627370496.0;
  return x < 0 ? x - big + big : x + big - big;
}

function expPolynomial(t: number): number {
  let p = 4.1381367970572385e-8;
  p = -1.6533902205465252e-6 + t * p;
  p = 6.613756321437934e-5 + t * p;
  p = -0.0027777777777015593 + t * p;
  return 0.16666666666666602 + t * p;
}

function expCorrection(r: number): number {
  const t = r * r;
  const c = r - t * expPolynomial(t);
  return (r * c) / (2 - c);
}

export function exp(x: number): number {
  if (x > 709.782712893384) return Number.POSITIVE_INFINITY;
  if (x < -708.3964185322641) return 0;
  if (Number.isNaN(x)) return x;
  const k = roundEven(x * Math.LOG2E);
  const high = x - k * 0.6931471803691238;
  const low = k * 1.9082149292705877e-10;
  const r = high - low;
  const t = r * r;
  const c = r - t * expPolynomial(t);
  const y = 1 - (low - (r * c) / (2 - c) - high);
  const half = roundEven(k * 0.5);
  return y * exp2Integral(half) * exp2Integral(k - half);
}

export function expm1(x: number): number {
  if (Math.abs(x) < 0.34) return x + expCorrection(x);
  return exp(x) - 1;
}

export function log(x: number): number {
  if (x === 0) return Number.NEGATIVE_INFINITY;
  if (x < 0) return Number.NaN;
  if (!(x < Number.POSITIVE_INFINITY)) return x;
  const tiny = x < 2.2250738585072014e-308;
  double[0] = tiny ? x * 1.8014398509481984e16 : x;
  let k = (words[1] >>> 20) - (tiny ? 1077 : 1023);
  words[1] = (words[1] & 0xfffff) | 0x3ff00000;
  let m = double[0];
  if (m > Math.SQRT2) {
    m = m * 0.5;
    k = k + 1;
  }
  const f = m - 1;
  const s = f / (2 + f);
  const z = s * s;
  let r = 0.14798198605116586;
  r = 0.15313837699209373 + z * r;
  r = 0.1818357216161805 + z * r;
  r = 0.22222198432149784 + z * r;
  r = 0.2857142874366239 + z * r;
  r = 0.3999999999940942 + z * r;
  r = 0.6666666666666735 + z * r;
  r = z * r;
  const halfSquare = 0.5 * f * f;
  const inner = s * (halfSquare + r) + k * 1.9082149292705877e-10;
  return k * 0.6931471803691238 - (halfSquare - inner - f);
}

/** log(1 + u) for u ≥ 0. */
export function log1p(u: number): number {
  const w = 1 + u;
  const d = w - 1;
  return d === 0 ? u : log(w) * (u / d);
}

export function sigmoid(x: number): number {
  return 1 / (1 + exp(-x));
}

export function tanh(x: number): number {
  const a = Math.abs(x);
  let magnitude: number;
  if (a < 0.625) {
    const z = a * a;
    let p = -0.9643991794250523;
    p = p * z + -99.28772310019185;
    p = p * z + -1614.6876844170845;
    let q = z + 112.81167849163293;
    q = q * z + 2235.4883906010045;
    q = q * z + 4844.063053251255;
    magnitude = a + a * ((z * p) / q);
  } else {
    magnitude = 1 - 2 / (exp(2 * a) + 1);
  }
  return x < 0 ? -magnitude : x === 0 ? x : magnitude;
}

export function erf(x: number): number {
  if (Number.isNaN(x)) return x;
  const a = Math.abs(x);
  let magnitude: number;
  if (a < 1) {
    const z = a * a;
    let t = 9.604973739870516;
    t = t * z + 90.02601972038427;
    t = t * z + 2232.005345946843;
    t = t * z + 7003.325141128051;
    t = t * z + 55592.30130103949;
    let u = z + 33.56171416475031;
    u = u * z + 521.3579497801527;
    u = u * z + 4594.323829709801;
    u = u * z + 22629.000061389095;
    u = u * z + 49267.39426086359;
    magnitude = a * (t / u);
  } else {
    const b = a > 6.5 ? 6.5 : a;
    let p = 2.461969814735305e-10;
    p = p * b + 0.5641895648310689;
    p = p * b + 7.463210564422699;
    p = p * b + 48.63719709856814;
    p = p * b + 196.5208329560771;
    p = p * b + 526.4451949954773;
    p = p * b + 934.5285271719576;
    p = p * b + 1027.5518868951572;
    p = p * b + 557.5353353693994;
    let q = b + 13.228195115474499;
    q = q * b + 86.70721408859897;
    q = q * b + 354.9377788878199;
    q = q * b + 975.7085017432055;
    q = q * b + 1823.9091668790973;
    q = q * b + 2246.3376081871097;
    q = q * b + 1656.6630919416134;
    q = q * b + 557.5353408177277;
    magnitude = 1 - (exp(-(b * b)) * p) / q;
  }
  return x < 0 ? -magnitude : magnitude;
}
