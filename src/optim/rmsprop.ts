import type { WholeOptions } from "./clip.ts";
import type { ParamGroup } from "./groups.ts";
import type { CommonOptions, CommonValues } from "./method.ts";
import { Optimizer, oneMethod } from "./optimizer.ts";
import type { Param } from "./parameters.ts";
import { rmspropMethod } from "./rules/rmsprop.ts";

export interface RMSpropOptions extends CommonOptions {
  /** Decay rate of the mean of squares, in [0, 1); default .99. */
  alpha?: number;
  /** Another name of alpha; giving both is an error. */
  rho?: number;
  /** ε ≥ 0; default 1e-8. */
  epsilon?: number;
  /** True: √(s + ε); false (default): √s + ε. */
  epsilonInside?: boolean;
  /** Divide by the standard deviation √(s − a²), a the mean gradient; default false. */
  centered?: boolean;
  /** Factor of the velocity, in [0, 1); 0 (default): none. */
  momentum?: number;
  /**
   * The mean of squares: "ema" (default), "cumulative" over all steps, "window" over the last `window` steps, "instant" of
   * this step alone. With `centered` the mean gradient is taken over the same steps; over a single one ("instant", or a window
   * of 1) the variance would be 0, which is refused.
   */
  average?: "ema" | "cumulative" | "window" | "instant";
  /** Steps of the window, an integer of at least 1, fixed at construction; default 10. It costs as many arrays of state. */
  window?: number;
}

/**
 * RMSprop (Hinton's lecture 6e, 2012).
 *
 *     s ← ρ s + (1 − ρ) g²
 *     θ ← θ − α g / (√s + ε)
 *     average: s = (1/T) Σ g² over the steps that `average` names
 *     momentum: b ← μ b + g / (√s + ε),  θ ← θ − α b
 *
 * Equal to PyTorch's, whose `alpha` is ρ. A variance below zero from rounding counts as zero (PyTorch: NaN).
 */
export class RMSprop extends Optimizer<Required<Omit<RMSpropOptions, "rho">> & CommonValues> {
  constructor(params: readonly Param[] | readonly (ParamGroup & RMSpropOptions)[], options?: RMSpropOptions & WholeOptions) {
    super("RMSprop", oneMethod(rmspropMethod, options), params);
  }
}
