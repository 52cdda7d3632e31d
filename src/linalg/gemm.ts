import type { FloatArray } from "../core/types.ts";
import { checkGemmNames } from "./names.ts";
import type { GemmOptions } from "./options.ts";
import { compute, resolveGemm } from "./resolve.ts";

export type { GemmOptions } from "./options.ts";

/**
 * Row-major C = activation(alpha · op(A) · op(B) + beta · C + bias + residual); returns C. The same bits on every ISA
 * and with any number of threads (docs/numerics). m or n = 0 does nothing; k = 0 gives the rest of the formula.
 * @throws TypeError ERR_DTYPE, ERR_DETACHED; RangeError ERR_RANGE (a dimension), ERR_STRIDE (a leading dimension too
 *   small, a buffer too short), ERR_LENGTH (bias), ERR_OPTION (activation; beta without c; an unknown name), ERR_ALIAS
 *   (c overlaps), ERR_SHAPE (a packed operand of another shape); Error ERR_STATE (a packed operand that was disposed).
 */
export function gemm(options: GemmOptions): FloatArray {
  checkGemmNames("gemm", options);
  return compute(resolveGemm(options));
}
