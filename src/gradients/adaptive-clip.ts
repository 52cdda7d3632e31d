// Adaptive gradient clipping (Brock, De, Smith, Simonyan: "High-Performance Large-Scale Image Recognition Without
// Normalization", 2021): each unit's gradient is bounded by a fraction of that unit's weights.
import { unitsOf } from "../backend/optim.ts";
import { currentBackend } from "../backend/select.ts";
import { wrongKind, wrongValue } from "../core/errors.ts";
import { type CheckedParam, checkParam, type Param } from "../optim/parameters.ts";
import { checkBound } from "./arrays.ts";

export interface AdaptiveClipOptions {
  /** λ, the largest ratio of a unit's gradient norm to its weight norm; above 0, default 0.01. */
  readonly clipping?: number;
  /** Floor of the weight norm, so that zero weights can learn; above 0, default 1e-3. */
  readonly epsilon?: number;
}

/**
 * For every unit with ‖g‖ > λ · max(‖w‖, ε): g ← g · (λ · max(‖w‖, ε) ÷ max(‖g‖, 1e-6)), in place, the factor rounded once. Units are the columns of
 * the last axis; vectors are one unit. A unit whose norm is NaN is left as it is.
 * @param gradients one per parameter; null skips it. @throws ERR_LENGTH, ERR_DTYPE, ERR_DETACHED, ERR_SHAPE, ERR_OPTION;
 * nothing is changed then.
 */
export function adaptiveClip(
  gradients: readonly (Param | null)[],
  parameters: readonly Param[],
  options: AdaptiveClipOptions = {},
): void {
  const { clipping = 0.01, epsilon = 1e-3 } = options;
  checkBound("clipping", clipping);
  checkBound("epsilon", epsilon);
  const pairs = checkPairs(gradients, parameters);
  currentBackend().clipUnits(
    pairs.map(({ gradient }) => gradient.data),
    pairs.map(({ parameter }) => parameter.data),
    pairs.map(({ parameter }) => unitsOf(parameter.shape)),
    clipping,
    epsilon,
  );
}

/** Gradients beside their parameters, of one dtype and length. */
export function checkPairs(
  gradients: readonly (Param | null)[],
  parameters: readonly Param[],
): { gradient: CheckedParam; parameter: CheckedParam }[] {
  if (!Array.isArray(gradients)) throw wrongKind("gradients", "an array of gradients", gradients);
  if (!Array.isArray(parameters)) throw wrongKind("parameters", "an array of parameters", parameters);
  if (gradients.length !== parameters.length) {
    throw wrongValue("gradients", `${parameters.length} entries, one per parameter`, gradients.length, "ERR_LENGTH");
  }
  return gradients.flatMap((given: Param | null, i) => {
    const parameter = checkParam(`parameters[${i}]`, parameters[i]);
    if (given === null) return [];
    const gradient = checkParam(`gradients[${i}]`, given);
    if (gradient.dtype !== parameter.dtype) throw wrongKind(`gradients[${i}]`, `a ${parameter.dtype} array`, gradient.data);
    if (gradient.data.length !== parameter.data.length) {
      throw wrongValue(`gradients[${i}]`, `${parameter.data.length} elements`, gradient.data.length, "ERR_LENGTH");
    }
    return [{ gradient, parameter }];
  });
}
