import type { WholeOptions } from "./clip.ts";
import type { ParamGroup } from "./groups.ts";
import type { CommonOptions } from "./method.ts";
import { Optimizer, oneMethod } from "./optimizer.ts";
import type { Param } from "./parameters.ts";
import { type AdamValues, adamMethod } from "./rules/adam.ts";
import type { StateOptions } from "./state-options.ts";

export interface AdamOptions extends CommonOptions, StateOptions {
  /** Decay rate β₁ of the mean gradient m, in [0, 1); default .9. */
  beta1?: number;
  /** Decay rate β₂ of the mean squared gradient v, in [0, 1); default .999. */
  beta2?: number;
  /** ε ≥ 0, added to the root; default 1e-8. */
  epsilon?: number;
  /** Divide by the highest v so far (Reddi et al. 2018); default false. Not with a `stateType` of fewer bits. */
  amsgrad?: boolean;
  /** Divide m by 1 − β₁ᵗ and v by 1 − β₂ᵗ; default true. */
  biasCorrection?: boolean;
}

/**
 * Adam (Kingma, Ba 2015).
 *
 *     m ← β₁ m + (1 − β₁) g,   v ← β₂ v + (1 − β₂) g²
 *     θ ← θ − α m̂ / (√v̂ + ε),   m̂ = m / (1 − β₁ᵗ),  v̂ = v / (1 − β₂ᵗ)
 *
 * Equal to PyTorch's; t counts each parameter's own updates. Defaults are the paper's.
 */
export class Adam extends Optimizer<AdamValues> {
  constructor(params: readonly Param[] | readonly (ParamGroup & AdamOptions)[], options?: AdamOptions & WholeOptions) {
    super("Adam", oneMethod(adamMethod, options), params);
  }
}
