// What users may pass as inputs and targets, brought into the form that the trainer takes. Nothing is copied that fits.

import { arrayKind, checkFloatArray, dtypeOf } from "../core/checks.ts";
import { wrongKind, wrongValue } from "../core/errors.ts";
import { elementCount } from "../core/shape.ts";
import type { FloatArray, Tensor } from "../core/types.ts";
import type { Network, Targets, TrainingData } from "./trainer.ts";

/** Numbers nested in arrays, as JSON has them. */
export type NestedNumbers = readonly number[] | readonly NestedNumbers[];
type NumberArray = FloatArray | Int8Array | Int16Array | Int32Array | Uint8Array | Uint16Array | Uint32Array | Uint8ClampedArray;
/** One sample per row: a tensor, a typed array (row-major) or nested arrays. */
export type Inputs = Tensor | NumberArray | NestedNumbers;
/** One sample of a stream or a data set given as an object. */
export interface Batch {
  readonly x: Inputs;
  readonly y: Inputs;
  readonly sampleWeight?: Inputs;
}

function isTensor(value: unknown): value is Tensor {
  return value !== null && typeof value === "object" && "data" in value && "shape" in value;
}

/** Flattens nested arrays, row-major. @throws TypeError ERR_DTYPE for anything but numbers, RangeError ERR_SHAPE for ragged rows. */
function flatten(argument: string, value: NestedNumbers): Float64Array {
  const shape: number[] = [];
  for (let level: unknown = value; Array.isArray(level); level = level[0]) shape.push(level.length);
  const out = new Float64Array(elementCount(shape));
  let at = 0;
  const walk = (level: unknown, axis: number): void => {
    if (axis === shape.length) {
      if (typeof level !== "number") throw wrongKind(argument, "numbers", level);
      out[at++] = level;
      return;
    }
    if (!Array.isArray(level)) throw wrongKind(argument, "arrays nested to equal depth", level);
    if (level.length !== shape[axis]) throw wrongValue(argument, `rows of ${shape[axis]}`, level.length, "ERR_SHAPE");
    for (const item of level) walk(item, axis + 1);
  };
  walk(value, 0);
  return out;
}

function numbers(argument: string, value: unknown): NumberArray {
  if (isTensor(value)) {
    checkFloatArray(`${argument}.data`, value.data);
    if (elementCount(value.shape) !== value.data.length)
      throw wrongValue(`${argument}.shape`, `a product of ${value.data.length}`, elementCount(value.shape), "ERR_SHAPE");
    return value.data;
  }
  if (Array.isArray(value)) return flatten(argument, value);
  const kind = arrayKind(value);
  if (kind === undefined || kind.startsWith("Big"))
    throw wrongKind(argument, "a tensor, a typed array of numbers or nested arrays", value);
  return value as NumberArray;
}

function toFloats(values: NumberArray, dtype: Network["dtype"]): FloatArray {
  const kind = arrayKind(values);
  if (kind === "Float32Array" || kind === "Float64Array") {
    if (dtypeOf(values as FloatArray) === dtype) return values as FloatArray;
  }
  return dtype === "float32" ? Float32Array.from(values) : Float64Array.from(values);
}

/** Inputs as [rows, ...inputShape] in the network's dtype. @throws ERR_DTYPE, ERR_DETACHED, ERR_SHAPE. */
export function toInputs(argument: string, x: Inputs, network: Network): { data: FloatArray; rows: number } {
  const data = toFloats(numbers(argument, x), network.dtype);
  const width = elementCount(network.inputShape);
  const rows = data.length / width;
  if (!Number.isInteger(rows))
    throw wrongValue(argument, `rows of ${network.inputShape.join(" × ")} elements`, data.length, "ERR_SHAPE");
  const last = isTensor(x) && x.shape.length > 1 ? elementCount(x.shape.slice(1)) : width;
  if (last !== width)
    throw wrongValue(`${argument}.shape`, `rows of ${network.inputShape.join(" × ")} elements`, last, "ERR_SHAPE");
  return { data, rows };
}

/** Targets as class indices or as floats [rows, ...outputShape]. @throws ERR_DTYPE, ERR_LENGTH, ERR_RANGE. */
export function toTargets(argument: string, y: Inputs, network: Network, rows: number, classes: boolean): Targets {
  const values = numbers(argument, y);
  if (!classes) {
    const expected = rows * elementCount(network.outputShape);
    if (values.length !== expected)
      throw wrongValue(
        argument,
        `${expected} values, ${network.outputShape.join(" × ")} per row of x`,
        values.length,
        "ERR_LENGTH",
      );
    return toFloats(values, network.dtype);
  }
  if (values.length !== rows) throw wrongValue(argument, `${rows} class indices, one per row of x`, values.length, "ERR_LENGTH");
  const kind = arrayKind(values);
  if (kind === "Int32Array" || kind === "Uint8Array") return values as Int32Array | Uint8Array;
  const out = Int32Array.from(values);
  for (let i = 0; i < out.length; i++) {
    if (out[i] !== values[i]) throw wrongValue(`${argument}[${i}]`, "a class index", values[i]);
  }
  return out;
}

/** Sample weights, multiplied by the weight of each sample's class where given. */
export function toWeights(
  rows: number,
  targets: Targets,
  network: Network,
  classes: boolean,
  sampleWeight: Inputs | undefined,
  classWeight: Readonly<Record<number, number>> | undefined,
): FloatArray | undefined {
  if (sampleWeight === undefined && classWeight === undefined) return undefined;
  const given = sampleWeight === undefined ? undefined : numbers("sampleWeight", sampleWeight);
  if (given && given.length !== rows) throw wrongValue("sampleWeight", `${rows} weights`, given.length, "ERR_LENGTH");
  const out = network.dtype === "float32" ? new Float32Array(rows) : new Float64Array(rows);
  const width = elementCount(network.outputShape);
  const classOf = (i: number): number => {
    if (classes) return targets[i]!;
    if (width === 1) return targets[i]! >= 0.5 ? 1 : 0;
    let best = 0;
    for (let j = 1; j < width; j++) if (targets[i * width + j]! > targets[i * width + best]!) best = j;
    return best;
  };
  for (let i = 0; i < rows; i++) {
    const weight = (given?.[i] ?? 1) * (classWeight?.[classOf(i)] ?? 1);
    if (!(weight >= 0 && weight < Number.POSITIVE_INFINITY))
      throw wrongValue(`sampleWeight[${i}]`, "a finite weight ≥ 0", weight);
    out[i] = weight;
  }
  return out;
}

/** A batch or data set as the trainer takes it. @throws ERR_SHAPE without rows: their mean loss would be 0 / 0. */
export function toTrainingData(
  { x, y, sampleWeight }: Batch,
  network: Network,
  classes: boolean,
  classWeight?: Readonly<Record<number, number>>,
): TrainingData & { readonly rows: number } {
  const { data, rows } = toInputs("x", x, network);
  if (rows === 0) throw wrongValue("x", "at least one row", 0, "ERR_SHAPE");
  const targets = toTargets("y", y, network, rows, classes);
  const weights = toWeights(rows, targets, network, classes, sampleWeight, classWeight);
  return { x: data, y: targets, rows, ...(weights ? { sampleWeight: weights } : {}) };
}

/** Rows [begin, end) of a data set, as views. */
export function sliceData(data: TrainingData, network: Network, begin: number, end: number): TrainingData {
  const inputs = elementCount(network.inputShape);
  const perRow = data.y.length / (data.x.length / inputs || 1);
  return {
    x: data.x.subarray(begin * inputs, end * inputs),
    y: data.y.subarray(begin * perRow, end * perRow),
    ...(data.sampleWeight ? { sampleWeight: data.sampleWeight.subarray(begin, end) } : {}),
  };
}
