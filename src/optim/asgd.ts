import type { FloatArray } from "../core/types.ts";
import type { WholeOptions } from "./clip.ts";
import type { ParamGroup } from "./groups.ts";
import type { CommonOptions, CommonValues } from "./method.ts";
import { core, Optimizer, oneMethod } from "./optimizer.ts";
import type { Param } from "./parameters.ts";
import { asgdMethod } from "./rules/asgd.ts";

export interface ASGDOptions extends CommonOptions {
  /** λ ≥ 0: decay term of the rate and of the parameter; default 1e-4. */
  lambd?: number;
  /** Power of the rate's decay, ≥ 0; default .75. */
  alpha?: number;
  /** Step after which averaging starts, ≥ 0; default 1e6. */
  t0?: number;
}

/**
 * Averaged stochastic gradient descent (Polyak, Juditsky 1992), as PyTorch has it.
 *
 *     ηₜ = α / (1 + λ α (t − 1))^alpha,   μₜ = 1 / max(1, t − 1 − t0)
 *     θ ← (1 − λ ηₜ) θ − ηₜ g
 *     a ← a + μₜ (θ − a),   a = θ where μₜ = 1
 *
 * The parameters hold θ; averages() gives copies of a.
 */
export class ASGD extends Optimizer<Required<ASGDOptions> & CommonValues> {
  constructor(params: readonly Param[] | readonly (ParamGroup & ASGDOptions)[], options?: ASGDOptions & WholeOptions) {
    super("ASGD", oneMethod(asgdMethod, options), params);
  }

  /** Copies of the averages a, one per parameter; of the parameter itself before its first step. */
  averages(): FloatArray[] {
    return this[core].parameters.map(({ data, slots }) => ((slots.a as FloatArray | undefined) ?? data).slice());
  }
}
