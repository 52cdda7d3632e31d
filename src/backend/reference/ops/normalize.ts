// Layer and batch normalisation of the reference: twin of native/kernels/ops/normalize.h.
import type { Dtype, FloatArray } from "../../../core/types.ts";
import { reduceTerms } from "../reduce.ts";
import { arithmetic } from "./elementwise.ts";

type Read = (x: number) => number;

function rowMoments(read: Read, x: FloatArray, begin: number, cols: number, epsilon: number) {
  const mean = reduceTerms(cols, (j) => read(x[begin + j])) / cols;
  const variance =
    reduceTerms(cols, (j) => {
      const d = read(x[begin + j]) - mean;
      return d * d;
    }) / cols;
  return { mean, inverse: 1 / Math.sqrt(variance + epsilon) };
}

export function layerNorm(
  dtype: Dtype,
  rows: number,
  cols: number,
  x: FloatArray,
  gamma: FloatArray,
  beta: FloatArray,
  epsilon: number,
  y: FloatArray,
): void {
  const { round, read } = arithmetic(dtype);
  for (let r = 0; r < rows; r++) {
    const begin = r * cols;
    const { mean, inverse } = rowMoments(read, x, begin, cols, epsilon);
    for (let j = 0; j < cols; j++) {
      const normal = (read(x[begin + j]) - mean) * inverse;
      y[begin + j] = round(normal * read(gamma[j]) + read(beta[j]));
    }
  }
}

export function layerNormGradient(
  dtype: Dtype,
  rows: number,
  cols: number,
  x: FloatArray,
  gamma: FloatArray,
  dy: FloatArray,
  epsilon: number,
  dx: FloatArray,
  products: FloatArray,
): void {
  const { round, read } = arithmetic(dtype);
  for (let r = 0; r < rows; r++) {
    const begin = r * cols;
    const { mean, inverse } = rowMoments(read, x, begin, cols, epsilon);
    const normal = (j: number) => (read(x[begin + j]) - mean) * inverse;
    const scaled = (j: number) => read(dy[begin + j]) * read(gamma[j]);
    const meanG = reduceTerms(cols, scaled) / cols;
    const meanGx = reduceTerms(cols, (j) => scaled(j) * normal(j)) / cols;
    for (let j = 0; j < cols; j++) {
      const n = normal(j);
      const d = read(dy[begin + j]);
      const value = inverse * (scaled(j) - meanG - n * meanGx);
      products[begin + j] = round(d * n);
      dx[begin + j] = round(value);
    }
  }
}

function columnMoments(read: Read, x: FloatArray, rows: number, cols: number, c: number, epsilon: number) {
  let total = 0;
  for (let r = 0; r < rows; r++) total += read(x[r * cols + c]);
  const mean = total / rows;
  let squares = 0;
  for (let r = 0; r < rows; r++) {
    const d = read(x[r * cols + c]) - mean;
    squares += d * d;
  }
  const variance = squares / rows;
  return { mean, variance, inverse: 1 / Math.sqrt(variance + epsilon) };
}

export function batchNorm(
  dtype: Dtype,
  rows: number,
  cols: number,
  x: FloatArray,
  gamma: FloatArray,
  beta: FloatArray,
  epsilon: number,
  y: FloatArray,
  mean: FloatArray,
  variance: FloatArray,
): void {
  const { round, read } = arithmetic(dtype);
  for (let c = 0; c < cols; c++) {
    const m = columnMoments(read, x, rows, cols, c, epsilon);
    mean[c] = round(m.mean);
    variance[c] = round(m.variance * (rows > 1 ? rows / (rows - 1) : 1));
    for (let i = c; i < rows * cols; i += cols) {
      y[i] = round((read(x[i]) - m.mean) * m.inverse * read(gamma[c]) + read(beta[c]));
    }
  }
}

export function batchNormGradient(
  dtype: Dtype,
  rows: number,
  cols: number,
  x: FloatArray,
  gamma: FloatArray,
  dy: FloatArray,
  epsilon: number,
  dx: FloatArray,
  dgamma: FloatArray,
  dbeta: FloatArray,
): void {
  const { round, read } = arithmetic(dtype);
  for (let c = 0; c < cols; c++) {
    const m = columnMoments(read, x, rows, cols, c, epsilon);
    const normal = (i: number) => (read(x[i]) - m.mean) * m.inverse;
    let sumDy = 0;
    let sumDyx = 0;
    for (let i = c; i < rows * cols; i += cols) {
      const d = read(dy[i]);
      sumDy += d;
      sumDyx += d * normal(i);
    }
    dbeta[c] = round(sumDy);
    dgamma[c] = round(sumDyx);
    const factor = read(gamma[c]) * m.inverse;
    const meanDy = sumDy / rows;
    const meanDyx = sumDyx / rows;
    for (let i = c; i < rows * cols; i += cols) {
      dx[i] = round(factor * (read(dy[i]) - meanDy - normal(i) * meanDyx));
    }
  }
}
