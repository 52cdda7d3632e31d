import type { WholeOptions } from "./clip.ts";
import type { ParamGroup } from "./groups.ts";
import type { CommonOptions, CommonValues } from "./method.ts";
import { Optimizer, oneMethod } from "./optimizer.ts";
import type { Param } from "./parameters.ts";
import { sgdMethod } from "./rules/sgd.ts";
import type { StateOptions } from "./state-options.ts";

export interface SGDOptions extends CommonOptions, StateOptions {
  /** Factor μ of the velocity, in [0, 1); 0 (default): no velocity. */
  momentum?: number;
  /** The velocity takes 1 − dampening of the gradient, except at the first step; in [0, 1), default 0. */
  dampening?: number;
  /** Look ahead along the velocity; needs momentum above 0 and no dampening. Default false. */
  nesterov?: boolean;
}

/**
 * Gradient descent, with classic momentum (Polyak 1964) or Nesterov's.
 *
 *     v ← μ v + (1 − dampening) g,   v = g at the first step
 *     θ ← θ − α v,   nesterov: θ ← θ − α (g + μ v)
 *
 * α learningRate (default .001), μ momentum. Equal to PyTorch's SGD. Losses: the gradients' sign and mean are the caller's.
 */
export class SGD extends Optimizer<Required<SGDOptions> & CommonValues> {
  constructor(params: readonly Param[] | readonly (ParamGroup & SGDOptions)[], options?: SGDOptions & WholeOptions) {
    super("SGD", oneMethod(sgdMethod, options), params);
  }
}
