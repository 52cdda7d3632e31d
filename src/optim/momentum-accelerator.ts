import { warnLiteral } from "../core/warning.ts";
import type { ParamGroup } from "./groups.ts";
import type { CommonOptions, CommonValues } from "./method.ts";
import { Optimizer, oneMethod } from "./optimizer.ts";
import type { Param } from "./parameters.ts";
import { momentumAcceleratorMethod } from "./rules/momentum-accelerator.ts";

export interface MomentumAcceleratorOptions extends CommonOptions {
  /** Decay rate β₁ of the mean gradient m, in [0, 1); default .9. */
  beta1?: number;
  /** Decay rate β₂ of the mean squared gradient v, in [0, 1); default .999. */
  beta2?: number;
  /** ε ≥ 0, added to the root; default 1e-8. */
  epsilon?: number;
  /** "nadam" (default): equal to NAdam({ momentumDecay: 0 }). "literal": the text's recurrence, which diverges. */
  mode?: "nadam" | "literal";
}

/**
 * The texts' "momentum accelerator".
 *
 *     literal: ĝ ← (g − β₁ ĝ) / (1 − β₁ᵗ);  m ← m + α ĝ;  θ ← θ − m   (the averages v, s of g, g² stay unused)
 *
 * As written its gain exceeds 1 until t = 21 (at β₁ = .9) and m never decays: "literal" warns once that it can diverge. The
 * default is what it stands for, Adam with Nesterov momentum. β₂ and ε have no effect on the literal form.
 */
export class MomentumAccelerator extends Optimizer<Required<MomentumAcceleratorOptions> & CommonValues> {
  constructor(
    params: readonly Param[] | readonly (ParamGroup & MomentumAcceleratorOptions)[],
    options?: MomentumAcceleratorOptions,
  ) {
    super("MomentumAccelerator", oneMethod(momentumAcceleratorMethod, options), params);
    if (this.groups.some(({ mode }) => mode === "literal"))
      warnLiteral('MomentumAccelerator({ mode: "literal" })', "its sum of steps never decays");
  }
}
