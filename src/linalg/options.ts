// Reads and checks the options of every gemm entry point, in the contract's order: kind, detached, dimensions,
// lengths, alias.
import { ACTIVATIONS, type Activation, type GemmBackend, type GemmCall } from "../backend/gemm.ts";
import { currentBackend } from "../backend/select.ts";
import {
  arrayKind,
  checkFloatArray,
  checkInteger,
  dtypeOf,
  intrinsicBuffer,
  intrinsicByteOffset,
  intrinsicLength,
} from "../core/checks.ts";
import { fault, wrongKind, wrongValue } from "../core/errors.ts";
import type { Dtype, FloatArray } from "../core/types.ts";
import { PackedB } from "./packed.ts";

/** Row-major C = activation(alpha · op(A) · op(B) + beta · C + bias + residual). All operands have one dtype. */
export interface GemmOptions {
  /** Rows of op(A) and C; columns of op(B) and C; columns of op(A) and rows of op(B). Integers of at least 0. */
  readonly m: number;
  readonly n: number;
  readonly k: number;
  /** m × k, or k × m with `transA`. */
  readonly a: FloatArray;
  /** k × n, or n × k with `transB`; or what `packB` made of it (then `transB`, where given, repeats its own, and `ldb` is not given). */
  readonly b: FloatArray | PackedB;
  /** m × n, changed in place; a new array without it. It may not overlap any other operand. */
  readonly c?: FloatArray;
  /** Elements between the starts of two rows, at least a row's length. Default: rows are packed. */
  readonly lda?: number;
  readonly ldb?: number;
  readonly ldc?: number;
  /** Whether the operand is stored transposed. Default false. */
  readonly transA?: boolean;
  readonly transB?: boolean;
  /** Factor of the product, rounded to the dtype. 0: A and B are not read. Default 1. */
  readonly alpha?: number;
  /** Factor of C's old value, rounded to the dtype. 0: C is not read. Needs `c` otherwise. Default 0. */
  readonly beta?: number;
  /** n values, added to every row. */
  readonly bias?: FloatArray;
  /** m × n, added before the activation; rows `ldr` elements apart (default n). */
  readonly residual?: FloatArray;
  readonly ldr?: number;
  /** Applied last. Default "none". */
  readonly activation?: Activation;
}

export function checkBoolean(argument: string, value: unknown): asserts value is boolean {
  if (typeof value !== "boolean") throw wrongKind(argument, "a boolean", value);
}

/** Whether the value is a dimension of at least 1, as most are: finding out what is wrong with the others takes longer. */
export function isCount(value: unknown): value is number {
  return typeof value === "number" && (value | 0) === value && value > 0;
}

/** A factor, rounded to the dtype. */
export function checkFactor(argument: string, value: unknown, dtype: Dtype): number {
  if (typeof value !== "number") throw wrongKind(argument, "a number", value);
  if (dtype === "float64") return value;
  const rounded = Math.fround(value);
  if (rounded !== 0 && Math.abs(rounded) < 1.1754943508222875e-38) {
    throw wrongValue(argument, "a number that is not subnormal in float32", value);
  }
  return rounded;
}

export function checkActivation(argument: string, value: unknown): asserts value is Activation {
  if (!(ACTIVATIONS as readonly unknown[]).includes(value)) {
    throw wrongValue(argument, `one of ${ACTIVATIONS.join(", ")}`, value, "ERR_OPTION");
  }
}

export function checkStride(argument: string, value: unknown, columns: number): number {
  if (value === undefined) return columns;
  checkInteger(argument, value);
  if (value < columns) throw wrongValue(argument, `at least the row length ${columns}`, value, "ERR_STRIDE");
  return value;
}

/** Elements from the first to the last of rows × columns with rows `ld` apart; exact or beyond every array's length. */
export function extent(rows: number, columns: number, ld: number): number {
  return rows === 0 || columns === 0 ? 0 : (rows - 1) * ld + columns;
}

export function checkExtent(argument: string, array: FloatArray, needed: number): void {
  const length = intrinsicLength(array);
  if (length < needed) throw wrongValue(`${argument}.length`, `at least ${needed} elements`, length, "ERR_STRIDE");
}

export function checkApart(c: FloatArray, cCount: number, argument: string, other: FloatArray, count: number): void {
  if (intrinsicBuffer(c) !== intrinsicBuffer(other) || cCount === 0 || count === 0) return;
  const size = dtypeOf(c) === "float32" ? 4 : 8;
  const cStart = intrinsicByteOffset(c);
  const start = intrinsicByteOffset(other);
  if (cStart < start + count * size && start < cStart + cCount * size) {
    throw wrongValue("c", `no overlap with ${argument}`, c, "ERR_ALIAS");
  }
}

function checkKind(argument: string, value: unknown, kind: string): asserts value is FloatArray {
  if (arrayKind(value) !== kind) throw wrongKind(argument, `a ${kind}`, value);
}

/** ERR_DETACHED or ERR_LENGTH where the memory is gone; an array with elements has its memory. */
function checkUsable(argument: string, array: FloatArray): void {
  if (intrinsicLength(array) === 0) checkFloatArray(argument, array);
}

function asPacked(value: unknown, kind: string, dtype: Dtype): PackedB {
  if (!PackedB.is(value)) throw wrongKind("b", `a ${kind} or what packB returns`, value);
  if (value.dtype !== dtype) throw wrongKind("b", `a packed operand of ${dtype}`, value.dtype);
  return value;
}

function checkFits(packed: PackedB, n: number, k: number, transB: boolean, ldb: unknown): void {
  if (packed.k !== k || packed.n !== n) {
    throw wrongValue("b", `a packed operand of k × n = ${k} × ${n}`, `${packed.k} × ${packed.n}`, "ERR_SHAPE");
  }
  if (transB !== packed.transB) throw wrongValue("transB", `${packed.transB} as packed`, transB, "ERR_OPTION");
  if (ldb !== undefined) throw wrongValue("ldb", "nothing beside a packed operand", ldb, "ERR_OPTION");
}

/**
 * Options as given, whose names the caller checked, each read once (a getter may run code), before anything else is
 * checked. `empty`: no element is needed (a batch of none).
 */
export function resolveGemm(options: GemmOptions, empty = false): GemmCall {
  const { m, n, k, a, b: given, c, lda, ldb, ldc, ldr, transB: transposed } = options;
  const { transA = false, alpha = 1, beta = 0, bias, residual, activation = "none" } = options;
  const kind = arrayKind(a);
  if (kind !== "Float32Array" && kind !== "Float64Array") throw wrongKind("a", "a Float32Array or Float64Array", a);
  const dtype = kind === "Float32Array" ? "float32" : "float64";
  const packed = arrayKind(given) === kind ? null : asPacked(given, kind, dtype);
  const b = packed === null ? (given as FloatArray) : a; // stands in: no element of it is needed
  if (c !== undefined) checkKind("c", c, kind);
  if (bias !== undefined) checkKind("bias", bias, kind);
  if (residual !== undefined) checkKind("residual", residual, kind);
  checkUsable("a", a);
  checkUsable("b", b);
  const matrix = packed && PackedB.matrixOf(packed);
  if (c !== undefined) checkUsable("c", c);
  if (bias !== undefined) checkUsable("bias", bias);
  if (residual !== undefined) checkUsable("residual", residual);
  if (!isCount(m)) checkInteger("m", m);
  if (!isCount(n)) checkInteger("n", n);
  if (!isCount(k)) checkInteger("k", k);
  checkBoolean("transA", transA);
  const transB = transposed ?? packed?.transB ?? false;
  checkBoolean("transB", transB);
  if (packed !== null) checkFits(packed, n, k, transB, ldb);
  const factor = alpha === 1 ? 1 : checkFactor("alpha", alpha, dtype);
  const keep = beta === 0 ? 0 : checkFactor("beta", beta, dtype);
  if (activation !== "none") checkActivation("activation", activation);
  if (c === undefined && keep !== 0) throw wrongValue("beta", "0 without c", beta, "ERR_OPTION");
  const call = {
    m,
    n,
    k,
    a,
    lda: lda === undefined ? (transA ? m : k) : checkStride("lda", lda, transA ? m : k),
    transA,
    b,
    ldb: ldb === undefined ? (transB ? k : n) : checkStride("ldb", ldb, transB ? k : n),
    transB,
    c: c ?? a,
    ldc: ldc === undefined ? n : checkStride("ldc", ldc, n),
    alpha: factor,
    beta: keep,
    bias: bias ?? null,
    activation,
    residual: residual ?? null,
    ldr: ldr === undefined ? n : checkStride("ldr", ldr, n),
    packed: matrix,
    aPlace: undefined,
    bPlace: undefined,
    cPlace: undefined,
    biasPlace: undefined,
  };
  const aCount = empty ? 0 : transA ? extent(k, m, call.lda) : extent(m, k, call.lda);
  const bCount = empty || packed !== null ? 0 : transB ? extent(n, k, call.ldb) : extent(k, n, call.ldb);
  const cCount = empty ? 0 : extent(m, n, call.ldc);
  checkExtent("a", a, aCount);
  checkExtent("b", b, bCount);
  if (bias !== undefined && intrinsicLength(bias) !== n)
    throw wrongValue("bias.length", `n = ${n}`, intrinsicLength(bias), "ERR_LENGTH");
  const rCount = empty || residual === undefined ? 0 : extent(m, n, call.ldr);
  if (residual !== undefined) checkExtent("residual", residual, rCount);
  if (c === undefined) {
    call.c = newArray(dtype, cCount);
    return call;
  }
  checkExtent("c", c, cCount);
  checkApart(c, cCount, "a", a, aCount);
  checkApart(c, cCount, "b", b, bCount);
  if (bias !== undefined) checkApart(c, cCount, "bias", bias, n);
  if (residual !== undefined) checkApart(c, cCount, "residual", residual, rCount);
  return call;
}

/** Who computes a call: the backend of its packed operand, else the one in use. */
export function backendOf(call: GemmCall): GemmBackend {
  return call.packed ? call.packed.backend : currentBackend();
}

/** A zeroed array in the engine's memory. Throws ERR_OUT_OF_MEMORY beyond what the engine can hold. */
export function newArray(dtype: Dtype, length: number): FloatArray {
  try {
    return dtype === "float32" ? new Float32Array(length) : new Float64Array(length);
  } catch (cause) {
    throw fault("ERR_OUT_OF_MEMORY", `no memory for a result of ${length} elements`, { cause });
  }
}
