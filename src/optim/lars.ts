import type { WholeOptions } from "./clip.ts";
import type { ParamGroup } from "./groups.ts";
import type { CommonOptions, CommonValues } from "./method.ts";
import { Optimizer, oneMethod } from "./optimizer.ts";
import type { Param } from "./parameters.ts";
import { larsMethod } from "./rules/lars.ts";

export interface LARSOptions extends CommonOptions {
  /** Factor μ of the velocity, in [0, 1); default .9. */
  momentum?: number;
  /** η > 0: the part of a tensor's norm that one step at rate 1 may change; default .001. */
  trustCoefficient?: number;
  /** ε ≥ 0, added to the norms that divide; default 1e-8. */
  epsilon?: number;
}

/**
 * LARS (You, Gitman, Ginsburg 2017, "Large batch training of convolutional networks"): momentum with a rate per tensor.
 *
 *     λ = η ‖θ‖ / (‖g‖ + β ‖θ‖ + ε)        1 where ‖θ‖ or ‖g‖ is 0
 *     v ← μ v + α λ (g + β θ)
 *     θ ← θ − v
 *
 * As in the paper the rate α is inside the velocity; implementations that multiply by α last differ while α changes.
 * weightDecay β defaults to 0; with `decoupled: false` it enters g before the norms. learningRate's default 1 leaves the
 * size of a step to η. The paper has no ε. The norms are summed in float64.
 */
export class LARS extends Optimizer<Required<LARSOptions> & CommonValues> {
  constructor(params: readonly Param[] | readonly (ParamGroup & LARSOptions)[], options?: LARSOptions & WholeOptions) {
    super("LARS", oneMethod(larsMethod, options), params);
  }
}
