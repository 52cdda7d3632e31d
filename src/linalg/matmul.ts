import { plainProduct } from "../backend/gemm.ts";
import { currentBackend } from "../backend/select.ts";
import { checkFloatArray, checkInteger } from "../core/checks.ts";
import { wrongKind, wrongValue } from "../core/errors.ts";
import { type Place, placeOf, placesOverlap } from "../core/places.ts";
import { elementCount } from "../core/shape.ts";
import type { FloatArray, Tensor } from "../core/types.ts";
import { viewOf } from "../core/views.ts";
import { checkNames } from "./names.ts";
import { checkBoolean, isCount } from "./options.ts";
import { dtypeOfSize, newArray } from "./resolve.ts";

export interface MatmulOptions {
  /** Whether the last two dimensions of the operand are stored transposed. Default false. */
  readonly transA?: boolean;
  readonly transB?: boolean;
  /** Receives the product (its data is changed in place) and is returned. It may not overlap an operand. */
  readonly out?: Tensor;
}

const NAMES: readonly (keyof MatmulOptions)[] = ["transA", "transB", "out"];
const NO_BATCH: readonly number[] = [];
const ONE_ITEM = [1, 1, 1] as const;

/** A tensor's parts, each read once: a getter may run code, so that nothing may be found out about memory before. */
function readTensor(argument: string, value: Tensor): Tensor {
  if (typeof value !== "object" || value === null) throw wrongKind(argument, "a tensor", value);
  const { data, shape: given } = value;
  if (!Array.isArray(given)) throw wrongKind(`${argument}.shape`, "an array of dimensions", given);
  const shape: number[] = [];
  for (let axis = 0; axis < given.length; axis++) shape.push(given[axis]);
  return { data, shape };
}

/** Where the elements lie of a tensor that is as it should be, of `size` bytes an element where given. */
function checkTensor(argument: string, { data, shape }: Tensor, size = 0): Place {
  const place = placeOf(data);
  if (place === undefined || place.length === 0 || (size !== 0 && place.size !== size)) {
    checkFloatArray(`${argument}.data`, data, size === 0 ? undefined : dtypeOfSize(size));
  }
  let count = 1;
  for (let axis = 0; axis < shape.length; axis++) {
    const dimension = shape[axis]!;
    if (!isCount(dimension)) checkInteger(`${argument}.shape[${axis}]`, dimension);
    count *= dimension;
  }
  const { length } = place!;
  if (count !== length) throw wrongValue(`${argument}.shape`, `a product of ${length}`, count, "ERR_SHAPE");
  return place!;
}

/** Dimension `axis` of `rank` batch dimensions, of which a tensor has the last ones: 1 where it has none there. */
function batchDimension(shape: readonly number[], axis: number, rank: number): number {
  return shape[axis - rank + shape.length - 2] ?? 1;
}

/** The batch dimensions of a product: equal, or 1 in one of the two, aligned at the right. */
function broadcastBatch(a: readonly number[], b: readonly number[]): number[] {
  const rank = Math.max(a.length, b.length) - 2;
  const batch: number[] = [];
  for (let axis = 0; axis < rank; axis++) {
    const x = batchDimension(a, axis, rank);
    const y = batchDimension(b, axis, rank);
    if (x !== y && x !== 1 && y !== 1) throw unlike(a, b);
    batch.push(x === 1 ? y : x);
  }
  return batch;
}

function unlike(a: readonly number[], b: readonly number[]): Error {
  const dimensions = a.slice(0, -2).join("×");
  return wrongValue("b.shape", `batch dimensions that broadcast with ${dimensions}`, b.slice(0, -2).join("×"), "ERR_SHAPE");
}

/** Index of an operand's matrix for item `item` of the broadcast batch. */
function batchIndex(item: number, batch: readonly number[], shape: readonly number[]): number {
  let index = 0;
  let step = 1;
  for (let axis = batch.length - 1, rest = item; axis >= 0; axis--) {
    const at = rest % batch[axis]!;
    rest = (rest - at) / batch[axis]!;
    const own = batchDimension(shape, axis, batch.length);
    if (own !== 1) index += at * step;
    step *= own;
  }
  return index;
}

/** As many items of the last batch dimensions as each side either has a matrix for, each, or one matrix for all. */
function together(
  batch: readonly number[],
  a: readonly number[],
  b: readonly number[],
): [count: number, ofA: number, ofB: number] {
  let [count, ofA, ofB] = [1, 1, 1];
  for (let axis = batch.length - 1; axis >= 0; axis--) {
    const dimension = batch[axis]!;
    const ownA = batchDimension(a, axis, batch.length);
    const ownB = batchDimension(b, axis, batch.length);
    if (dimension !== 1 && count !== 1 && ((ownA === 1) !== (ofA === 1) || (ownB === 1) !== (ofB === 1))) break;
    count *= dimension;
    ofA *= ownA;
    ofB *= ownB;
  }
  return [count, ofA, ofB];
}

/**
 * The matrix product over the last two dimensions; batch dimensions broadcast as in NumPy. Each item of a batch has
 * the same bits as that product alone.
 * @throws TypeError ERR_DTYPE, ERR_DETACHED; RangeError ERR_SHAPE (rank below 2, inner or batch dimensions that do not
 *   fit, shape of `out`), ERR_ALIAS, ERR_OPTION (an unknown name).
 */
export function matmul(left: Tensor, right: Tensor, options: MatmulOptions = {}): Tensor {
  checkNames("matmul", options, NAMES);
  const { transA = false, transB = false, out: given } = options;
  const a = readTensor("a", left);
  const b = readTensor("b", right);
  const out = given === undefined ? undefined : readTensor("out", given);
  const aPlace = checkTensor("a", a);
  const bPlace = checkTensor("b", b, aPlace.size);
  const outPlace = out && checkTensor("out", out, aPlace.size);
  checkBoolean("transA", transA);
  checkBoolean("transB", transB);
  const aRank = a.shape.length;
  const bRank = b.shape.length;
  if (aRank < 2) throw wrongValue("a.shape", "at least two dimensions", aRank, "ERR_SHAPE");
  if (bRank < 2) throw wrongValue("b.shape", "at least two dimensions", bRank, "ERR_SHAPE");
  const m = a.shape[transA ? aRank - 1 : aRank - 2]!;
  const k = a.shape[transA ? aRank - 2 : aRank - 1]!;
  const n = b.shape[transB ? bRank - 2 : bRank - 1]!;
  const inner = b.shape[transB ? bRank - 1 : bRank - 2]!;
  if (k !== inner) throw wrongValue("b.shape", `an inner dimension of ${k}`, inner, "ERR_SHAPE");
  const batch = aRank === 2 && bRank === 2 ? NO_BATCH : broadcastBatch(a.shape, b.shape);
  const items = batch === NO_BATCH ? 1 : elementCount(batch);
  if (out !== undefined && outPlace !== undefined) {
    const { shape } = out;
    const wrong = shape.some(
      (dimension, axis) => dimension !== (axis < batch.length ? batch[axis] : axis === batch.length ? m : n),
    );
    if (shape.length !== batch.length + 2 || wrong) {
      throw wrongValue("out.shape", [...batch, m, n].join("×"), shape.join("×"), "ERR_SHAPE");
    }
    checkApart(outPlace, "a", aPlace);
    checkApart(outPlace, "b", bPlace);
  }
  const c = out === undefined ? newArray(dtypeOfSize(aPlace.size), items * m * n) : out.data;
  if (items === 0 || m === 0 || n === 0) return given ?? { data: c, shape: Object.freeze([...batch, m, n]) };
  const backend = currentBackend();
  const [count, ofA, ofB] = items === 1 ? ONE_ITEM : together(batch, a.shape, b.shape);
  const group =
    count === 1 ? null : { count, strideA: ofA === 1 ? 0 : m * k, strideB: ofB === 1 ? 0 : k * n, strideC: m * n, strideR: 0 };
  if (count === items) {
    backend.gemm(plainProduct(m, n, k, a.data, transA, b.data, transB, c, group, aPlace, bPlace, outPlace));
  } else {
    for (let item = 0; item < items; item += count) {
      const ownA = part(a.data, batchIndex(item, batch, a.shape), m * k, ofA);
      const ownB = part(b.data, batchIndex(item, batch, b.shape), k * n, ofB);
      backend.gemm(plainProduct(m, n, k, ownA, transA, ownB, transB, part(c, item, m * n, count), group));
    }
  }
  return given ?? { data: c, shape: Object.freeze([...batch, m, n]) };
}

function checkApart(out: Place, argument: string, operand: Place): void {
  if (!placesOverlap(out, out.length, operand, operand.length)) return;
  throw wrongValue("out", `no overlap with ${argument}`, "a tensor that overlaps it", "ERR_ALIAS");
}

/** Some matrices of `size` elements, from one on. */
function part(data: FloatArray, from: number, size: number, count: number): FloatArray {
  return viewOf(data, from * size, (from + count) * size);
}
