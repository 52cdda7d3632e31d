// Clipping of gradients, in place. Norms are reduced in float64 in the contract's order (NUMERICS, Reductions).

import { reduceTerms } from "../backend/reference/reduce.ts";
import { currentBackend } from "../backend/select.ts";
import { dtypeOf } from "../core/checks.ts";
import { wrongKind, wrongValue } from "../core/errors.ts";
import { f32, operand32 } from "../core/f32.ts";
import { pow } from "../core/scalar-math.ts";
import type { FloatArray } from "../core/types.ts";
import type { Param } from "../optim/parameters.ts";
import { checkBound, checkGradients } from "./arrays.ts";

export interface NormOptions {
  /** p of the p-norm: 1 or more, Infinity for the largest magnitude; default 2. */
  readonly normType?: number;
}

const arraysOf = (gradients: readonly (Param | null)[]): FloatArray[] => checkGradients(gradients).map(({ data }) => data);

function checkNormType(options: NormOptions): number {
  const p = options.normType ?? 2;
  if (typeof p !== "number") throw wrongKind("normType", "a number of at least 1", p, "ERR_OPTION");
  if (!(p >= 1)) throw wrongValue("normType", "a number of at least 1", p, "ERR_OPTION");
  return p;
}

/** Σ |x|ᵖ of each array, or its largest magnitude for p = Infinity (NaN where an element is NaN). */
function powerSums(arrays: readonly FloatArray[], p: number): Float64Array {
  if (p === 2) return currentBackend().normsOf(arrays, "squares");
  if (p === 1) return currentBackend().normsOf(arrays, "absolute");
  if (p === Infinity) return currentBackend().normsOf(arrays, "largest");
  // The power function is this package's own and has no native twin.
  return Float64Array.from(arrays, (x) => {
    const read = dtypeOf(x) === "float32" ? operand32 : (value: number): number => value;
    return reduceTerms(x.length, (i) => pow(Math.abs(read(x[i])), p));
  });
}

function rootOf(sum: number, p: number): number {
  if (p === 2) return Math.sqrt(sum);
  return p === 1 || p === Infinity ? sum : pow(sum, 1 / p);
}

function normOf(sums: Float64Array, p: number): number {
  if (p === Infinity) return sums.reduce((largest, x) => (Number.isNaN(x) || x > largest ? x : largest), 0);
  return rootOf(
    sums.reduce((total, x) => total + x, 0),
    p,
  );
}

/**
 * The norm of all gradients together, in float64: for p = 2 √(Σ over the arrays, in order, of Σ x²). Nulls count as
 * nothing; no gradients give 0.
 * @throws ERR_DTYPE, ERR_DETACHED, ERR_SHAPE, ERR_OPTION.
 */
export function globalNorm(gradients: readonly (Param | null)[], options: NormOptions = {}): number {
  const p = checkNormType(options);
  return normOf(powerSums(arraysOf(gradients), p), p);
}

/** min(1, maxNorm ÷ (norm + 1e-6)), PyTorch's coefficient; NaN where the norm is NaN. */
export function clipCoefficient(norm: number, maxNorm: number): number {
  const coefficient = maxNorm / (norm + 1e-6);
  return coefficient > 1 ? 1 : coefficient;
}

/**
 * Clamps every element to [−limit, limit], in place (PyTorch `clip_grad_value_`). NaN stays NaN, and what is within
 * the limits keeps its bits.
 * @param limit above 0; rounded to the dtype, in which it must not be subnormal.
 * @throws ERR_DTYPE, ERR_DETACHED, ERR_SHAPE, ERR_OPTION; nothing is changed then.
 */
export function clipByValue(gradients: readonly (Param | null)[], limit: number): void {
  checkBound("limit", limit);
  const checked = checkGradients(gradients);
  if (f32(limit) === 0 && checked.some(({ dtype }) => dtype === "float32"))
    throw wrongValue("limit", "a number that float32 has as a normal one", limit, "ERR_OPTION");
  currentBackend().clampArrays(
    checked.map(({ data }) => data),
    limit,
  );
}

/**
 * Scales each gradient whose own norm exceeds maxNorm down to it, in place. Returns the norms before.
 * @param maxNorm above 0. @throws as clipByValue.
 */
export function clipByNorm(gradients: readonly (Param | null)[], maxNorm: number, options: NormOptions = {}): number[] {
  checkBound("maxNorm", maxNorm);
  const p = checkNormType(options);
  const arrays = arraysOf(gradients);
  if (p === 2) return [...currentBackend().clipNorms(arrays, maxNorm)];
  const norms = powerSums(arrays, p).map((sum) => rootOf(sum, p));
  currentBackend().scaleArrays(
    arrays,
    norms.map((norm) => clipCoefficient(norm, maxNorm)),
  );
  return [...norms];
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
  const arrays = arraysOf(gradients);
  if (p === 2) return currentBackend().clipGlobalNorm(arrays, maxNorm);
  const norm = normOf(powerSums(arrays, p), p);
  currentBackend().scaleArrays(arrays, new Float64Array(arrays.length).fill(clipCoefficient(norm, maxNorm)));
  return norm;
}
