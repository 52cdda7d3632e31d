import type { WholeOptions } from "./clip.ts";
import type { ParamGroup } from "./groups.ts";
import type { CommonOptions, CommonValues } from "./method.ts";
import { Optimizer, oneMethod } from "./optimizer.ts";
import type { Param } from "./parameters.ts";
import { momentumEmaMethod } from "./rules/sgd.ts";

export interface MomentumEMAOptions extends CommonOptions {
  /** Decay rate β of the mean gradient, in [0, 1); default .9. */
  beta?: number;
}

/**
 * Momentum as an exponential moving average of the gradient.
 *
 *     v ← β v + (1 − β) g,   v = 0 at first
 *     θ ← θ − α v
 *
 * Differs from SGD({ momentum: β, dampening: β }) at the first step only, where PyTorch's form takes v = g.
 */
export class MomentumEMA extends Optimizer<Required<MomentumEMAOptions> & CommonValues> {
  constructor(
    params: readonly Param[] | readonly (ParamGroup & MomentumEMAOptions)[],
    options?: MomentumEMAOptions & WholeOptions,
  ) {
    super("MomentumEMA", oneMethod(momentumEmaMethod, options), params);
  }
}
