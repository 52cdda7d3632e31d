// The options of moments in fewer bits, and which rule they select for a parameter.
import type { TensorRule } from "../../backend/optim.ts";
import type { RuleTarget, StepInput } from "../method.ts";
import { choice, number, type OptionTable, type Range } from "../options.ts";
import { adamBf16, adamInt8 } from "./low-state.ts";

/** Shorter tensors keep float32 moments instead of 8 bits: they save no memory worth having. */
const MIN_INT8 = 4096;

const seed: Range = { text: "an integer in [0, 2^53)", contains: (x) => Number.isSafeInteger(x) && x >= 0 };

export const stateOptions: OptionTable = {
  stateType: choice("full", ["full", "bf16", "int8"], "what m and v are kept in: the parameter's dtype, bfloat16, or 8 bits"),
  stateRounding: choice("stochastic", ["stochastic", "nearest"], "how m and v are rounded to fewer bits"),
  stateSeed: number(0, seed, "seed of the stochastic rounding"),
};

/** The rule with state in fewer bits for this parameter, or null where it keeps full state: float64 always does. */
export function lowStateRule(stateType: string, { dtype, count }: RuleTarget): TensorRule | null {
  if (stateType === "full" || dtype !== "float32") return null;
  if (stateType === "bf16") return adamBf16;
  return count >= MIN_INT8 ? adamInt8 : null;
}

export function writeLowState(
  { stateSeed, stateRounding }: { stateSeed: number; stateRounding: string },
  { t }: StepInput,
  c: Float64Array,
  at: number,
): void {
  c[at] = stateSeed;
  c[at + 1] = t;
  c[at + 2] = stateRounding === "stochastic" ? 1 : 0;
}
