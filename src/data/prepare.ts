// Preparing arrays for training: one-hot labels, standardisation, splitting into training and test rows.

import { checkFloatArray, checkInteger, dtypeOf } from "../core/checks.ts";
import { wrongKind, wrongValue } from "../core/errors.ts";
import { permutation } from "../core/random.ts";
import { elementCount } from "../core/shape.ts";
import type { FloatArray, Tensor } from "../core/types.ts";

/** Integer labels: class indices from 0. */
export type Labels = ArrayLike<number>;

/**
 * One-hot rows: [labels.length, classes] of float32.
 * @param classes default: the largest label + 1.
 * @throws RangeError ERR_RANGE for a label that is not an integer in [0, classes).
 */
export function oneHot(labels: Labels, classes?: number): Tensor {
  if (labels === null || typeof labels !== "object") throw wrongKind("labels", "an array of integers", labels);
  let width = 0;
  for (let i = 0; i < labels.length; i++) {
    checkInteger(`labels[${i}]`, labels[i]);
    width = Math.max(width, (labels[i] as number) + 1);
  }
  if (classes !== undefined) {
    checkInteger("classes", classes, 1);
    if (width > classes) throw wrongValue("labels", `labels below ${classes}`, width - 1);
    width = classes;
  }
  const data = new Float32Array(labels.length * width);
  for (let i = 0; i < labels.length; i++) data[i * width + labels[i]!] = 1;
  return { data, shape: [labels.length, width] };
}

/** Column means and deviations of training data, to be applied to whatever the model sees later. Plain data. */
export interface Scaling {
  readonly mean: readonly number[];
  /** Standard deviations (population); 1 for a constant column. */
  readonly deviation: readonly number[];
}

/**
 * Measures each column of `x` [rows, columns]: two passes in float64.
 * @throws TypeError ERR_DTYPE; RangeError ERR_SHAPE unless the rank is 2 with at least one row.
 */
export function fitScaling(x: Tensor): Scaling {
  const { data, rows, columns } = matrix(x);
  if (rows === 0) throw wrongValue("x", "at least one row", 0, "ERR_SHAPE");
  const mean = new Array<number>(columns).fill(0);
  const deviation = new Array<number>(columns).fill(0);
  for (let i = 0; i < data.length; i++) mean[i % columns]! += data[i]!;
  for (let j = 0; j < columns; j++) mean[j]! /= rows;
  for (let i = 0; i < data.length; i++) {
    const d = data[i]! - mean[i % columns]!;
    deviation[i % columns]! += d * d;
  }
  for (let j = 0; j < columns; j++) deviation[j] = Math.sqrt(deviation[j]! / rows) || 1;
  return { mean, deviation };
}

/** (x − mean) / deviation per column, into a new tensor of the same dtype. Errors as fitScaling. */
export function applyScaling(x: Tensor, scaling: Scaling): Tensor {
  const { data, columns } = matrix(x);
  if (scaling.mean.length !== columns || scaling.deviation.length !== columns)
    throw wrongValue("x", `${scaling.mean.length} columns`, columns, "ERR_SHAPE");
  const out = data.slice() as FloatArray;
  for (let i = 0; i < out.length; i++) out[i] = (data[i]! - scaling.mean[i % columns]!) / scaling.deviation[i % columns]!;
  return { data: out, shape: [...x.shape] };
}

/** Standardises the columns of `x` [rows, columns] to mean 0 and deviation 1; `scaling` does the same to new rows. */
export function standardise(x: Tensor): { readonly x: Tensor; readonly scaling: Scaling } {
  const scaling = fitScaling(x);
  return { x: applyScaling(x, scaling), scaling };
}

function matrix(x: Tensor): { data: FloatArray; rows: number; columns: number } {
  if (x === null || typeof x !== "object") throw wrongKind("x", "a tensor", x);
  checkFloatArray("x.data", x.data);
  const [rows, columns] = x.shape;
  if (x.shape.length !== 2 || rows === undefined || columns === undefined)
    throw wrongValue("x.shape", "two dimensions", x.shape.length, "ERR_SHAPE");
  return { data: x.data, rows, columns };
}

/** The rows `indices` of a tensor, copied in that order. The first dimension counts rows. */
export function takeRows(x: Tensor, indices: ArrayLike<number>): Tensor {
  const [rows = 0, ...rest] = x.shape;
  const width = elementCount(rest);
  const data =
    dtypeOf(x.data) === "float32" ? new Float32Array(indices.length * width) : new Float64Array(indices.length * width);
  for (let i = 0; i < indices.length; i++) {
    const row = indices[i]!;
    if (!(row >= 0 && row < rows)) throw wrongValue(`indices[${i}]`, `an integer in [0, ${rows})`, row);
    data.set(x.data.subarray(row * width, (row + 1) * width), i * width);
  }
  return { data, shape: [indices.length, ...rest] };
}

export interface Split {
  readonly train: { readonly x: Tensor; readonly y: Tensor; readonly indices: Int32Array };
  readonly test: { readonly x: Tensor; readonly y: Tensor; readonly indices: Int32Array };
}

/**
 * Shuffles rows with `seed` and splits them: the first ⌈rows · (1 − testFraction)⌉ train, the rest test.
 * @param testFraction in (0, 1), default 0.2.
 * @param seed default 0; the same seed gives the same split everywhere.
 * @throws RangeError ERR_OPTION for the fraction, ERR_SHAPE where x and y differ in rows.
 */
export function trainTestSplit(
  x: Tensor,
  y: Tensor,
  { testFraction = 0.2, seed = 0 }: { readonly testFraction?: number; readonly seed?: number } = {},
): Split {
  if (!(testFraction > 0 && testFraction < 1))
    throw wrongValue("testFraction", "a number between 0 and 1", testFraction, "ERR_OPTION");
  const rows = x.shape[0] ?? 0;
  if (y.shape[0] !== rows) throw wrongValue("y", `${rows} rows, as many as x`, y.shape[0], "ERR_SHAPE");
  const order = Int32Array.from(permutation(seed, SPLIT_STREAM, rows));
  const cut = Math.ceil(rows * (1 - testFraction));
  const part = (indices: Int32Array) => ({ x: takeRows(x, indices), y: takeRows(y, indices), indices });
  return { train: part(order.subarray(0, cut)), test: part(order.subarray(cut)) };
}

/** The random stream of the split, so that it never shares draws with shuffling or dropout. */
const SPLIT_STREAM = 0x5701;
