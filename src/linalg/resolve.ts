// Reads and checks the options of every gemm entry point, in the contract's order: kind, detached, dimensions, lengths,
// alias. What is asked about an array is asked of its place, which is found once.
import type { GemmBackend, GemmCall } from "../backend/gemm.ts";
import { currentBackend } from "../backend/select.ts";
import { checkFloatArray, checkInteger } from "../core/checks.ts";
import { fault, wrongKind, wrongValue } from "../core/errors.ts";
import { type Place, placeOf, placesOverlap } from "../core/places.ts";
import type { Dtype, FloatArray } from "../core/types.ts";
import { type BatchOptions, checkBatch, whole } from "./batch.ts";
import { checkActivation, checkBoolean, checkFactor, checkStride, extent, type GemmOptions, isCount } from "./options.ts";
import { PackedB, type PackedShape } from "./packed.ts";

const arrayName = (size: number): string => (size === 4 ? "Float32Array" : "Float64Array");

// Errors are made in functions of their own, out of the way of what is usual.

function otherKind(argument: string, value: unknown, size: number): Error {
  return wrongKind(argument, `a ${arrayName(size)}`, value);
}

function tooShort(argument: string, place: Place, needed: number): Error {
  return wrongValue(`${argument}.length`, `at least ${needed} elements`, place.length, "ERR_STRIDE");
}

function overlap(c: unknown, argument: string): Error {
  return wrongValue("c", `no overlap with ${argument}`, c, "ERR_ALIAS");
}

function asPacked(value: unknown, size: number): PackedShape {
  if (!PackedB.is(value)) throw wrongKind("b", `a ${arrayName(size)} or what packB returns`, value);
  const dtype = dtypeOfSize(size);
  const shape = PackedB.shapeOf(value);
  if (shape.dtype !== dtype) throw wrongKind("b", `a packed operand of ${dtype}`, shape.dtype);
  return shape;
}

function checkFits(packed: PackedShape, n: number, k: number, transB: boolean, ldb: unknown): void {
  if (packed.k !== k || packed.n !== n) {
    throw wrongValue("b", `a packed operand of k × n = ${k} × ${n}`, `${packed.k} × ${packed.n}`, "ERR_SHAPE");
  }
  if (transB !== packed.transB) throw wrongValue("transB", `${packed.transB} as packed`, transB, "ERR_OPTION");
  if (ldb !== undefined) throw wrongValue("ldb", "nothing beside a packed operand", ldb, "ERR_OPTION");
}

/**
 * The options of one product, or of the items of a batch, as given, whose names the caller checked. Each is read once (a getter
 * may run code), before anything else is checked; none of the caller's code runs from the first place on. One function, because an engine inlines only so much into one.
 */
export function resolveGemm(options: GemmOptions, batch: BatchOptions | null = null): GemmCall {
  const { m, n, k, a, b: given, c, lda: aStep, ldb: bStep, ldc: cStep, ldr: rStep, transB: transposed } = options;
  const { transA = false, alpha = 1, beta = 0, bias, residual, activation = "none" } = options;
  const aPlace = placeOf(a);
  if (aPlace === undefined) throw wrongKind("a", "a Float32Array or Float64Array", a);
  const size = aPlace.size;
  const found = placeOf(given);
  const bPlace = found !== undefined && found.size === size ? found : undefined;
  const packed = bPlace === undefined ? asPacked(given, size) : null;
  const b = packed === null ? (given as FloatArray) : a; // stands in: no element of it is needed
  const cPlace = c === undefined ? undefined : placeOf(c);
  if (c !== undefined && cPlace?.size !== size) throw otherKind("c", c, size);
  const biasPlace = bias === undefined ? undefined : placeOf(bias);
  if (bias !== undefined && biasPlace?.size !== size) throw otherKind("bias", bias, size);
  const residualPlace = residual === undefined ? undefined : placeOf(residual);
  if (residual !== undefined && residualPlace?.size !== size) throw otherKind("residual", residual, size);
  // An array with elements has its memory.
  if (aPlace.length === 0) checkFloatArray("a", a);
  if (bPlace?.length === 0) checkFloatArray("b", b);
  const matrix = packed && PackedB.matrixOf(given as PackedB);
  if (cPlace?.length === 0) checkFloatArray("c", c);
  if (biasPlace?.length === 0) checkFloatArray("bias", bias);
  if (residualPlace?.length === 0) checkFloatArray("residual", residual);
  if (!isCount(m)) checkInteger("m", m);
  if (!isCount(n)) checkInteger("n", n);
  if (!isCount(k)) checkInteger("k", k);
  if (typeof transA !== "boolean") checkBoolean("transA", transA);
  const transB = transposed ?? packed?.transB ?? false;
  if (typeof transB !== "boolean") checkBoolean("transB", transB);
  if (packed !== null) checkFits(packed, n, k, transB, bStep);
  const factor = alpha === 1 ? 1 : checkFactor("alpha", alpha, dtypeOfSize(size));
  const keep = beta === 0 ? 0 : checkFactor("beta", beta, dtypeOfSize(size));
  if (activation !== "none") checkActivation("activation", activation);
  if (c === undefined && keep !== 0) throw wrongValue("beta", "0 without c", beta, "ERR_OPTION");
  const aRows = transA ? k : m;
  const aColumns = transA ? m : k;
  const bRows = transB ? n : k;
  const bColumns = transB ? k : n;
  const lda = aStep === undefined ? aColumns : checkStride("lda", aStep, aColumns);
  const ldb = bStep === undefined ? bColumns : checkStride("ldb", bStep, bColumns);
  const ldc = cStep === undefined ? n : checkStride("ldc", cStep, n);
  const ldr = rStep === undefined ? n : checkStride("ldr", rStep, n);
  let aCount = extent(aRows, aColumns, lda);
  let bCount = packed === null ? extent(bRows, bColumns, ldb) : 0;
  let cCount = extent(m, n, ldc);
  let rCount = residual === undefined ? 0 : extent(m, n, ldr);
  // A matrix without elements takes no step, however long its rows are said to be.
  const step = (count: number, rows: number, ld: number): number => (count === 0 ? 0 : rows * ld);
  const items =
    batch && checkBatch(batch, step(aCount, aRows, lda), step(bCount, bRows, ldb), m * ldc, step(rCount, m, ldr), cCount);
  if (items !== null) {
    const { count } = items;
    if (packed !== null && items.strideB !== 0)
      throw wrongValue("strideB", "0 for a packed operand", items.strideB, "ERR_STRIDE");
    aCount = whole(count, aCount, items.strideA);
    bCount = whole(count, bCount, items.strideB);
    cCount = whole(count, cCount, items.strideC);
    rCount = whole(count, rCount, items.strideR);
  }
  if (aPlace.length < aCount) throw tooShort("a", aPlace, aCount);
  if (bPlace !== undefined && bPlace.length < bCount) throw tooShort("b", bPlace, bCount);
  if (biasPlace !== undefined && biasPlace.length !== n)
    throw wrongValue("bias.length", `n = ${n}`, biasPlace.length, "ERR_LENGTH");
  if (residualPlace !== undefined && residualPlace.length < rCount) throw tooShort("residual", residualPlace, rCount);
  if (cPlace !== undefined) {
    if (cPlace.length < cCount) throw tooShort("c", cPlace, cCount);
    if (placesOverlap(cPlace, cCount, aPlace, aCount)) throw overlap(c, "a");
    if (bPlace !== undefined && placesOverlap(cPlace, cCount, bPlace, bCount)) throw overlap(c, "b");
    if (biasPlace !== undefined && placesOverlap(cPlace, cCount, biasPlace, n)) throw overlap(c, "bias");
    if (residualPlace !== undefined && placesOverlap(cPlace, cCount, residualPlace, rCount)) throw overlap(c, "residual");
  }
  return {
    m,
    n,
    k,
    a,
    lda,
    transA,
    b,
    ldb,
    transB,
    c: c === undefined ? newArray(dtypeOfSize(size), cCount) : c,
    ldc,
    alpha: factor,
    beta: keep,
    bias: bias === undefined ? null : bias,
    activation,
    residual: residual === undefined ? null : residual,
    ldr,
    packed: matrix,
    items,
    aPlace,
    bPlace,
    cPlace,
    biasPlace,
    residualPlace,
  };
}

/** Who computes a call: the backend of its packed operand, else the one in use. */
export function backendOf(call: GemmCall): GemmBackend {
  return call.packed ? call.packed.backend : currentBackend();
}

/** Computes a checked call; returns C. */
export function compute(call: GemmCall): FloatArray {
  if (call.m !== 0 && call.n !== 0 && call.items?.count !== 0) backendOf(call).gemm(call);
  return call.c;
}

export const dtypeOfSize = (size: number): Dtype => (size === 4 ? "float32" : "float64");

/** A zeroed array in the engine's memory. Throws ERR_OUT_OF_MEMORY beyond what the engine can hold. */
export function newArray(dtype: Dtype, length: number): FloatArray {
  try {
    return dtype === "float32" ? new Float32Array(length) : new Float64Array(length);
  } catch (cause) {
    throw fault("ERR_OUT_OF_MEMORY", `no memory for a result of ${length} elements`, { cause });
  }
}
