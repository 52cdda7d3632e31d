// A rule over pairs of arrays, run by the optimizers' plans: one native call over all of them.
import { allocate } from "../../backend/allocate.ts";
import { CLUSTER_HEAD, type ElementRule, type StepPlan } from "../../backend/optim.ts";
import { currentBackend } from "../../backend/select.ts";
import { dtypeOf, intrinsicLength } from "../../core/checks.ts";
import { wrongValue } from "../../core/errors.ts";
import type { Dtype, FloatArray } from "../../core/types.ts";
import { BoundArrays } from "../bound-arrays.ts";

/** What the rule reads and writes of one parameter; all of one length. */
export interface AverageArrays {
  readonly parameter: FloatArray;
  readonly gradient: FloatArray;
  readonly slots: readonly FloatArray[];
}

/** A copy in memory of the backend's own. */
export function copyOf(dtype: Dtype, data: FloatArray): FloatArray {
  const copy = allocate(dtype, intrinsicLength(data));
  copy.set(data);
  return copy;
}

/** Common coefficients that change nothing: active, scale, clip, l1, l2, keep. */
const NEUTRAL = [1, 1, Number.POSITIVE_INFINITY, 0, 0, 1];

export class AveragePlan {
  readonly #rule: ElementRule;
  readonly #all: readonly AverageArrays[];
  readonly #watch = new BoundArrays();
  readonly #counts: readonly number[];
  readonly #dtypes: readonly Dtype[];
  readonly #plan: StepPlan;

  /** The rule has one coefficient. */
  constructor(rule: ElementRule, all: readonly AverageArrays[]) {
    this.#rule = rule;
    this.#all = all;
    this.#dtypes = [...new Set(all.map(({ parameter }) => dtypeOf(parameter)))];
    this.#counts = all.map(({ parameter }) => intrinsicLength(parameter));
    this.#watch.set(
      all.flatMap(({ parameter, gradient, slots }, i) =>
        [parameter, gradient, ...slots].map((array) => ({ array, count: this.#counts[i]! })),
      ),
    );
    this.#plan = this.#make();
  }

  /** One call over all arrays. `nameOf` names them in ERR_LENGTH, where one was detached or resized; nothing is written then. */
  run(coefficient: number, nameOf: (index: number) => string): void {
    const { control } = this.#plan;
    for (let at = 0, k = 0; k < this.#dtypes.length; k++, at += CLUSTER_HEAD + 1) {
      control.set(NEUTRAL, at);
      control[at + CLUSTER_HEAD] = coefficient;
    }
    if (!this.#watch.isUnchanged()) this.#verify(nameOf);
    this.#plan.run();
  }

  #make(): StepPlan {
    const clusters = this.#dtypes.map((dtype) => ({
      rule: this.#rule,
      dtype,
      tensors: this.#all.filter(({ parameter }) => dtypeOf(parameter) === dtype),
    }));
    const plan = currentBackend().createStepPlan(clusters);
    const order = clusters.flatMap(({ tensors }) => tensors);
    plan.bind(
      order.map(({ parameter }) => parameter),
      order.map(({ gradient }) => gradient),
    );
    return plan;
  }

  #verify(nameOf: (index: number) => string): void {
    this.#all.forEach(({ parameter, gradient, slots }, i) => {
      for (const array of [parameter, gradient, ...slots]) {
        const length = intrinsicLength(array);
        if (length !== this.#counts[i]) throw wrongValue(nameOf(i), `${this.#counts[i]} elements`, length, "ERR_LENGTH");
      }
    });
  }
}
