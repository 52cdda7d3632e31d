// Clipping of gradients, in place. Norms are reduced in float64 in the contract's order (NUMERICS, Reductions).

import { reduceTerms } from "../backend/reference/reduce.ts";
import { currentBackend } from "../backend/select.ts";
import { dtypeOf, intrinsicLength } from "../core/checks.ts";
import { wrongKind, wrongValue } from "../core/errors.ts";
import { operand32 } from "../core/f32.ts";
import { pow } from "../core/scalar-math.ts";
import type { FloatArray } from "../core/types.ts";
import type { Param } from "../optim/parameters.ts";
import { checkBound, checkGradients, scaleInPlace } from "./arrays.ts";

export interface NormOptions {
  /** p of the p-norm: 1 or more, Infinity for the largest magnitude; default 2. */
  readonly normType?: number;
}

function checkNormType(options: NormOptions): number {
  const p = options.normType ?? 2;
  if (typeof p !== "number") throw wrongKind("normType", "a number of at least 1", p, "ERR_OPTION");
  if (!(p >= 1)) throw wrongValue("normType", "a number of at least 1", p, "ERR_OPTION");
  return p;
}

/** Σ |x|ᵖ of one array, or its largest magnitude for p = Infinity (NaN where an element is NaN). */
function powerSum(x: FloatArray, p: number): number {
  if (p === 2) return currentBackend().sumSquares(x);
  const read = dtypeOf(x) === "float32" ? operand32 : (value: number): number => value;
  if (p === Infinity) {
    let largest = 0;
    for (const value of x) {
      const magnitude = Math.abs(read(value));
      if (!(magnitude <= largest)) largest = magnitude;
      if (Number.isNaN(magnitude)) return NaN;
    }
    return largest;
  }
  return reduceTerms(x.length, p === 1 ? (i) => Math.abs(read(x[i])) : (i) => pow(Math.abs(read(x[i])), p));
}

function rootOf(sum: number, p: number): number {
  if (p === 2) return Math.sqrt(sum);
  return p === 1 || p === Infinity ? sum : pow(sum, 1 / p);
}

function normOf(arrays: readonly FloatArray[], p: number): number {
  if (p === Infinity) {
    let largest = 0;
    for (const array of arrays) {
      const own = powerSum(array, p);
      if (Number.isNaN(own)) return NaN;
      if (own > largest) largest = own;
    }
    return largest;
  }
  let total = 0;
  for (const array of arrays) total += powerSum(array, p);
  return rootOf(total, p);
}

/**
 * The norm of all gradients together, in float64: for p = 2 √(Σ over the arrays, in order, of Σ x²). Nulls count as
 * nothing; no gradients give 0.
 * @throws ERR_DTYPE, ERR_DETACHED, ERR_SHAPE, ERR_OPTION.
 */
export function globalNorm(gradients: readonly (Param | null)[], options: NormOptions = {}): number {
  const p = checkNormType(options);
  const arrays = checkGradients(gradients).map(({ data }) => data);
  return normOf(arrays, p);
}

/** min(1, maxNorm ÷ (norm + 1e-6)), PyTorch's coefficient; NaN where the norm is NaN. */
export function clipCoefficient(norm: number, maxNorm: number): number {
  const coefficient = maxNorm / (norm + 1e-6);
  return coefficient > 1 ? 1 : coefficient;
}

/**
 * Clamps every element to [−limit, limit], in place (PyTorch `clip_grad_value_`). NaN stays NaN, and what is within
 * the limits keeps its bits.
 * @param limit above 0; rounded to the dtype.
 * @throws ERR_DTYPE, ERR_DETACHED, ERR_SHAPE, ERR_OPTION; nothing is changed then.
 */
export function clipByValue(gradients: readonly (Param | null)[], limit: number): void {
  checkBound("limit", limit);
  for (const { data, dtype } of checkGradients(gradients)) {
    const bound = dtype === "float32" ? Math.fround(limit) : limit;
    const count = intrinsicLength(data);
    for (let i = 0; i < count; i++) {
      if (data[i] > bound) data[i] = bound;
      else if (data[i] < -bound) data[i] = -bound;
    }
  }
}

/**
 * Scales each gradient whose own norm exceeds maxNorm down to it, in place. Returns the norms before.
 * @param maxNorm above 0. @throws as clipByValue.
 */
export function clipByNorm(gradients: readonly (Param | null)[], maxNorm: number, options: NormOptions = {}): number[] {
  checkBound("maxNorm", maxNorm);
  const p = checkNormType(options);
  return checkGradients(gradients).map(({ data }) => {
    const norm = normOf([data], p);
    scaleInPlace(data, clipCoefficient(norm, maxNorm));
    return norm;
  });
}

/**
 * Scales all gradients by one factor so that their common norm is at most maxNorm, in place (PyTorch `clip_grad_norm_`).
 * Returns the norm before. A norm that is NaN makes every element NaN, an infinite one gives 0 · x: use a non-finite guard
 * to skip such steps.
 * @param maxNorm above 0. @throws as clipByValue.
 */
export function clipByGlobalNorm(gradients: readonly (Param | null)[], maxNorm: number, options: NormOptions = {}): number {
  checkBound("maxNorm", maxNorm);
  const p = checkNormType(options);
  const arrays = checkGradients(gradients).map(({ data }) => data);
  const norm = normOf(arrays, p);
  const coefficient = clipCoefficient(norm, maxNorm);
  for (const array of arrays) scaleInPlace(array, coefficient);
  return norm;
}
