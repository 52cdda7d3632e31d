import { wrongKind, wrongValue } from "../../core/errors.ts";
import type { FloatArray } from "../../core/types.ts";
import { core, type Optimizer, type StepOptions } from "../optimizer.ts";
import type { OptionValues } from "../options.ts";
import type { Param } from "../parameters.ts";
import { lookahead } from "../rules/average.ts";
import type { OptimizerState } from "../state.ts";
import { AveragePlan, copyOf } from "./plan.ts";
import { checkArrays } from "./weights.ts";

export interface LookaheadOptions {
  /** Fast steps between two slow ones (k), at least 1; default 5. */
  readonly period?: number;
  /** How far the slow weights go towards the fast ones, in (0, 1]; default 0.5. */
  readonly alpha?: number;
}

export interface LookaheadState {
  readonly format: 1;
  readonly optimizer: OptimizerState;
  readonly slow: readonly FloatArray[];
  readonly steps: number;
}

/**
 * Lookahead (Zhang, Lucas, Hinton, Ba 2019) around any optimizer: after every `period` steps the slow weights φ move
 * towards the fast ones, φ ← φ + α·(θ − φ), and the fast ones restart there, θ ← φ. The inner optimizer keeps its state.
 * The slow weights begin as the weights at construction; parameters must not be added to the optimizer afterwards.
 */
export class Lookahead<O extends OptionValues> {
  readonly optimizer: Optimizer<O>;
  /** φ, one array per parameter; live. */
  readonly slow: readonly FloatArray[];
  readonly #period: number;
  readonly #alpha: number;
  readonly #plan: AveragePlan;
  #steps = 0;

  /** @throws ERR_OPTION. */
  constructor(optimizer: Optimizer<O>, options: LookaheadOptions = {}) {
    const { period = 5, alpha = 0.5 } = options;
    if (!Number.isSafeInteger(period) || period < 1) {
      throw wrongValue("Lookahead.period", "an integer of at least 1", period, "ERR_OPTION");
    }
    if (typeof alpha !== "number") throw wrongKind("Lookahead.alpha", "a number in (0, 1]", alpha, "ERR_OPTION");
    if (!(alpha > 0 && alpha <= 1)) throw wrongValue("Lookahead.alpha", "a number in (0, 1]", alpha, "ERR_OPTION");
    this.optimizer = optimizer;
    this.#period = period;
    this.#alpha = alpha;
    const { parameters } = optimizer[core];
    this.slow = parameters.map(({ data, dtype }) => copyOf(dtype, data));
    this.#plan = new AveragePlan(
      lookahead,
      parameters.map(({ data }, i) => ({ parameter: data, gradient: data, slots: [this.slow[i]] })),
    );
  }

  get groups(): Optimizer<O>["groups"] {
    return this.optimizer.groups;
  }

  /**
   * One step of the inner optimizer, and every `period` steps one of the slow weights; a step that was skipped does not
   * count. Errors as the optimizer's step().
   */
  step(gradients: readonly (Param | null)[], options?: StepOptions): void {
    const { parameters } = this.optimizer[core];
    if (parameters.length !== this.slow.length) {
      throw wrongValue("Lookahead", `the ${this.slow.length} parameters of construction`, parameters.length, "ERR_STATE");
    }
    const { steps } = this.optimizer;
    this.optimizer.step(gradients, options);
    this.counted(this.optimizer.steps - steps);
  }

  /** Steps of the inner optimizer that may be made before counted() must be told. */
  get stepsToSlow(): number {
    return this.#period - (this.#steps % this.#period);
  }

  /**
   * For a loop that steps the inner optimizer by itself: counts `steps` of its steps, at most `stepsToSlow`, and moves the
   * slow weights where the period is full.
   */
  counted(steps: number): void {
    this.#steps += steps;
    if (steps === 0 || this.#steps % this.#period !== 0) return;
    this.#plan.run(this.#alpha, (i) => `params[${i}]`);
  }

  /** For schedules that read a metric, as the optimizer's. */
  observeMetric(metric: number): void {
    this.optimizer.observeMetric(metric);
  }

  stateDict(): LookaheadState {
    const slow = this.slow.map((array) => array.slice());
    return { format: 1, optimizer: this.optimizer.stateDict(), slow, steps: this.#steps };
  }

  /** @throws ERR_STATE, ERR_DTYPE, ERR_LENGTH, and the optimizer's errors; nothing has changed then. */
  loadStateDict(state: LookaheadState): void {
    if (state?.format !== 1) throw wrongValue("state.format", "1", state?.format, "ERR_STATE");
    if (!Number.isSafeInteger(state.steps) || state.steps < 0) {
      throw wrongValue("state.steps", "an integer of at least 0", state.steps, "ERR_STATE");
    }
    checkArrays("state.slow", state.slow, this.slow);
    this.optimizer.loadStateDict(state.optimizer);
    this.slow.forEach((array, i) => void array.set(state.slow[i]));
    this.#steps = state.steps;
  }
}
