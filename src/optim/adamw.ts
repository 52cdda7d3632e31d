import type { AdamOptions } from "./adam.ts";
import type { WholeOptions } from "./clip.ts";
import type { ParamGroup } from "./groups.ts";
import { Optimizer, oneMethod } from "./optimizer.ts";
import type { Param } from "./parameters.ts";
import { type AdamValues, adamwMethod } from "./rules/adam.ts";

/**
 * Adam with decoupled weight decay (Loshchilov, Hutter 2019): θ ← (1 − α λ) θ before Adam's update.
 * weightDecay λ defaults to .01 and `decoupled` to true; the rest is Adam's.
 */
export class AdamW extends Optimizer<AdamValues> {
  constructor(params: readonly Param[] | readonly (ParamGroup & AdamOptions)[], options?: AdamOptions & WholeOptions) {
    super("AdamW", oneMethod(adamwMethod, options), params);
  }
}
