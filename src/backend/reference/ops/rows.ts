// Sums, softmax, cross-entropy and normalisation of the reference: twin of native/kernels/ops/{sums,softmax,normalize}.h.
// Everything is evaluated in double from the elements and rounded once.
import type { Dtype, FloatArray } from "../../../core/types.ts";
import { reduceTerms } from "../reduce.ts";
import { arithmetic } from "./elementwise.ts";
import { exp, log } from "./math.ts";

export function rowSums(dtype: Dtype, rows: number, cols: number, x: FloatArray, scale: number, out: FloatArray): void {
  const { round, read } = arithmetic(dtype);
  for (let r = 0; r < rows; r++) out[r] = round(reduceTerms(cols, (j) => read(x[r * cols + j])) * scale);
}

export function columnSums(dtype: Dtype, rows: number, cols: number, x: FloatArray, scale: number, out: FloatArray): void {
  const { round, read } = arithmetic(dtype);
  for (let c = 0; c < cols; c++) {
    let sum = 0;
    for (let r = 0; r < rows; r++) sum += read(x[r * cols + c]);
    out[c] = round(sum * scale);
  }
}

export function sumOf(dtype: Dtype, n: number, x: FloatArray): number {
  const { read } = arithmetic(dtype);
  return reduceTerms(n, (i) => read(x[i]));
}

interface RowSoftmax {
  readonly maximum: number;
  readonly sum: number;
  probability(j: number): number;
  /** log Σ exp(x). */
  readonly logSum: number;
}

function rowSoftmax(read: (x: number) => number, x: FloatArray, begin: number, cols: number): RowSoftmax {
  let maximum = read(x[begin]);
  for (let j = 1; j < cols; j++) maximum = read(x[begin + j]) > maximum ? read(x[begin + j]) : maximum;
  const term = (j: number) => exp(read(x[begin + j]) - maximum);
  const sum = reduceTerms(cols, term);
  const inverse = 1 / sum;
  return { maximum, sum, probability: (j) => term(j) * inverse, logSum: log(sum) + maximum };
}

export function softmax(dtype: Dtype, rows: number, cols: number, x: FloatArray, y: FloatArray): void {
  const { round, read } = arithmetic(dtype);
  const out = new Float64Array(cols);
  for (let r = 0; r < rows; r++) {
    const row = rowSoftmax(read, x, r * cols, cols);
    for (let j = 0; j < cols; j++) out[j] = round(row.probability(j));
    y.set(out, r * cols);
  }
}

export function logSoftmax(dtype: Dtype, rows: number, cols: number, x: FloatArray, y: FloatArray): void {
  const { round, read } = arithmetic(dtype);
  for (let r = 0; r < rows; r++) {
    const { logSum } = rowSoftmax(read, x, r * cols, cols);
    for (let j = r * cols; j < (r + 1) * cols; j++) y[j] = round(read(x[j]) - logSum);
  }
}

export function softmaxGradient(dtype: Dtype, rows: number, cols: number, y: FloatArray, dy: FloatArray, dx: FloatArray): void {
  const { round, read } = arithmetic(dtype);
  for (let r = 0; r < rows; r++) {
    const begin = r * cols;
    const dot = reduceTerms(cols, (j) => read(y[begin + j]) * read(dy[begin + j]));
    for (let j = begin; j < begin + cols; j++) dx[j] = round(read(y[j]) * (read(dy[j]) - dot));
  }
}

export function logSoftmaxGradient(
  dtype: Dtype,
  rows: number,
  cols: number,
  y: FloatArray,
  dy: FloatArray,
  dx: FloatArray,
): void {
  const { round, read } = arithmetic(dtype);
  for (let r = 0; r < rows; r++) {
    const begin = r * cols;
    const total = reduceTerms(cols, (j) => read(dy[begin + j]));
    for (let j = begin; j < begin + cols; j++) dx[j] = round(read(dy[j]) - exp(read(y[j])) * total);
  }
}

/** True where x[target] is the first of the row's largest elements. */
function firstMaximum(read: (x: number) => number, x: FloatArray, begin: number, cols: number, target: number): boolean {
  const value = read(x[begin + target]);
  for (let j = 0; j < cols; j++) {
    const other = read(x[begin + j]);
    if (j < target ? !(other < value) : other > value) return false;
  }
  return !Number.isNaN(value);
}

export function firstLargest(read: (x: number) => number, x: FloatArray, begin: number, cols: number): number {
  let best = 0;
  for (let j = 1; j < cols; j++) best = read(x[begin + j]) > read(x[begin + best]) ? j : best;
  return best;
}

export interface CrossEntropyCall {
  readonly rows: number;
  readonly cols: number;
  readonly x: FloatArray;
  readonly weights: FloatArray | null;
  readonly scale: number;
  readonly smoothing: number;
  readonly loss: FloatArray;
  readonly hits: FloatArray;
  readonly gradient: FloatArray | null;
}

export function crossEntropySparse(dtype: Dtype, call: CrossEntropyCall, labels: Int32Array): void {
  const { round, read } = arithmetic(dtype);
  const { rows, cols, x, weights, scale, smoothing, loss, hits, gradient } = call;
  const uniform = smoothing / cols;
  const certain = 1 - smoothing;
  for (let r = 0; r < rows; r++) {
    const begin = r * cols;
    const label = labels[r];
    if (label < 0 || label >= cols) {
      loss[r] = 0;
      hits[r] = 0;
      gradient?.fill(0, begin, begin + cols);
      continue;
    }
    const weight = weights ? read(weights[r]) : 1;
    const row = rowSoftmax(read, x, begin, cols);
    let value = row.logSum - read(x[begin + label]);
    if (smoothing !== 0) {
      value = certain * value + smoothing * (row.logSum - reduceTerms(cols, (j) => read(x[begin + j])) / cols);
    }
    loss[r] = round(weight * value);
    hits[r] = !Number.isNaN(row.sum) && firstMaximum(read, x, begin, cols, label) ? 1 : 0;
    if (!gradient) continue;
    const factor = weight * scale;
    for (let j = 0; j < cols; j++) {
      gradient[begin + j] = round((row.probability(j) - (j === label ? certain + uniform : uniform)) * factor);
    }
  }
}

export function crossEntropyDense(dtype: Dtype, call: CrossEntropyCall, targets: FloatArray): void {
  const { round, read } = arithmetic(dtype);
  const { rows, cols, x, weights, scale, smoothing, loss, hits, gradient } = call;
  for (let r = 0; r < rows; r++) {
    const begin = r * cols;
    const weight = weights ? read(weights[r]) : 1;
    const row = rowSoftmax(read, x, begin, cols);
    const target = (j: number) => read(targets[begin + j]) * (1 - smoothing) + smoothing / cols;
    const value = reduceTerms(cols, (j) => target(j) * (row.logSum - read(x[begin + j])));
    loss[r] = round(weight * value);
    const best = firstLargest(read, targets, begin, cols);
    hits[r] = !Number.isNaN(row.sum) && firstMaximum(read, x, begin, cols, best) ? 1 : 0;
    if (!gradient) continue;
    const mass = reduceTerms(cols, target);
    const factor = weight * scale;
    for (let j = 0; j < cols; j++) gradient[begin + j] = round((row.probability(j) * mass - target(j)) * factor);
  }
}
