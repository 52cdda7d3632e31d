import { checkInteger, dtypeOf, intrinsicLength } from "../core/checks.ts";
import { wrongValue } from "../core/errors.ts";
import type { FloatArray } from "../core/types.ts";
import { checkGemmNames } from "./names.ts";
import { backendOf, checkApart, extent, type GemmOptions, newArray, resolveGemm } from "./options.ts";

/** As `GemmOptions`, for `batch` products of one shape. */
export interface GemmBatchedOptions extends GemmOptions {
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

const STEPS: readonly (keyof GemmBatchedOptions)[] = ["batch", "strideA", "strideB", "strideC", "strideR"];

/**
 * C[i] = activation(alpha · op(A[i]) · op(B[i]) + beta · C[i] + bias + residual[i]) for every item; returns C. Each item has the bits
 * of `gemm` alone.
 * @throws as `gemm`; ERR_STRIDE also for a stride of C below an item's extent.
 */
export function gemmBatched(options: GemmBatchedOptions): FloatArray {
  checkGemmNames("gemmBatched", options, STEPS);
  const given = { ...options }; // each option is read once
  const { batch, strideA, strideB, strideC, strideR, c } = given;
  const call = resolveGemm(given, batch === 0);
  checkInteger("batch", batch);
  const { m, n, k, a, b, lda, ldb, ldc, ldr, transA, transB, residual } = call;
  const aCount = transA ? extent(k, m, lda) : extent(m, k, lda);
  const bCount = call.packed ? 0 : transB ? extent(n, k, ldb) : extent(k, n, ldb);
  const cCount = extent(m, n, ldc);
  const stride = (argument: string, value: unknown, packed: number): number => {
    if (value === undefined) return packed;
    checkInteger(argument, value);
    return value;
  };
  const steps = {
    count: batch,
    strideA: stride("strideA", strideA, transA ? k * lda : m * lda),
    strideB: stride("strideB", strideB, call.packed ? 0 : transB ? n * ldb : k * ldb),
    strideC: stride("strideC", strideC, m * ldc),
    strideR: stride("strideR", strideR, m * ldr),
  };
  if (batch > 1 && steps.strideC < cCount) {
    throw wrongValue("strideC", `at least an item's extent ${cCount}`, steps.strideC, "ERR_STRIDE");
  }
  if (call.packed && steps.strideB !== 0) throw wrongValue("strideB", "0 for a packed operand", strideB, "ERR_STRIDE");
  const whole = (count: number, step: number): number => (batch === 0 || count === 0 ? 0 : (batch - 1) * step + count);
  const needs = {
    a: whole(aCount, steps.strideA),
    b: whole(bCount, steps.strideB),
    c: whole(cCount, steps.strideC),
    residual: residual === null ? 0 : whole(extent(m, n, ldr), steps.strideR),
  };
  const out = c ?? newArray(dtypeOf(a), needs.c);
  for (const [argument, array, needed] of [
    ["a", a, needs.a],
    ["b", b, needs.b],
    ["residual", residual ?? a, needs.residual],
    ["c", out, needs.c],
  ] as const) {
    const length = intrinsicLength(array);
    if (length < needed) throw wrongValue(`${argument}.length`, `at least ${needed} elements`, length, "ERR_STRIDE");
  }
  if (c !== undefined) {
    checkApart(out, needs.c, "a", a, needs.a);
    checkApart(out, needs.c, "b", b, needs.b);
    if (call.bias) checkApart(out, needs.c, "bias", call.bias, n);
    if (residual) checkApart(out, needs.c, "residual", residual, needs.residual);
  }
  if (batch > 0 && m > 0 && n > 0) backendOf(call).gemmBatched({ ...call, c: out }, steps);
  return out;
}
