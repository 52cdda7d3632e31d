import type { FloatArray } from "../core/types.ts";
import { scheduleFreeAverages } from "./averages.ts";
import type { WholeOptions } from "./clip.ts";
import type { ParamGroup } from "./groups.ts";
import type { CommonOptions, CommonValues } from "./method.ts";
import { Optimizer, oneMethod } from "./optimizer.ts";
import type { Param } from "./parameters.ts";
import { scheduleFreeSgdMethod } from "./rules/schedule-free.ts";

export interface ScheduleFreeSGDOptions extends CommonOptions {
  /** Share β of the average in the point where gradients are taken, in [0, 1); default .9. */
  momentum?: number;
}

/**
 * Schedule-free gradient descent (Defazio et al. 2024). The parameters hold y, where gradients are taken; averages() gives x,
 * the point to evaluate and to keep.
 *
 *     d = g + λ y;   w = share of this step's α² in the sum of them so far (α the highest rate so far)
 *     z ← z − α d;   x ← (1 − w) x + w z;   y = (1 − β) z + β x
 *
 * x is not stored: y ← y + w (z − y) + α (β (1 − w) − 1) d with the z before. learningRate's default is 1.
 */
export class ScheduleFreeSGD extends Optimizer<Required<ScheduleFreeSGDOptions> & CommonValues> {
  constructor(
    params: readonly Param[] | readonly (ParamGroup & ScheduleFreeSGDOptions)[],
    options?: ScheduleFreeSGDOptions & WholeOptions,
  ) {
    super("ScheduleFreeSGD", oneMethod(scheduleFreeSgdMethod, options), params);
  }

  /** Copies of the averages x, one per parameter: x = y + (1 − 1 / β) (z − y), and y itself where β is 0. */
  averages(): FloatArray[] {
    return scheduleFreeAverages(this, "momentum");
  }
}
