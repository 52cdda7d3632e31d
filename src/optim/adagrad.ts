import type { WholeOptions } from "./clip.ts";
import type { ParamGroup } from "./groups.ts";
import type { CommonOptions, CommonValues } from "./method.ts";
import { Optimizer, oneMethod } from "./optimizer.ts";
import type { Param } from "./parameters.ts";
import { adagradMethod } from "./rules/adagrad.ts";

export interface AdagradOptions extends CommonOptions {
  /** η ≥ 0: the rate of step t is learningRate / (1 + (t − 1) η). Default 0. */
  learningRateDecay?: number;
  /** First value of G, ≥ 0; default 0. */
  initialAccumulator?: number;
  /** ε ≥ 0, added to the root; default 1e-10. */
  epsilon?: number;
}

/**
 * Adagrad (Duchi, Hazan, Singer 2011).
 *
 *     G ← G + g²
 *     θ ← θ − α g / (√G + ε)
 *
 * Equal to PyTorch's; learningRate's default is its .01.
 */
export class Adagrad extends Optimizer<Required<AdagradOptions> & CommonValues> {
  constructor(params: readonly Param[] | readonly (ParamGroup & AdagradOptions)[], options?: AdagradOptions & WholeOptions) {
    super("Adagrad", oneMethod(adagradMethod, options), params);
  }
}
