// Reductions of whole arrays to one double. The order of additions is fixed (NUMERICS): 32 lanes, element i in lane
// i mod 32; blocks of 4096 elements; lanes combined at distance 16, 8, 4, 2, 1; blocks added in ascending order.
import type { FloatArray } from "../core/types.ts";

export interface ReduceBackend {
  /** Σ xᵢ² in float64, each square rounded to double (exact for float32). 0 for an empty array. Arguments are checked above. */
  sumSquares(array: FloatArray): number;
  /** Σ xᵢ in float64. */
  sum(array: FloatArray): number;
}
