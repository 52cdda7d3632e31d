import type { WholeOptions } from "./clip.ts";
import type { ParamGroup } from "./groups.ts";
import type { CommonOptions, CommonValues } from "./method.ts";
import { Optimizer, oneMethod } from "./optimizer.ts";
import type { Param } from "./parameters.ts";
import { rpropMethod } from "./rules/rprop.ts";

export interface RpropOptions extends CommonOptions {
  /** Factor η⁻ of the step size where the gradient's sign flips, in (0, 1); default .5. */
  etaMinus?: number;
  /** Factor η⁺ where the sign stays, above 1; default 1.2. */
  etaPlus?: number;
  /** Lowest step size, above 0; default 1e-6. */
  minStep?: number;
  /** Highest step size; default 50. */
  maxStep?: number;
}

/**
 * Rprop (Riedmiller, Braun 1993), for full batches.
 *
 *     d ← clamp(d · (η⁺ where g h > 0, η⁻ where g h < 0, else 1), minStep, maxStep),   d = learningRate at first
 *     g ← 0 where g h < 0;   θ ← θ − sign(g) d;   h ← g
 *
 * Equal to PyTorch's. A later change of learningRate has no effect: it only starts d.
 */
export class Rprop extends Optimizer<Required<RpropOptions> & CommonValues> {
  constructor(params: readonly Param[] | readonly (ParamGroup & RpropOptions)[], options?: RpropOptions & WholeOptions) {
    super("Rprop", oneMethod(rpropMethod, options), params);
  }
}
