// Element-wise operations of the reference: twin of native/kernels/ops/elementwise.h. Each result is computed in double
// and rounded once by `round`; `read` is what arithmetic sees of an operand (float32 subnormals count as zero).
import { f32, operand32 } from "../../../core/f32.ts";
import type { Dtype, FloatArray } from "../../../core/types.ts";
import type { BinaryKind, UnaryKind } from "../../program.ts";
import { geluInner, SMOOTH } from "./activations.ts";
import { erf, exp, expm1, log, log1p, sigmoid, tanh } from "./math.ts";

export interface Arithmetic {
  readonly round: (x: number) => number;
  readonly read: (x: number) => number;
}

const same = (x: number) => x;

export function arithmetic(dtype: Dtype): Arithmetic {
  return dtype === "float32" ? { round: f32, read: operand32 } : { round: same, read: same };
}

type Unary = (x: number, alpha: number) => number;
type UnaryGradient = (s: number, dy: number, alpha: number) => number;

/** Functions that move or negate: subnormals keep their bits. */
const MOVES: Partial<Record<UnaryKind, (raw: number, read: number) => number>> = {
  relu: (raw, x) => (0 > x ? 0 : raw),
  abs: (raw) => Math.abs(raw),
  negate: (raw) => -raw,
  copy: (raw) => raw,
};

const UNARY: Partial<Record<UnaryKind, Unary>> = {
  elu: (x, a) => (x > 0 ? x : a * expm1(x)),
  ...SMOOTH,
  softplus: (x) => (0 > x ? 0 : x) + log1p(exp(-Math.abs(x))),
  exp,
  log,
  sqrt: Math.sqrt,
  square: (x) => x * x,
  reciprocal: (x) => 1 / x,
  scale: (x, a) => x * a,
  offset: (x, a) => x + a,
  log1p,
};

export function unary(dtype: Dtype, kind: UnaryKind, n: number, x: FloatArray, y: FloatArray, alpha: number): void {
  const { round, read } = arithmetic(dtype);
  const move = MOVES[kind];
  if (move) {
    for (let i = 0; i < n; i++) y[i] = move(x[i], read(x[i]));
    return;
  }
  const a = read(round(alpha));
  if (kind === "leakyRelu") {
    for (let i = 0; i < n; i++) y[i] = read(x[i]) > 0 ? x[i] : round(read(x[i]) * a);
    return;
  }
  const f = UNARY[kind] as Unary;
  for (let i = 0; i < n; i++) y[i] = round(f(read(x[i]), a));
}

const UNARY_GRADIENT: Partial<Record<UnaryKind, UnaryGradient>> = {
  elu: (s, dy, a) => dy * (s > 0 ? 1 : a * exp(s)),
  silu: (s, dy) => {
    const g = sigmoid(s);
    return dy * (g * (1 + s * (1 - g)));
  },
  gelu: (s, dy) => {
    const phi = 0.5 * (1 + erf(s * Math.SQRT1_2));
    const density = 0.3989422804014327 * exp(-0.5 * (s * s));
    return dy * (phi + s * density);
  },
  geluTanh: (s, dy) => {
    const t = tanh(geluInner(s));
    const slope = 0.7978845608028654 * (1 + 0.134145 * (s * s));
    return dy * (0.5 * (1 + t) + 0.5 * s * ((1 - t * t) * slope));
  },
  sigmoid: (s, dy) => dy * (s * (1 - s)),
  tanh: (s, dy) => dy * (1 - s * s),
  softplus: (s, dy) => dy * sigmoid(s),
  exp: (s, dy) => dy * s,
  log: (s, dy) => dy / s,
  sqrt: (s, dy) => dy / (2 * s),
  square: (s, dy) => dy * (2 * s),
  reciprocal: (s, dy) => -(dy / (s * s)),
  scale: (_, dy, a) => dy * a,
  log1p: (s, dy) => dy / (1 + s),
};

/** Gradients that choose between moved values; `raw` is dy with its bits. */
const CHOICES: Partial<Record<UnaryKind, (s: number, raw: number) => number>> = {
  relu: (s, raw) => (s > 0 ? raw : 0),
  abs: (s, raw) => (s > 0 ? raw : s < 0 ? -raw : 0),
  negate: (_, raw) => -raw,
  offset: (_, raw) => raw,
  copy: (_, raw) => raw,
};

export function unaryGradient(
  dtype: Dtype,
  kind: UnaryKind,
  n: number,
  s: FloatArray,
  dy: FloatArray,
  dx: FloatArray,
  alpha: number,
): void {
  const { round, read } = arithmetic(dtype);
  const a = read(round(alpha));
  const choice = CHOICES[kind];
  if (choice) {
    for (let i = 0; i < n; i++) dx[i] = choice(read(s[i]), dy[i]);
    return;
  }
  if (kind === "leakyRelu") {
    for (let i = 0; i < n; i++) dx[i] = read(s[i]) > 0 ? dy[i] : round(read(dy[i]) * a);
    return;
  }
  const f = UNARY_GRADIENT[kind] as UnaryGradient;
  for (let i = 0; i < n; i++) dx[i] = round(f(read(s[i]), read(dy[i]), a));
}

const BINARY: Record<"add" | "subtract" | "multiply" | "divide", (a: number, b: number) => number> = {
  add: (a, b) => a + b,
  subtract: (a, b) => a - b,
  multiply: (a, b) => a * b,
  divide: (a, b) => a / b,
};

/** c = a ∘ b over rows × cols; each side spreads as SPREAD says. */
export function binary(
  dtype: Dtype,
  kind: BinaryKind,
  rows: number,
  cols: number,
  a: FloatArray,
  left: number,
  b: FloatArray,
  right: number,
  c: FloatArray,
): void {
  const { round, read } = arithmetic(dtype);
  const f = kind === "maximum" || kind === "minimum" ? undefined : BINARY[kind];
  for (let r = 0; r < rows; r++) {
    for (let j = 0; j < cols; j++) {
      const x = a[spread(left, r, j, cols)];
      const y = b[spread(right, r, j, cols)];
      const i = r * cols + j;
      if (f) c[i] = round(f(read(x), read(y)));
      else if (kind === "maximum") c[i] = read(x) > read(y) ? x : y;
      else c[i] = read(x) < read(y) ? x : y;
    }
  }
}

export function spread(mode: number, row: number, col: number, cols: number): number {
  if (mode === 0) return row * cols + col;
  return mode === 1 ? col : mode === 2 ? row : 0;
}

/** out = a > b ? c : 0, or the other way round. */
export function maskGreater(
  dtype: Dtype,
  inverted: boolean,
  n: number,
  a: FloatArray,
  b: FloatArray,
  c: FloatArray,
  out: FloatArray,
): void {
  const { read } = arithmetic(dtype);
  for (let i = 0; i < n; i++) out[i] = read(a[i]) > read(b[i]) !== inverted ? c[i] : 0;
}

/** y = y·decay + x·weight, each operation rounded. */
export function blend(dtype: Dtype, n: number, y: FloatArray, decay: number, x: FloatArray, weight: number): void {
  const { round, read } = arithmetic(dtype);
  const d = read(round(decay));
  const w = read(round(weight));
  for (let i = 0; i < n; i++) y[i] = round(round(read(y[i]) * d) + round(read(x[i]) * w));
}
