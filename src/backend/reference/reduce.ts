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

/** Walks blocks in order: `accumulate` adds the terms [start, end) to cleared lanes, element i to lane (i − start) mod 32. */
function overBlocks(count: number, accumulators: Float64Array, accumulate: (start: number, end: number) => void): number {
  let total = 0;
  for (let start = 0; start < count; start += REDUCE_BLOCK) {
    accumulators.fill(0);
    accumulate(start, Math.min(count, start + REDUCE_BLOCK));
    total += combineLanes(accumulators);
  }
  return total;
}

/**
 * Σ term(i) for i in [0, count) in the fixed order. For terms that are computed on the way (a loss, an update's norm);
 * plain sums below avoid the call per element.
 */
export function reduceTerms(count: number, term: (index: number) => number): number {
  const own = new Float64Array(REDUCE_LANES);
  return overBlocks(count, own, (start, end) => {
    for (let i = start; i < end; i++) own[(i - start) & (REDUCE_LANES - 1)] += term(i);
  });
}

/** Σ x² (float32 subnormals read as zero). */
export function sumSquares(array: FloatArray): number {
  const single = dtypeOf(array) === "float32";
  return overBlocks(array.length, lanes, (start, end) => {
    if (single) {
      for (let i = start; i < end; i++) {
        const x = operand32(array[i]);
        lanes[(i - start) & 31] += x * x;
      }
    } else {
      for (let i = start; i < end; i++) lanes[(i - start) & 31] += array[i] * array[i];
    }
  });
}

/** Σ x (float32 subnormals read as zero). */
export function sum(array: FloatArray): number {
  const single = dtypeOf(array) === "float32";
  return overBlocks(array.length, lanes, (start, end) => {
    if (single) for (let i = start; i < end; i++) lanes[(i - start) & 31] += operand32(array[i]);
    else for (let i = start; i < end; i++) lanes[(i - start) & 31] += array[i];
  });
}

export function createReferenceReduce(): ReduceBackend {
  return { sumSquares, sum };
}
