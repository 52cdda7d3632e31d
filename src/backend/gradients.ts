// The gradient tools as both backends offer them: lists of arrays in place, one call each. Arguments are checked above.
import type { FloatArray } from "../core/types.ts";

/** Σ x², Σ |x|, or the largest magnitude (NaN where an element is NaN, 0 for none). */
export type NormKind = "squares" | "absolute" | "largest";

export interface GradientBackend {
  /** x is clamped to [−bound, bound], the bound rounded to the dtype; NaN stays NaN, what is within keeps its bits. */
  clampArrays(arrays: readonly FloatArray[], bound: number): void;
  /** x ← x·factor, one per array, rounded once; a factor of 1 leaves every bit alone. */
  scaleArrays(arrays: readonly FloatArray[], factors: Float64Array): void;
  /** One number per array, in float64 in the contract's order. */
  normsOf(arrays: readonly FloatArray[], kind: NormKind): Float64Array;
  /** Scales each array by min(1, limit ÷ (‖x‖₂ + 1e-6)); returns the norms before. */
  clipNorms(arrays: readonly FloatArray[], limit: number): Float64Array;
  /** The same for the norm of all arrays together. */
  clipGlobalNorm(arrays: readonly FloatArray[], limit: number): number;
  /** Every unit of x, one of `columns` of its array, is scaled down to limit · max(‖w‖, ε). */
  clipUnits(
    arrays: readonly FloatArray[],
    weights: readonly FloatArray[],
    columns: readonly number[],
    limit: number,
    epsilon: number,
  ): void;
  /** g ← (g + l2·p) + l1·sign(p), each operation rounded; a term whose factor is 0 is left out. */
  addPenalty(gradients: readonly FloatArray[], parameters: readonly FloatArray[], l1: number, l2: number): void;
  /** sum ← sum + x. */
  addArrays(sums: readonly FloatArray[], arrays: readonly FloatArray[]): void;
  /** True where no element is NaN or infinite. */
  areFinite(arrays: readonly FloatArray[]): boolean;
}
