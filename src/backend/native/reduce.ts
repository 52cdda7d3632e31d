// The native reductions: one call each, the array read in place.
import type { FloatArray } from "../../core/types.ts";
import type { ReduceBackend } from "../reduce.ts";

export interface ReduceAddon {
  sum(array: FloatArray): number;
  sumSquares(array: FloatArray): number;
}

export function createNativeReduce(addon: ReduceAddon): ReduceBackend {
  return { sum: addon.sum, sumSquares: addon.sumSquares };
}
