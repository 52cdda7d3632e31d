// The guard against gradients that are not finite.
import { currentBackend } from "../backend/select.ts";
import type { Param } from "../optim/parameters.ts";
import { checkGradients } from "./arrays.ts";

/**
 * True where every element of every gradient is finite. One call over all; nulls count as finite.
 * @throws ERR_DTYPE, ERR_DETACHED, ERR_SHAPE.
 */
export function allFinite(gradients: readonly (Param | null)[]): boolean {
  return currentBackend().areFinite(checkGradients(gradients).map(({ data }) => data));
}

/** Decides for each step whether to apply it, and counts. */
export class NonFiniteGuard {
  /** Steps refused since construction. */
  skipped = 0;
  /** Steps refused in a row up to now. */
  consecutive = 0;

  /** False, and counted, where a gradient holds NaN or an infinity: then skip the whole step. Errors as allFinite. */
  accepts(gradients: readonly (Param | null)[]): boolean {
    const finite = allFinite(gradients);
    this.consecutive = finite ? 0 : this.consecutive + 1;
    if (!finite) this.skipped++;
    return finite;
  }
}
