// The items of a batch: how far apart they lie.
import type { GemmBatch } from "../backend/gemm.ts";
import { checkInteger } from "../core/checks.ts";
import { wrongValue } from "../core/errors.ts";

export interface BatchOptions {
  /** Number of products, at least 0. */
  readonly batch: number;
  /** Elements from one item's matrix to the next one's. 0 uses one matrix for all items, as a packed operand does. Default: items are packed. */
  readonly strideA?: number;
  readonly strideB?: number;
  /** As above, but at least the extent of one item, so that items do not overlap. */
  readonly strideC?: number;
  /** The residual's, from 0 as of A and B. */
  readonly strideR?: number;
}

export const BATCH_NAMES: readonly (keyof BatchOptions)[] = ["batch", "strideA", "strideB", "strideC", "strideR"];

/** The options, checked; `a` to `r` are the steps of packed items, `extentC` the elements from an item's first of C to its last. */
export function checkBatch(options: BatchOptions, a: number, b: number, c: number, r: number, extentC: number): GemmBatch {
  const { batch } = options;
  checkInteger("batch", batch);
  const strideA = checkStep("strideA", options.strideA, a);
  const strideB = checkStep("strideB", options.strideB, b);
  const strideC = checkStep("strideC", options.strideC, c);
  const strideR = checkStep("strideR", options.strideR, r);
  if (batch > 1 && strideC < extentC) {
    throw wrongValue("strideC", `at least an item's extent ${extentC}`, strideC, "ERR_STRIDE");
  }
  return { count: batch, strideA, strideB, strideC, strideR };
}

/** Elements from the first item's first to the last item's last, where an item takes `count`. */
export function whole(items: number, count: number, step: number): number {
  return items === 0 || count === 0 ? 0 : (items - 1) * step + count;
}

function checkStep(argument: string, value: unknown, packed: number): number {
  if (value === undefined) return packed;
  checkInteger(argument, value);
  return value;
}
