// The resident data set: checked once, in memory that native loops may read at any time.
import { allocate, isOwned } from "../backend/allocate.ts";
import { arrayKind, checkFloatArray, intrinsicLength } from "../core/checks.ts";
import { wrongKind, wrongValue } from "../core/errors.ts";
import type { Dtype, FloatArray } from "../core/types.ts";
import { sizeOf } from "../graph/graph.ts";
import type { Loss } from "../nn/losses.ts";
import type { Network, TrainingData } from "./trainer.ts";

export interface ResidentData {
  readonly rows: number;
  readonly x: FloatArray;
  readonly y: FloatArray | Int32Array;
  readonly weights: FloatArray | null;
  /** Elements per row of x, y and weights. */
  readonly perRow: readonly [number, number, number];
}

function ownedInts(length: number): Int32Array {
  return new Int32Array(allocate("float32", length).buffer, 0, length);
}

function owned(dtype: Dtype, from: ArrayLike<number>): FloatArray {
  if ((from instanceof Float32Array || from instanceof Float64Array) && isOwned(from)) return from;
  const copy = allocate(dtype, from.length);
  copy.set(from);
  return copy;
}

/** Class indices as int32, each within the outputs (0 or 1 for a single output). */
function classes(y: unknown, rows: number, outputs: number): Int32Array {
  const kind = arrayKind(y);
  if (kind !== "Int32Array" && kind !== "Uint8Array") throw wrongKind("y", "an Int32Array or Uint8Array of class indices", y);
  const labels = y as Int32Array | Uint8Array;
  if (labels.length !== rows) throw wrongValue("y", `${rows} class indices, one per sample`, labels.length, "ERR_LENGTH");
  const limit = Math.max(2, outputs);
  const bad = labels.findIndex((label) => label < 0 || label >= limit);
  if (bad >= 0) throw wrongValue(`y[${bad}]`, `a class index from 0 to ${limit - 1}`, labels[bad]);
  const copy = ownedInts(rows);
  copy.set(labels);
  return copy;
}

/** Float targets; class indices of a single output count as 0 and 1. */
function values(dtype: Dtype, y: unknown, rows: number, outputs: number): FloatArray {
  const kind = arrayKind(y);
  if (kind !== "Int32Array" && kind !== "Uint8Array") checkFloatArray("y", y, dtype);
  const array = y as FloatArray | Int32Array;
  if (array.length !== rows * outputs) {
    throw wrongValue("y", `${rows * outputs} targets: ${outputs} per sample`, array.length, "ERR_LENGTH");
  }
  return owned(dtype, array);
}

/** Checks a data set against a network and its loss; everything is checked before anything is copied. */
export function residentData(
  network: Network,
  loss: Loss,
  data: TrainingData,
  classWeight: readonly number[] | undefined,
): ResidentData {
  const { dtype } = network;
  const inputs = sizeOf(network.inputShape);
  const outputs = sizeOf(network.outputShape);
  checkFloatArray("x", data.x, dtype);
  const length = intrinsicLength(data.x);
  if (length % inputs !== 0) throw wrongValue("x", `a multiple of ${inputs} elements`, length, "ERR_LENGTH");
  const rows = length / inputs;
  const sparse = loss.targets === "classes";
  const y = sparse ? classes(data.y, rows, outputs) : values(dtype, data.y, rows, outputs);
  const weights = weightsOf(dtype, rows, data.sampleWeight, classWeight, sparse ? (y as Int32Array) : null);
  return { rows, x: owned(dtype, data.x), y, weights, perRow: [inputs, sparse ? 1 : outputs, 1] };
}

function weightsOf(
  dtype: Dtype,
  rows: number,
  sampleWeight: FloatArray | undefined,
  classWeight: readonly number[] | undefined,
  labels: Int32Array | null,
): FloatArray | null {
  if (sampleWeight === undefined && classWeight === undefined) return null;
  if (sampleWeight !== undefined) {
    checkFloatArray("sampleWeight", sampleWeight, dtype);
    if (intrinsicLength(sampleWeight) !== rows) {
      throw wrongValue("sampleWeight", `${rows} weights, one per sample`, intrinsicLength(sampleWeight), "ERR_LENGTH");
    }
    const bad = sampleWeight.findIndex((w) => !(w >= 0 && w < Number.POSITIVE_INFINITY));
    if (bad >= 0) throw wrongValue(`sampleWeight[${bad}]`, "a finite weight of at least 0", sampleWeight[bad]);
  }
  if (classWeight !== undefined && labels === null) {
    throw wrongValue("classWeight", "a loss over class indices", "float targets", "ERR_OPTION");
  }
  const weights = allocate(dtype, rows);
  for (let i = 0; i < rows; i++) {
    const own = sampleWeight === undefined ? 1 : sampleWeight[i];
    weights[i] = own * (classWeight && labels ? (classWeight[labels[i]] ?? 1) : 1);
  }
  return weights;
}
