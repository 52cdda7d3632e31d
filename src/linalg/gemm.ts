import { currentBackend } from "../backend/select.ts";
import { hasElements } from "../core/checks.ts";
import { bytesOverlap, meet, type Place, placeOf } from "../core/places.ts";
import type { FloatArray } from "../core/types.ts";
import { checkGemmNames } from "./names.ts";
import { backendOf, checkActivation, checkFactor, type GemmOptions, isCount, resolveGemm } from "./options.ts";

export type { GemmOptions } from "./options.ts";

/** Whether an operand still has its memory, at least `count` elements of C's dtype, and lies apart from C. */
function serves(array: FloatArray, place: Place, count: number, c: Place, cCount: number): boolean {
  if (!hasElements(array, place.length) || place.length < count || place.size !== c.size) return false;
  return place.buffer !== c.buffer || !bytesOverlap(place, count, c, cCount);
}

/** `gemm` but for the names; apart, because an engine inlines only so much into one function. */
function multiply(options: GemmOptions): FloatArray {
  const { m, n, k, a, b, c, lda, ldb, ldc, ldr, transA, transB, alpha, beta, bias, residual, activation } = options;
  const aPlace = placeOf(a);
  const bPlace = placeOf(b);
  const cPlace = placeOf(c);
  const biasPlace = bias === undefined ? undefined : placeOf(bias);
  // Sees in 30 ns that nothing is wrong, where all arrays are remembered; otherwise resolveGemm finds out what is, in 200.
  const aWidth = transA === true ? m : k;
  const bWidth = transB === true ? k : n;
  const aStep = lda === undefined ? aWidth : lda;
  const bStep = ldb === undefined ? bWidth : ldb;
  const cStep = ldc === undefined ? n : ldc;
  if (
    aPlace !== undefined &&
    bPlace !== undefined &&
    cPlace !== undefined &&
    isCount(m) &&
    isCount(n) &&
    isCount(k) &&
    isCount(aStep) &&
    isCount(bStep) &&
    isCount(cStep) &&
    aStep >= aWidth &&
    bStep >= bWidth &&
    cStep >= n &&
    (transA === undefined || typeof transA === "boolean") &&
    (transB === undefined || typeof transB === "boolean") &&
    residual === undefined
  ) {
    // The same properties in the same order as resolveGemm's: one shape for all who read it.
    const call = {
      m,
      n,
      k,
      a,
      lda: aStep,
      transA: transA === true,
      b: b as FloatArray,
      ldb: bStep,
      transB: transB === true,
      c: c as FloatArray,
      ldc: cStep,
      alpha: 1,
      beta: 0,
      bias: bias === undefined ? null : bias,
      activation: activation === undefined ? "none" : activation,
      residual: null,
      ldr: n,
      packed: null,
      aPlace,
      bPlace,
      cPlace,
      biasPlace,
    };
    const aCount = (transA === true ? k - 1 : m - 1) * aStep + aWidth;
    const bCount = (transB === true ? n - 1 : k - 1) * bStep + bWidth;
    const cCount = (m - 1) * cStep + n;
    if (
      hasElements(call.c, cPlace.length) &&
      cCount <= cPlace.length &&
      serves(a, aPlace, aCount, cPlace, cCount) &&
      serves(call.b, bPlace, bCount, cPlace, cCount) &&
      (bias === undefined || (biasPlace !== undefined && biasPlace.length === n && serves(bias, biasPlace, n, cPlace, cCount)))
    ) {
      const dtype = cPlace.size === 4 ? "float32" : "float64";
      if (alpha !== undefined && alpha !== 1) call.alpha = checkFactor("alpha", alpha, dtype);
      if (beta !== undefined && beta !== 0) call.beta = checkFactor("beta", beta, dtype);
      if (activation !== undefined) checkActivation("activation", activation);
      currentBackend().gemm(call);
      return call.c;
    }
  }
  const given = { m, n, k, a, b, c, lda, ldb, ldc, ldr, transA, transB, alpha, beta, bias, residual, activation };
  const call = resolveGemm(given as GemmOptions);
  meet(call.a);
  meet(call.b);
  if (c !== undefined) meet(c);
  if (bias !== undefined) meet(bias);
  if (call.m !== 0 && call.n !== 0) backendOf(call).gemm(call);
  return call.c;
}

/**
 * Row-major C = activation(alpha · op(A) · op(B) + beta · C + bias + residual); returns C. The same bits on every ISA
 * and with any number of threads (docs/numerics). m or n = 0 does nothing; k = 0 gives the rest of the formula.
 * @throws TypeError ERR_DTYPE, ERR_DETACHED; RangeError ERR_RANGE (a dimension), ERR_STRIDE (a leading dimension too
 *   small, a buffer too short), ERR_LENGTH (bias), ERR_OPTION (activation; beta without c; an unknown name), ERR_ALIAS
 *   (c overlaps), ERR_SHAPE (a packed operand of another shape); Error ERR_STATE (a packed operand that was disposed).
 */
export function gemm(options: GemmOptions): FloatArray {
  checkGemmNames("gemm", options);
  return multiply(options);
}
