import type { WholeOptions } from "./clip.ts";
import type { ParamGroup } from "./groups.ts";
import type { CommonOptions, CommonValues } from "./method.ts";
import { Optimizer, oneMethod } from "./optimizer.ts";
import type { Param } from "./parameters.ts";
import { adamaxMethod } from "./rules/adamax.ts";

export interface AdamaxOptions extends CommonOptions {
  /** Decay rate β₁ of the mean gradient m, in [0, 1); default .9. */
  beta1?: number;
  /** Decay rate β₂ of the maximum u, in [0, 1); default .999. */
  beta2?: number;
  /** ε ≥ 0, added to |g|; default 1e-8. */
  epsilon?: number;
}

/**
 * Adam with the maximum norm (Kingma, Ba 2015, section 7).
 *
 *     m ← β₁ m + (1 − β₁) g,   u ← max(β₂ u, |g| + ε)
 *     θ ← θ − α m / ((1 − β₁ᵗ) u)
 *
 * Equal to PyTorch's, whose learningRate is .002. A NaN gradient makes u NaN for that step only; m keeps it.
 */
export class Adamax extends Optimizer<Required<AdamaxOptions> & CommonValues> {
  constructor(params: readonly Param[] | readonly (ParamGroup & AdamaxOptions)[], options?: AdamaxOptions & WholeOptions) {
    super("Adamax", oneMethod(adamaxMethod, options), params);
  }
}
