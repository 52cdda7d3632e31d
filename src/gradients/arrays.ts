// What the gradient tools share: lists of gradients checked once.
import { wrongKind, wrongValue } from "../core/errors.ts";
import { type CheckedParam, checkParam, type Param } from "../optim/parameters.ts";

/** The gradients that are there, checked. Nulls (parameters without a gradient) are left out. */
export function checkGradients(gradients: readonly (Param | null)[]): CheckedParam[] {
  if (!Array.isArray(gradients)) throw wrongKind("gradients", "an array of gradients", gradients);
  const checked: CheckedParam[] = [];
  gradients.forEach((gradient: unknown, i) => {
    if (gradient !== null) checked.push(checkParam(`gradients[${i}]`, gradient));
  });
  return checked;
}

/** A bound or threshold: ERR_OPTION unless it is a number above 0. Infinity means no bound. */
export function checkBound(argument: string, value: unknown): asserts value is number {
  if (typeof value !== "number") throw wrongKind(argument, "a number above 0", value, "ERR_OPTION");
  if (!(value > 0)) throw wrongValue(argument, "a number above 0", value, "ERR_OPTION");
}
