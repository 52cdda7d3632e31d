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
  const big = 4503599627370496;
  return x < 0 ? x - big + big : x + big - big;
}

function expPolynomial(t: number): number {
  let p = 4.13813679705723846039e-8;
  p = -1.6533902205465251539e-6 + t * p;
  p = 6.61375632143793436117e-5 + t * p;
  p = -2.77777777770155933842e-3 + t * p;
  return 1.66666666666666019037e-1 + t * p;
}

function expCorrection(r: number): number {
  const t = r * r;
  const c = r - t * expPolynomial(t);
  return (r * c) / (2 - c);
}

export function exp(x: number): number {
  if (x > 709.782712893384) return Number.POSITIVE_INFINITY;
  if (x < -708.3964185322641) return 0;
  if (x !== x) return x;
  const k = roundEven(x * 1.442695040888963387);
  const high = x - k * 6.9314718036912381649e-1;
  const low = k * 1.90821492927058770002e-10;
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
  double[0] = tiny ? x * 18014398509481984 : x;
  let k = (words[1] >>> 20) - (tiny ? 1077 : 1023);
  words[1] = (words[1] & 0xfffff) | 0x3ff00000;
  let m = double[0];
  if (m > 1.4142135623730951) {
    m = m * 0.5;
    k = k + 1;
  }
  const f = m - 1;
  const s = f / (2 + f);
  const z = s * s;
  let r = 1.479819860511658591e-1;
  r = 1.531383769920937332e-1 + z * r;
  r = 1.818357216161805012e-1 + z * r;
  r = 2.222219843214978396e-1 + z * r;
  r = 2.857142874366239149e-1 + z * r;
  r = 3.999999999940941908e-1 + z * r;
  r = 6.66666666666673513e-1 + z * r;
  r = z * r;
  const halfSquare = 0.5 * f * f;
  const inner = s * (halfSquare + r) + k * 1.90821492927058770002e-10;
  return k * 6.9314718036912381649e-1 - (halfSquare - inner - f);
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
    let p = -9.64399179425052238628e-1;
    p = p * z + -9.92877231001918586564e1;
    p = p * z + -1.61468768441708447952e3;
    let q = z + 1.12811678491632931402e2;
    q = q * z + 2.23548839060100448583e3;
    q = q * z + 4.84406305325125486048e3;
    magnitude = a + a * ((z * p) / q);
  } else {
    magnitude = 1 - 2 / (exp(2 * a) + 1);
  }
  return x < 0 ? -magnitude : x === 0 ? x : magnitude;
}

export function erf(x: number): number {
  if (x !== x) return x;
  const a = Math.abs(x);
  let magnitude: number;
  if (a < 1) {
    const z = a * a;
    let t = 9.60497373987051638749;
    t = t * z + 9.00260197203842689217e1;
    t = t * z + 2.23200534594684319226e3;
    t = t * z + 7.00332514112805075473e3;
    t = t * z + 5.55923013010394962768e4;
    let u = z + 3.35617141647503099647e1;
    u = u * z + 5.21357949780152679795e2;
    u = u * z + 4.59432382970980127987e3;
    u = u * z + 2.26290000613890934246e4;
    u = u * z + 4.92673942608635921086e4;
    magnitude = a * (t / u);
  } else {
    const b = a > 6.5 ? 6.5 : a;
    let p = 2.46196981473530512524e-10;
    p = p * b + 5.64189564831068821977e-1;
    p = p * b + 7.46321056442269912687;
    p = p * b + 4.86371970985681366614e1;
    p = p * b + 1.96520832956077098242e2;
    p = p * b + 5.26445194995477358631e2;
    p = p * b + 9.3452852717195760754e2;
    p = p * b + 1.02755188689515710272e3;
    p = p * b + 5.57535335369399327526e2;
    let q = b + 1.32281951154744992508e1;
    q = q * b + 8.67072140885989742329e1;
    q = q * b + 3.54937778887819891062e2;
    q = q * b + 9.75708501743205489753e2;
    q = q * b + 1.82390916687909736289e3;
    q = q * b + 2.24633760818710981792e3;
    q = q * b + 1.65666309194161350182e3;
    q = q * b + 5.57535340817727675546e2;
    magnitude = 1 - (exp(-(b * b)) * p) / q;
  }
  return x < 0 ? -magnitude : magnitude;
}
