import type { FloatArray } from "../core/types.ts";
import { scheduleFreeAverages } from "./averages.ts";
import type { WholeOptions } from "./clip.ts";
import type { ParamGroup } from "./groups.ts";
import type { CommonOptions, CommonValues } from "./method.ts";
import { Optimizer, oneMethod } from "./optimizer.ts";
import type { Param } from "./parameters.ts";
import { scheduleFreeAdamwMethod } from "./rules/schedule-free.ts";

export interface ScheduleFreeAdamWOptions extends CommonOptions {
  /** Share β₁ of the average in the point where gradients are taken, in [0, 1); default .9. */
  beta1?: number;
  /** Decay rate β₂ of the mean squared gradient v, in [0, 1); default .999. */
  beta2?: number;
  /** ε ≥ 0, added to the root; default 1e-8. */
  epsilon?: number;
}

/**
 * Schedule-free AdamW (Defazio et al. 2024): ScheduleFreeSGD with d = g / (√v̂ + ε) + λ y, v̂ Adam's. The parameters hold y;
 * averages() gives x, the point to evaluate and to keep. weightDecay λ (default 0) is decoupled; learningRate's default is .0025.
 */
export class ScheduleFreeAdamW extends Optimizer<Required<ScheduleFreeAdamWOptions> & CommonValues> {
  constructor(
    params: readonly Param[] | readonly (ParamGroup & ScheduleFreeAdamWOptions)[],
    options?: ScheduleFreeAdamWOptions & WholeOptions,
  ) {
    super("ScheduleFreeAdamW", oneMethod(scheduleFreeAdamwMethod, options), params);
  }

  /** Copies of the averages x, one per parameter: x = y + (1 − 1 / β) (z − y), and y itself where β is 0. */
  averages(): FloatArray[] {
    return scheduleFreeAverages(this, "beta1");
  }
}
