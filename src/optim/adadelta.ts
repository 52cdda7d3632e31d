import type { WholeOptions } from "./clip.ts";
import type { ParamGroup } from "./groups.ts";
import type { CommonOptions, CommonValues } from "./method.ts";
import { Optimizer, oneMethod } from "./optimizer.ts";
import type { Param } from "./parameters.ts";
import { adadeltaMethod } from "./rules/adadelta.ts";

export interface AdadeltaOptions extends CommonOptions {
  /** Decay rate ρ of both means of squares, in [0, 1); default .9. */
  rho?: number;
  /** ε ≥ 0, added under both roots; default 1e-6. */
  epsilon?: number;
}

/**
 * Adadelta (Zeiler 2012).
 *
 *     s ← ρ s + (1 − ρ) g²,   d = √(a + ε) / √(s + ε) · g,   a ← ρ a + (1 − ρ) d²
 *     θ ← θ − α d
 *
 * Equal to PyTorch's; learningRate's default is 1, the paper has none.
 */
export class Adadelta extends Optimizer<Required<AdadeltaOptions> & CommonValues> {
  constructor(params: readonly Param[] | readonly (ParamGroup & AdadeltaOptions)[], options?: AdadeltaOptions & WholeOptions) {
    super("Adadelta", oneMethod(adadeltaMethod, options), params);
  }
}
