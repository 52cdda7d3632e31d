// How updates are made: by the optimizer's plan inside the native loop, or by its step() after each backward pass where it
// reads what the step computes (the loss, the gradient's norm).
import type { StepPlan } from "../backend/optim.ts";
import { wrongKind, wrongValue } from "../core/errors.ts";
import type { FloatArray } from "../core/types.ts";
import { Lookahead } from "../optim/averaging/lookahead.ts";
import { advance, type BoundPlan, bindGradients, finishRun, writeControl } from "../optim/internal.ts";
import type { CommonValues } from "../optim/method.ts";
import { core, Optimizer } from "../optim/optimizer.ts";
import type { TrainerOptimizer } from "./trainer.ts";

export interface Updater {
  /** True where step() makes each update. */
  readonly stepwise: boolean;
  /** Updates that may run before advance() must be told of them. */
  readonly limit: number;
  /** The plan for the loop, and whether it is another one than last time. */
  plan(): { readonly plan: StepPlan; readonly changed: boolean };
  /** Control rows of the coming updates. */
  controls(updates: number, learningRates: Float64Array | undefined): Float64Array;
  /** Counts updates that the loop made, the last of which was perhaps skipped. */
  advance(updates: number, skipped: boolean, learningRates: Float64Array | undefined): void;
  /** Updates that were skipped since the optimizer was made. */
  readonly skipped: number;
  step(loss: number, learningRate: number | undefined): void;
  /** Has the optimizer refuse another state while an asynchronous run makes updates. */
  lend(pending: boolean): void;
  dispose(): void;
}

type GradientMap = ReadonlyMap<FloatArray, FloatArray>;

function inGroupOrder(optimizer: Optimizer, gradientOf: GradientMap): readonly FloatArray[] {
  return optimizer[core].parameters.map(({ data }, i) => {
    const gradient = gradientOf.get(data);
    if (!gradient) throw wrongValue(`optimizer: parameter ${i}`, "one of the network's parameters", "another", "ERR_OPTION");
    return gradient;
  });
}

class PlanUpdater implements Updater {
  #plan: BoundPlan | undefined;
  #told: StepPlan | undefined;
  #ordered: readonly FloatArray[];

  /** `gradientOf` gives the gradients by their parameters' arrays. @throws ERR_OPTION for a parameter that it has not. */
  constructor(
    readonly optimizer: Optimizer,
    readonly gradientOf: GradientMap,
  ) {
    this.#ordered = inGroupOrder(optimizer, gradientOf);
  }

  /** One gradient per parameter of the optimizer, in the order of its groups; groups may be added later. */
  get gradients(): readonly FloatArray[] {
    if (this.optimizer[core].parameters.length !== this.#ordered.length)
      this.#ordered = inGroupOrder(this.optimizer, this.gradientOf);
    return this.#ordered;
  }

  get limit(): number {
    return Number.POSITIVE_INFINITY;
  }

  get stepwise(): boolean {
    const inside = this.optimizer[core];
    return inside.readsGradients() || inside.groups.some(({ method }) => method.needsLoss === true);
  }

  #current(): BoundPlan {
    if (!this.#plan || this.#plan.stale) this.#plan = bindGradients(this.optimizer, this.gradients);
    return this.#plan;
  }

  plan(): { plan: StepPlan; changed: boolean } {
    const { plan } = this.#current();
    const changed = plan !== this.#told;
    this.#told = plan;
    return { plan, changed };
  }

  controls(updates: number, learningRates: Float64Array | undefined): Float64Array {
    const bound = this.#current();
    const { width } = bound.plan;
    const rows = new Float64Array(updates * width);
    for (let k = 0; k < updates; k++) {
      const row = rows.subarray(k * width, (k + 1) * width);
      writeControl(this.optimizer, bound, row, k, rateOption(learningRates?.[k]));
    }
    return rows;
  }

  advance(updates: number, skipped: boolean, learningRates: Float64Array | undefined): void {
    const applied = skipped ? updates - 1 : updates;
    for (let k = 0; k < applied; k++) advance(this.optimizer, 1, rateOption(learningRates?.[k]), this.#plan);
    if (updates > 0 && this.#plan) finishRun(this.optimizer, this.#plan, skipped);
  }

  get skipped(): number {
    return this.optimizer.skippedSteps;
  }

  step(loss: number, learningRate: number | undefined): void {
    const { optimizer } = this;
    if (learningRate === undefined) {
      this.#step(loss);
      return;
    }
    // A given rate stands for base rates and schedules, as in the control rows.
    const { groups } = optimizer[core];
    const before = groups.map(({ values, schedule }) => ({ rate: values.learningRate, schedule }));
    for (const group of groups) {
      group.values.learningRate = learningRate;
      group.schedule = undefined;
    }
    try {
      this.#step(loss);
    } finally {
      groups.forEach((group, i) => {
        group.values.learningRate = before[i].rate;
        group.schedule = before[i].schedule;
      });
    }
  }

  /** The gradients are in the groups' order already, which a MultiOptimizer with rules would make of another. */
  #step(loss: number): void {
    Optimizer.prototype.step.call(this.optimizer, this.gradients, { loss });
  }

  lend(pending: boolean): void {
    this.optimizer[core].lent = pending;
  }

  dispose(): void {
    if (this.#plan && !this.#plan.stale) this.optimizer.dispose();
    this.#plan = undefined;
    this.#told = undefined;
  }
}

/** The inner optimizer's plan runs inside the loop, up to the next step of the slow weights. */
class LookaheadUpdater extends PlanUpdater {
  constructor(
    readonly lookahead: Lookahead<CommonValues>,
    gradientOf: GradientMap,
  ) {
    super(lookahead.optimizer, gradientOf);
  }

  override get limit(): number {
    return this.lookahead.stepsToSlow;
  }

  override advance(updates: number, skipped: boolean, learningRates: Float64Array | undefined): void {
    super.advance(updates, skipped, learningRates);
    this.lookahead.counted(skipped ? updates - 1 : updates);
  }

  override step(loss: number, learningRate: number | undefined): void {
    const { steps } = this.optimizer;
    super.step(loss, learningRate);
    this.lookahead.counted(this.optimizer.steps - steps);
  }
}

const rateOption = (learningRate: number | undefined) => (learningRate === undefined ? {} : { learningRate });

/** `gradients` are those of `parameters`; the optimizer may have these in any order, or some of them. @throws ERR_OPTION. */
export function updaterFor(
  optimizer: TrainerOptimizer,
  parameters: readonly FloatArray[],
  gradients: readonly FloatArray[],
): Updater {
  const gradientOf = new Map(parameters.map((data, i) => [data, gradients[i]]));
  if (optimizer instanceof Lookahead) return new LookaheadUpdater(optimizer, gradientOf);
  if (!(optimizer instanceof Optimizer)) throw wrongKind("optimizer", "a function that returns an optimizer", optimizer);
  return new PlanUpdater(optimizer, gradientOf);
}
