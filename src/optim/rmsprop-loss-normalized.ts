import { warnLiteral } from "../core/warning.ts";
import type { ParamGroup } from "./groups.ts";
import type { CommonOptions, CommonValues } from "./method.ts";
import { Optimizer, oneMethod } from "./optimizer.ts";
import type { Param } from "./parameters.ts";
import { rmspropLossMethod } from "./rules/rmsprop-loss.ts";

export interface RMSpropLossNormalizedOptions extends CommonOptions {
  /** Decay rate β₁ of the mean of squared gradients s, in [0, 1); default .9. */
  beta1?: number;
  /** Decay rate β₂ of the mean squared loss r, in [0, 1); default .9. */
  beta2?: number;
  /** ε ≥ 0, added to √r; default 1e-8. */
  epsilon?: number;
  /** "signed" (default) follows the gradient's sign; "literal" is the text's, where every coordinate only decreases. */
  mode?: "signed" | "literal";
}

/**
 * RMSprop normalised by the loss J, which step() must be given: `step(gradients, { loss })`.
 *
 *     s ← β₁ s + (1 − β₁) g²,   r ← β₂ r + (1 − β₂) J²
 *     signed:  θ ← θ − α sign(g) s / (√r + ε),   sign(0) = 0
 *     literal: θ ← θ − α s / (√r + ε)
 *
 * The literal form ignores the gradient's direction and warns once that it can diverge.
 */
export class RMSpropLossNormalized extends Optimizer<Required<RMSpropLossNormalizedOptions> & CommonValues> {
  constructor(
    params: readonly Param[] | readonly (ParamGroup & RMSpropLossNormalizedOptions)[],
    options?: RMSpropLossNormalizedOptions,
  ) {
    super("RMSpropLossNormalized", oneMethod(rmspropLossMethod, options), params);
    if (this.groups.some(({ mode }) => mode === "literal"))
      warnLiteral('RMSpropLossNormalized({ mode: "literal" })', "it ignores the direction of the gradient");
  }
}
