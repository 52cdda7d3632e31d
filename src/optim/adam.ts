import type { WholeOptions } from "./clip.ts";
import type { ParamGroup } from "./groups.ts";
import type { CommonOptions } from "./method.ts";
import { Optimizer, oneMethod } from "./optimizer.ts";
import type { Param } from "./parameters.ts";
import { type AdamValues, adamMethod } from "./rules/adam.ts";

export interface AdamOptions extends CommonOptions {
  /** Decay rate β₁ of the mean gradient m, in [0, 1); default .9. */
  beta1?: number;
  /** Decay rate β₂ of the mean squared gradient v, in [0, 1); default .999. */
  beta2?: number;
  /** ε ≥ 0, added to the root; default 1e-8. */
  epsilon?: number;
  /** Divide by the highest v so far (Reddi et al. 2018); default false. */
  amsgrad?: boolean;
  /** Divide m by 1 − β₁ᵗ and v by 1 − β₂ᵗ; default true. */
  biasCorrection?: boolean;
  /**
   * What m and v of float32 parameters are kept in. "full" (default): float32. "bf16": bfloat16, 20 instead of 28 bytes of
   * traffic per parameter and step. "int8": 8 bits with a scale per block of 256 elements, 16 bytes; v is kept as its
   * root; parameters of fewer than 4096 elements keep float32. float64 parameters keep float64. Not with amsgrad.
   */
  stateType?: "full" | "bf16" | "int8";
  /**
   * How m and v are rounded to fewer bits. "stochastic" (default) keeps their means right: with "nearest" a v that decays by
   * .1 % per step never leaves its last 8-bit or bfloat16 value.
   */
  stateRounding?: "stochastic" | "nearest";
  /** Seed of the stochastic rounding, an integer in [0, 2^53); default 0. Draws are addressed by seed, parameter, element, step. */
  stateSeed?: number;
}

/**
 * Adam (Kingma, Ba 2015).
 *
 *     m ← β₁ m + (1 − β₁) g,   v ← β₂ v + (1 − β₂) g²
 *     θ ← θ − α m̂ / (√v̂ + ε),   m̂ = m / (1 − β₁ᵗ),  v̂ = v / (1 − β₂ᵗ)
 *
 * Equal to PyTorch's; t counts each parameter's own updates. Defaults are the paper's.
 */
export class Adam extends Optimizer<AdamValues> {
  constructor(params: readonly Param[] | readonly (ParamGroup & AdamOptions)[], options?: AdamOptions & WholeOptions) {
    super("Adam", oneMethod(adamMethod, options), params);
  }
}
