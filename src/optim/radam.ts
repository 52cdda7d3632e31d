import type { WholeOptions } from "./clip.ts";
import type { ParamGroup } from "./groups.ts";
import type { CommonOptions, CommonValues } from "./method.ts";
import { Optimizer, oneMethod } from "./optimizer.ts";
import type { Param } from "./parameters.ts";
import { radamMethod } from "./rules/radam.ts";

export interface RAdamOptions extends CommonOptions {
  /** Decay rate β₁ of the mean gradient m, in [0, 1); default .9. */
  beta1?: number;
  /** Decay rate β₂ of the mean squared gradient v, in [0, 1); default .999. */
  beta2?: number;
  /** ε ≥ 0, added to the root; default 1e-8. */
  epsilon?: number;
}

/**
 * Adam with a rectified variance (Liu et al. 2020).
 *
 *     m, v as in Adam;   ρ∞ = 2 / (1 − β₂) − 1,   ρₜ = ρ∞ − 2tβ₂ᵗ / (1 − β₂ᵗ)
 *     ρₜ > 5: θ ← θ − α m̂ r √(1 − β₂ᵗ) / (√v + ε),   r² = (ρₜ − 4)(ρₜ − 2) ρ∞ / ((ρ∞ − 4)(ρ∞ − 2) ρₜ)
 *     else:   θ ← θ − α m̂
 *
 * Equal to PyTorch's.
 */
export class RAdam extends Optimizer<Required<RAdamOptions> & CommonValues> {
  constructor(params: readonly Param[] | readonly (ParamGroup & RAdamOptions)[], options?: RAdamOptions & WholeOptions) {
    super("RAdam", oneMethod(radamMethod, options), params);
  }
}
