// The options of moments in fewer bits, and which rule they select for a parameter.
import type { ElementRule, StepRule, TensorRule } from "../../backend/optim.ts";
import type { RuleTarget, StepInput } from "../method.ts";
import { choice, number, type OptionTable, type Range } from "../options.ts";
import { bf16State, int8State } from "./low-state.ts";

/** Shorter tensors keep float32 moments instead of 8 bits: they save no memory worth having. */
const MIN_INT8 = 4096;

const seed: Range = { text: "an integer in [0, 2^53)", contains: (x) => Number.isSafeInteger(x) && x >= 0 };

export const stateOptions: OptionTable = {
  stateType: choice("full", ["full", "bf16", "int8"], "what the moments are kept in: the parameter's dtype, bfloat16, or 8 bits"),
  stateRounding: choice("stochastic", ["stochastic", "nearest"], "how the moments are rounded to fewer bits"),
  stateSeed: number(0, seed, "seed of the stochastic rounding"),
};

/** A rule with its moments in each form. */
export interface StateRules {
  readonly full: ElementRule;
  readonly bf16: TensorRule;
  readonly int8: TensorRule;
}

/** The forms of a rule whose moments may have either sign. */
export function stateRules(full: ElementRule): StateRules {
  return { full, bf16: bf16State(full), int8: int8State(full) };
}

/** The rule for this parameter: float64 parameters and short ones keep full state. */
export function ruleOfState(rules: StateRules, stateType: string, { dtype, count }: RuleTarget): StepRule {
  if (stateType === "full" || dtype !== "float32") return rules.full;
  if (stateType === "bf16") return rules.bf16;
  return count >= MIN_INT8 ? rules.int8 : rules.full;
}

/** Values of stateOptions. */
export interface StateValues {
  stateType: string;
  stateRounding: string;
  stateSeed: number;
}

/** The coefficients that state in fewer bits adds to the rule's own, where `rule` has it. */
export function writeLowState(
  { stateSeed, stateRounding }: StateValues,
  { t }: StepInput,
  c: Float64Array,
  start: number,
  { full }: StateRules,
  rule: StepRule,
): void {
  if (!("layout" in rule)) return;
  const at = start + full.coefficients.length;
  c[at] = stateSeed;
  c[at + 1] = t;
  c[at + 2] = stateRounding === "stochastic" ? 1 : 0;
}
