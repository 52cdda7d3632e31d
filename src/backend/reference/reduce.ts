// The reference reductions: what every backend, ISA and fused kernel must reproduce bit for bit.
import { dtypeOf } from "../../core/checks.ts";
import { operand32 } from "../../core/f32.ts";
import type { FloatArray } from "../../core/types.ts";
import type { ReduceBackend } from "../reduce.ts";

/** Elements of one block. */
export const REDUCE_BLOCK = 4096;
/** Independent accumulators of a block. */
export const REDUCE_LANES = 32;

const lanes = new Float64Array(REDUCE_LANES);

/** Adds the lanes at distance 16, 8, 4, 2, 1. Overwrites them. */
export function combineLanes(accumulators: Float64Array): number {
  for (let distance = REDUCE_LANES / 2; distance > 0; distance >>= 1) {
    for (let lane = 0; lane < distance; lane++) accumulators[lane] += accumulators[lane + distance];
  }
  return accumulators[0];
}

/**
 * Σ term(i) for i in [0, count) in the fixed order. For terms that are computed on the way (a loss, an update's norm);
 * plain sums below avoid the call per element.
 */
export function reduceTerms(count: number, term: (index: number) => number): number {
  const accumulators = new Float64Array(REDUCE_LANES);
  let total = 0;
  for (let start = 0; start < count; start += REDUCE_BLOCK) {
    const end = Math.min(count, start + REDUCE_BLOCK);
    accumulators.fill(0);
    for (let i = start; i < end; i++) accumulators[(i - start) & (REDUCE_LANES - 1)] += term(i);
    total += combineLanes(accumulators);
  }
  return total;
}

/** Σ x² (float32 subnormals read as zero). */
export function sumSquares(array: FloatArray): number {
  const single = dtypeOf(array) === "float32";
  const count = array.length;
  let total = 0;
  for (let start = 0; start < count; start += REDUCE_BLOCK) {
    const end = Math.min(count, start + REDUCE_BLOCK);
    lanes.fill(0);
    if (single) {
      for (let i = start; i < end; i++) {
        const x = operand32(array[i]);
        lanes[(i - start) & 31] += x * x;
      }
    } else {
      for (let i = start; i < end; i++) lanes[(i - start) & 31] += array[i] * array[i];
    }
    total += combineLanes(lanes);
  }
  return total;
}

/** Σ x (float32 subnormals read as zero). */
export function sum(array: FloatArray): number {
  const single = dtypeOf(array) === "float32";
  const count = array.length;
  let total = 0;
  for (let start = 0; start < count; start += REDUCE_BLOCK) {
    const end = Math.min(count, start + REDUCE_BLOCK);
    lanes.fill(0);
    if (single) for (let i = start; i < end; i++) lanes[(i - start) & 31] += operand32(array[i]);
    else for (let i = start; i < end; i++) lanes[(i - start) & 31] += array[i];
    total += combineLanes(lanes);
  }
  return total;
}

export function createReferenceReduce(): ReduceBackend {
  return { sumSquares, sum };
}
