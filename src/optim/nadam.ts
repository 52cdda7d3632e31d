import type { WholeOptions } from "./clip.ts";
import type { ParamGroup } from "./groups.ts";
import type { CommonOptions, CommonValues } from "./method.ts";
import { Optimizer, oneMethod } from "./optimizer.ts";
import type { Param } from "./parameters.ts";
import { nadamMethod } from "./rules/nadam.ts";

export interface NAdamOptions extends CommonOptions {
  /** Decay rate β₁ of the mean gradient m, in [0, 1); default .9. */
  beta1?: number;
  /** Decay rate β₂ of the mean squared gradient v, in [0, 1); default .999. */
  beta2?: number;
  /** ε ≥ 0, added to the root; default 1e-8. */
  epsilon?: number;
  /** ψ ≥ 0 of the momentum's warm-up; default .004. */
  momentumDecay?: number;
}

/**
 * Adam with Nesterov momentum (Dozat 2016).
 *
 *     μₜ = β₁ (1 − ½ · 0.96^(tψ)),   Πₜ = μ₁ · … · μₜ
 *     m ← β₁ m + (1 − β₁) g,   v ← β₂ v + (1 − β₂) g²
 *     θ ← θ − α ((1 − μₜ) g / (1 − Πₜ) + μₜ₊₁ m / (1 − Πₜ₊₁)) / (√v̂ + ε),   v̂ = v / (1 − β₂ᵗ)
 *
 * Equal to PyTorch's (from 2.0; 1.13 applied μₜ₊₁ wrongly). learningRate's default is its .002.
 */
export class NAdam extends Optimizer<Required<NAdamOptions> & CommonValues> {
  constructor(params: readonly Param[] | readonly (ParamGroup & NAdamOptions)[], options?: NAdamOptions & WholeOptions) {
    super("NAdam", oneMethod(nadamMethod, options), params);
  }
}
