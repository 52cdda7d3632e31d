import type { WholeOptions } from "./clip.ts";
import type { ParamGroup } from "./groups.ts";
import type { CommonOptions, CommonValues } from "./method.ts";
import { Optimizer, oneMethod } from "./optimizer.ts";
import type { Param } from "./parameters.ts";
import { lambMethod } from "./rules/lamb.ts";

export interface LAMBOptions extends CommonOptions {
  /** Decay rate β₁ of the mean gradient m, in [0, 1); default .9. */
  beta1?: number;
  /** Decay rate β₂ of the mean squared gradient v, in [0, 1); default .999. */
  beta2?: number;
  /** ε ≥ 0, added to the root; default 1e-6. */
  epsilon?: number;
}

/**
 * LAMB (You et al. 2020, "Large batch optimization for deep learning: training BERT in 76 minutes"): Adam's update, scaled
 * so that each tensor changes by the same part of its norm.
 *
 *     m ← β₁ m + (1 − β₁) g,   v ← β₂ v + (1 − β₂) g²
 *     u = m̂ / (√v̂ + ε) + λ θ
 *     θ ← θ − α (‖θ‖ / ‖u‖) u        ratio 1 where a norm is 0
 *
 * The paper's φ is the identity, as in its code for BERT. weightDecay λ defaults to .01 and is part of u; with
 * `decoupled: false` it is added to the gradient instead. learningRate's default is .001. The norms are summed in float64.
 */
export class LAMB extends Optimizer<Required<LAMBOptions> & CommonValues> {
  constructor(params: readonly Param[] | readonly (ParamGroup & LAMBOptions)[], options?: LAMBOptions & WholeOptions) {
    super("LAMB", oneMethod(lambMethod, options), params);
  }
}
