import type { WholeOptions } from "./clip.ts";
import type { ParamGroup } from "./groups.ts";
import type { CommonOptions, CommonValues } from "./method.ts";
import { Optimizer, oneMethod } from "./optimizer.ts";
import type { Param } from "./parameters.ts";
import { lionMethod } from "./rules/lion.ts";
import type { StateOptions } from "./state-options.ts";

export interface LionOptions extends CommonOptions, StateOptions {
  /** Weight β₁ of m in the step's sign, in [0, 1); default .9. */
  beta1?: number;
  /** Decay rate β₂ of the mean gradient m, in [0, 1); default .99. */
  beta2?: number;
}

/**
 * Lion (Chen et al. 2023).
 *
 *     θ ← (1 − α λ) θ − α · sign(β₁ m + (1 − β₁) g),   sign(0) = 0
 *     m ← β₂ m + (1 − β₂) g
 *
 * weightDecay λ is decoupled unless `decoupled: false`; default 0. Rates are 3 to 10 times below Adam's; default 1e-4.
 */
export class Lion extends Optimizer<Required<LionOptions> & CommonValues> {
  constructor(params: readonly Param[] | readonly (ParamGroup & LionOptions)[], options?: LionOptions & WholeOptions) {
    super("Lion", oneMethod(lionMethod, options), params);
  }
}
