import type { WholeOptions } from "./clip.ts";
import type { ParamGroup } from "./groups.ts";
import type { CommonOptions, CommonValues } from "./method.ts";
import { Optimizer, oneMethod } from "./optimizer.ts";
import type { Param } from "./parameters.ts";
import { muonMethod } from "./rules/muon.ts";

export interface MuonOptions extends CommonOptions {
  /** Decay rate μ of the mean gradient of a matrix, in [0, 1); default .95. */
  momentum?: number;
  /** Mix the gradient into the mean once more; default true. */
  nesterov?: boolean;
  /** Newton–Schulz iterations, a whole number; default 5. */
  nsSteps?: number;
  /** a, b, c of an iteration; default [3.4445, −4.775, 2.0315], which brings singular values into about [.7, 1.2]. */
  nsCoefficients?: readonly number[];
  /**
   * Factor of the rate of a rows × columns matrix: "original" (default) √max(1, rows/columns), "match_rms_adamw"
   * .2·√max(rows, columns), with which AdamW's learning rates serve.
   */
  adjustLearningRate?: "original" | "match_rms_adamw";
  /** Bounds the norm by which a matrix is divided first, > 0; default 1e-7. */
  nsEpsilon?: number;
  /** Factor ≥ 0 of the learning rate where AdamW updates; default 1. */
  adamwScale?: number;
  /** AdamW's β₁, β₂ and ε; defaults .9, .999, 1e-8. */
  beta1?: number;
  beta2?: number;
  epsilon?: number;
}

/**
 * Muon (Jordan et al. 2024): for parameters with two dimensions the mean gradient is replaced by a nearly orthogonal
 * matrix; all other parameters are updated by AdamW.
 *
 *     v ← μ v + (1 − μ) g,   x = μ v + (1 − μ) g  (nesterov, else v)
 *     x ← x / max(‖x‖, nsEpsilon), then nsSteps times  x ← a x + (b A + c A²) x,  A = x xᵀ
 *     θ ← (1 − α λ) θ − α · factor(shape) · x
 *
 * PyTorch's form (2.9), but the iterations run in the parameter's dtype instead of bfloat16, through this library's
 * gemm; a matrix with more rows than columns is multiplied from the other side instead of being transposed. float32 bits
 * are the reference's in its exact setting. weightDecay λ defaults to .1, decoupled; learningRate's default is .001.
 */
export class Muon extends Optimizer<Required<MuonOptions> & CommonValues> {
  constructor(params: readonly Param[] | readonly (ParamGroup & MuonOptions)[], options?: MuonOptions & WholeOptions) {
    super("Muon", oneMethod(muonMethod, options), params);
  }
}
