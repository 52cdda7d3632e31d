// What the gradient tools share: lists of gradients checked once, and element access in the dtype's own arithmetic.
import { dtypeOf, intrinsicLength } from "../core/checks.ts";
import { wrongKind, wrongValue } from "../core/errors.ts";
import { f32, operand32 } from "../core/f32.ts";
import type { FloatArray } from "../core/types.ts";
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

/** Replaces every x by change(x), read and rounded as the dtype demands. */
export function mapInPlace(array: FloatArray, change: (x: number) => number): void {
  const count = intrinsicLength(array);
  if (dtypeOf(array) === "float32") for (let i = 0; i < count; i++) array[i] = f32(change(operand32(array[i])));
  else for (let i = 0; i < count; i++) array[i] = change(array[i]);
}

/** Multiplies by a factor that is rounded to the dtype once; a factor of 1 leaves every bit alone. */
export function scaleInPlace(array: FloatArray, factor: number): void {
  const own = dtypeOf(array) === "float32" ? f32(factor) : factor;
  if (own !== 1) mapInPlace(array, (x) => x * own);
}
