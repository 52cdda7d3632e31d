// What an optimizer is: its options, which rule its options select, and the coefficients of each step. Methods are plain
// objects without state; the parameters' state lives in the optimizer.
import type { StepRule } from "../backend/optim.ts";
import type { Dtype } from "../core/types.ts";
import { above, atLeast, flag, limit, number, type OptionTable, type OptionValues } from "./options.ts";

/** Numbers that a method keeps per parameter beside its arrays (products of coefficients, sums of weights). */
export type Scalars = Record<string, number>;

/** What the coefficients of one step depend on besides the options. */
export interface StepInput {
  /** Steps of these parameters, this one included: 1 at the first. */
  readonly t: number;
  /** The learning rate of this step, from the group or its schedule. */
  readonly rate: number;
  readonly scalars: Readonly<Scalars>;
  /** The loss, where the caller gave it. */
  readonly loss: number | undefined;
}

/** What a rule may be chosen by besides the options. */
export interface RuleTarget {
  readonly shape: readonly number[];
  readonly count: number;
  readonly dtype: Dtype;
}

/** Which rule and dtype coefficients are for. */
export interface CoefficientTarget {
  readonly rule: StepRule;
  readonly dtype: Dtype;
}

export interface Method<O extends OptionValues = OptionValues> {
  /** The class that uses it; also its name in state dictionaries. */
  readonly name: string;
  readonly options: OptionTable;
  /** True where step() must be told the loss. */
  readonly needsLoss?: boolean;
  /** True where the rule applies a decoupled weightDecay itself. */
  readonly ownDecay?: boolean;
  /** Rows of the rule's history. */
  historyRows?(options: O): number;
  /** Throws ERR_OPTION for values that are each allowed but not together. */
  check?(options: O): void;
  /** The rule for these options and this parameter; a change of a numeric option may select another. */
  rule(options: O, target: RuleTarget): StepRule;
  /** First value of a state array's elements; default 0. */
  initial?(slot: string, options: O): number | "parameter";
  /** First values of the numbers kept per parameter; default none. */
  readonly scalars?: Readonly<Scalars>;
  /** The numbers after this step. */
  advance?(options: O, input: StepInput): Scalars;
  /** Writes the rule's own coefficients, as doubles, at c[at…]. */
  coefficients(options: O, input: StepInput, c: Float64Array, at: number, target: CoefficientTarget): void;
}

/** Options of every optimizer; API.md has their meaning. */
export interface CommonOptions {
  /** Step size; finite, at least 0. */
  learningRate?: number;
  /** Decay λ ≥ 0: λθ is added to the gradient, or with `decoupled` θ is multiplied by 1 − learningRate·λ. */
  weightDecay?: number;
  /** Decay the parameter itself instead of adding to the gradient. Default false (AdamW, Lion: true). */
  decoupled?: boolean;
  /** Adds λ·sign(θ) to the gradient, sign(0) = 0. Default 0. */
  l1?: number;
  /** Adds λθ to the gradient. Default 0. */
  l2?: number;
  /** Ascend instead of descend: the gradient is negated before penalties are added. Default false. */
  maximize?: boolean;
  /** Each element of the gradient is clamped to [−clipValue, clipValue] first. Default Infinity: not clamped. */
  clipValue?: number;
  /** Each parameter's gradient is scaled down to at most this Euclidean norm. Default Infinity: not. Not with clipValue. */
  clipNorm?: number;
  /**
   * Adaptive clipping (Brock et al. 2021): where a unit's gradient norm exceeds clipAdaptive · max(its weights' norm,
   * clipAdaptiveEpsilon), it is scaled down to that. Units are the columns of the last dimension; a vector is one. Default
   * Infinity: not (the paper: 0.01). Not with clipValue or clipNorm.
   */
  clipAdaptive?: number;
  /** Floor of the weights' norm in clipAdaptive, above 0, so that zero weights can learn; default 1e-3. */
  clipAdaptiveEpsilon?: number;
}

export type CommonValues = Required<{ [K in keyof CommonOptions]: CommonOptions[K] }> & OptionValues;

/** The rows of the options that every optimizer has. */
export function commonOptions(learningRate: number, changed: { weightDecay?: number; decoupled?: boolean } = {}): OptionTable {
  return {
    learningRate: number(learningRate, atLeast(0), "step size"),
    weightDecay: number(changed.weightDecay ?? 0, atLeast(0), "decay of the parameters, in the gradient or decoupled"),
    decoupled: flag(changed.decoupled ?? false, "weightDecay multiplies the parameter instead of adding to the gradient"),
    l1: number(0, atLeast(0), "adds l1·sign(θ) to the gradient"),
    l2: number(0, atLeast(0), "adds l2·θ to the gradient"),
    maximize: flag(false, "ascend: negate the gradient"),
    clipValue: number(Number.POSITIVE_INFINITY, limit(), "clamps each element of the gradient"),
    clipNorm: number(Number.POSITIVE_INFINITY, limit(), "highest norm of each parameter's gradient"),
    clipAdaptive: number(Number.POSITIVE_INFINITY, limit(), "highest ratio of a unit's gradient norm to its weights'"),
    clipAdaptiveEpsilon: number(1e-3, above(0), "floor of the weights' norm in clipAdaptive"),
  };
}
