import type { GemmCall } from "../backend/gemm.ts";
import { currentBackend } from "../backend/select.ts";
import { checkFloatArray, checkInteger, dtypeOf, intrinsicLength, overlaps } from "../core/checks.ts";
import { wrongKind, wrongValue } from "../core/errors.ts";
import { elementCount } from "../core/shape.ts";
import type { Dtype, FloatArray, Tensor } from "../core/types.ts";
import { viewOf } from "../core/views.ts";
import { checkNames } from "./names.ts";
import { checkBoolean } from "./options.ts";
import { newArray } from "./resolve.ts";

export interface MatmulOptions {
  /** Whether the last two dimensions of the operand are stored transposed. Default false. */
  readonly transA?: boolean;
  readonly transB?: boolean;
  /** Receives the product (its data is changed in place) and is returned. It may not overlap an operand. */
  readonly out?: Tensor;
}

const NAMES: readonly (keyof MatmulOptions)[] = ["transA", "transB", "out"];

/** A tensor as it is now, its parts read once (a getter may run code), checked. */
function readTensor(argument: string, value: Tensor, dtype?: Dtype): Tensor {
  if (typeof value !== "object" || value === null) throw wrongKind(argument, "a tensor", value);
  const { data, shape: given } = value;
  checkFloatArray(`${argument}.data`, data, dtype);
  if (!Array.isArray(given)) throw wrongKind(`${argument}.shape`, "an array of dimensions", given);
  const shape = [...given];
  shape.forEach((dimension, axis) => {
    checkInteger(`${argument}.shape[${axis}]`, dimension);
  });
  const count = elementCount(shape);
  if (count !== intrinsicLength(data)) {
    throw wrongValue(`${argument}.shape`, `a product of ${intrinsicLength(data)}`, count, "ERR_SHAPE");
  }
  return { data, shape };
}

/** The batch dimensions of a product: equal, or 1 in one of the two, aligned at the right. */
function broadcastBatch(a: readonly number[], b: readonly number[]): number[] {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, axis) => {
    const x = a[axis - rank + a.length] ?? 1;
    const y = b[axis - rank + b.length] ?? 1;
    if (x !== y && x !== 1 && y !== 1) {
      throw wrongValue("b.shape", `batch dimensions that broadcast with ${a.join("×")}`, b.join("×"), "ERR_SHAPE");
    }
    return x === 1 ? y : x;
  });
}

/** Index of the operand's matrix for item `item` of the broadcast batch. */
function batchIndex(item: number, batch: readonly number[], own: readonly number[]): number {
  let index = 0;
  let step = 1;
  for (let axis = batch.length - 1, rest = item; axis >= 0; axis--) {
    const at = rest % batch[axis]!;
    rest = (rest - at) / batch[axis]!;
    const size = own[axis - batch.length + own.length] ?? 1;
    if (size !== 1) index += at * step;
    step *= size;
  }
  return index;
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
  const dtype = dtypeOf(a.data);
  const b = readTensor("b", right, dtype);
  const out = given && readTensor("out", given, dtype);
  checkBoolean("transA", transA);
  checkBoolean("transB", transB);
  if (a.shape.length < 2) throw wrongValue("a.shape", "at least two dimensions", a.shape.length, "ERR_SHAPE");
  if (b.shape.length < 2) throw wrongValue("b.shape", "at least two dimensions", b.shape.length, "ERR_SHAPE");
  const [aRows, aColumns] = a.shape.slice(-2) as [number, number];
  const [bRows, bColumns] = b.shape.slice(-2) as [number, number];
  const [m, k] = transA ? [aColumns, aRows] : [aRows, aColumns];
  const [inner, n] = transB ? [bColumns, bRows] : [bRows, bColumns];
  if (k !== inner) throw wrongValue("b.shape", `an inner dimension of ${k}`, inner, "ERR_SHAPE");
  const aBatch = a.shape.slice(0, -2);
  const bBatch = b.shape.slice(0, -2);
  const batch = broadcastBatch(aBatch, bBatch);
  const shape = [...batch, m, n];
  const items = elementCount(batch);
  if (out !== undefined) {
    if (out.shape.length !== shape.length || out.shape.some((dimension, axis) => dimension !== shape[axis])) {
      throw wrongValue("out.shape", shape.join("×"), out.shape.join("×"), "ERR_SHAPE");
    }
    if (overlaps(out.data, a.data)) throw wrongValue("out", "no overlap with a", out, "ERR_ALIAS");
    if (overlaps(out.data, b.data)) throw wrongValue("out", "no overlap with b", out, "ERR_ALIAS");
  }
  const c = out?.data ?? newArray(dtype, items * m * n);
  const call: GemmCall = {
    m,
    n,
    k,
    a: a.data,
    lda: aColumns,
    transA,
    b: b.data,
    ldb: bColumns,
    transB,
    c,
    ldc: n,
    alpha: 1,
    beta: 0,
    bias: null,
    activation: "none",
    residual: null,
    ldr: n,
  };
  if (items === 1 && m > 0 && n > 0) currentBackend().gemm(call);
  else if (items > 0 && m > 0 && n > 0) multiply(call, batch, aBatch, bBatch);
  return given ?? { data: c, shape: Object.freeze(shape) };
}

/** Every item of the broadcast batch: one call where each side has all of the batch or one matrix, else one call an item. */
function multiply(call: GemmCall, batch: readonly number[], aBatch: readonly number[], bBatch: readonly number[]): void {
  const { m, n, k, a, b, c } = call;
  const backend = currentBackend();
  const items = elementCount(batch);
  const [aItems, bItems] = [elementCount(aBatch), elementCount(bBatch)];
  if ((aItems === items || aItems === 1) && (bItems === items || bItems === 1)) {
    const [strideA, strideB] = [aItems === 1 ? 0 : m * k, bItems === 1 ? 0 : k * n];
    backend.gemm({ ...call, items: { count: items, strideA, strideB, strideC: m * n, strideR: 0 } });
    return;
  }
  const part = (data: FloatArray, index: number, count: number): FloatArray => viewOf(data, index * count, (index + 1) * count);
  for (let item = 0; item < items; item++) {
    const own = {
      a: part(a, batchIndex(item, batch, aBatch), m * k),
      b: part(b, batchIndex(item, batch, bBatch), k * n),
      c: part(c, item, m * n),
    };
    backend.gemm({ ...call, ...own });
  }
}
