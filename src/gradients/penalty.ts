// The gradients of L1 and L2 penalties, for loops that form gradients themselves. The optimizers' `l1` and `l2` options do
// the same inside step(), with the same bits.
import { currentBackend } from "../backend/select.ts";
import { wrongKind, wrongValue } from "../core/errors.ts";
import type { Param } from "../optim/parameters.ts";
import { checkPairs } from "./adaptive-clip.ts";

export interface PenaltyOptions {
  /** λ₁ ≥ 0: adds λ₁·sign(θ), sign(0) = 0, the gradient of λ₁·Σ|θ|. Default 0. */
  readonly l1?: number;
  /** λ₂ ≥ 0: adds λ₂·θ, the gradient of ½·λ₂·Σθ². Default 0. */
  readonly l2?: number;
}

function checkFactor(argument: string, value: unknown): asserts value is number {
  if (typeof value !== "number") throw wrongKind(argument, "a finite number of at least 0", value, "ERR_OPTION");
  if (!(value >= 0 && value < Infinity)) throw wrongValue(argument, "a finite number of at least 0", value, "ERR_OPTION");
}

/**
 * g ← (g + λ₂·θ) + λ₁·sign(θ), in place, each operation rounded to the dtype; a penalty of 0 is left out.
 * @throws ERR_LENGTH, ERR_DTYPE, ERR_DETACHED, ERR_SHAPE, ERR_OPTION; nothing is changed then.
 */
export function addL1L2(gradients: readonly (Param | null)[], parameters: readonly Param[], options: PenaltyOptions): void {
  const { l1 = 0, l2 = 0 } = options;
  checkFactor("l1", l1);
  checkFactor("l2", l2);
  const pairs = checkPairs(gradients, parameters);
  currentBackend().addPenalty(
    pairs.map(({ gradient }) => gradient.data),
    pairs.map(({ parameter }) => parameter.data),
    l1,
    l2,
  );
}
