import type { WholeOptions } from "./clip.ts";
import type { ParamGroup } from "./groups.ts";
import type { CommonOptions, CommonValues } from "./method.ts";
import { Optimizer, oneMethod } from "./optimizer.ts";
import type { Param } from "./parameters.ts";
import { adafactorMethod } from "./rules/adafactor.ts";

export interface AdafactorOptions extends CommonOptions {
  /** Step t enters the means with weight t^beta2Decay; at most 0, default −.8. */
  beta2Decay?: number;
  /** ε₁ ≥ 0: the root mean square gradient counts as at least this. Default 0: machine epsilon of the parameter's dtype. */
  epsilon1?: number;
  /** ε₂ ≥ 0: the parameter's root mean square counts as at least this; default .001. */
  epsilon2?: number;
  /** d > 0: the update's root mean square is brought down to this; default 1. */
  clipThreshold?: number;
}

/**
 * Adafactor (Shazeer, Stern 2018): Adam without m, and with v of a matrix kept as its row means R and column means C, so
 * that the state of a matrix is a row and a column.
 *
 *     w = t^beta2Decay,   R ← (1 − w) R + w mean_columns(g²),   C ← (1 − w) C + w mean_rows(g²)
 *     V = R Cᵀ / max(mean(R), ε₁),   u = g / √max(V, ε₁²)
 *     θ ← θ − min(α, 1/√t) · max(ε₂, RMS(θ)) · u / max(1, RMS(u) / d)
 *
 * PyTorch's form (2.5 and later): α caps the rate, the last two dimensions are factored (leading ones are separate
 * matrices), tensors of one dimension keep the whole V. weightDecay defaults to 0 and is decoupled; learningRate's
 * default is .01. Sums are made in float64.
 */
export class Adafactor extends Optimizer<Required<AdafactorOptions> & CommonValues> {
  constructor(params: readonly Param[] | readonly (ParamGroup & AdafactorOptions)[], options?: AdafactorOptions & WholeOptions) {
    super("Adafactor", oneMethod(adafactorMethod, options), params);
  }
}
