import type { FloatArray } from "../core/types.ts";
import { BATCH_NAMES, type BatchOptions } from "./batch.ts";
import { checkGemmNames } from "./names.ts";
import type { GemmOptions } from "./options.ts";
import { compute, resolveGemm } from "./resolve.ts";

/** As `GemmOptions`, for `batch` products of one shape. */
export interface GemmBatchedOptions extends GemmOptions, BatchOptions {}

/**
 * C[i] = activation(alpha · op(A[i]) · op(B[i]) + beta · C[i] + bias + residual[i]) for every item; returns C. Each item has the bits
 * of `gemm` alone.
 * @throws as `gemm`; ERR_STRIDE also for a stride of C below an item's extent.
 */
export function gemmBatched(options: GemmBatchedOptions): FloatArray {
  checkGemmNames("gemmBatched", options, BATCH_NAMES);
  const { batch, strideA, strideB, strideC, strideR } = options;
  return compute(resolveGemm(options, { batch, strideA, strideB, strideC, strideR }));
}
