// The options of gemm, and the checks of one option that its entry points share.
import { ACTIVATIONS, type Activation } from "../backend/gemm.ts";
import { checkInteger, intrinsicLength } from "../core/checks.ts";
import { wrongKind, wrongValue } from "../core/errors.ts";
import type { Dtype, FloatArray } from "../core/types.ts";
import type { PackedB } from "./packed.ts";

/** Row-major C = activation(alpha · op(A) · op(B) + beta · C + bias + residual). All operands have one dtype. */
export interface GemmOptions {
  /** Rows of op(A) and C; columns of op(B) and C; columns of op(A) and rows of op(B). Integers of at least 0. */
  readonly m: number;
  readonly n: number;
  readonly k: number;
  /** m × k, or k × m with `transA`. */
  readonly a: FloatArray;
  /** k × n, or n × k with `transB`; or what `packB` made of it (then `transB`, where given, repeats its own, and `ldb` is not given). */
  readonly b: FloatArray | PackedB;
  /** m × n, changed in place; a new array without it. It may not overlap any other operand. */
  readonly c?: FloatArray;
  /** Elements between the starts of two rows, at least a row's length. Default: rows are packed. */
  readonly lda?: number;
  readonly ldb?: number;
  readonly ldc?: number;
  /** Whether the operand is stored transposed. Default false. */
  readonly transA?: boolean;
  readonly transB?: boolean;
  /** Factor of the product, rounded to the dtype. 0: A and B are not read. Default 1. */
  readonly alpha?: number;
  /** Factor of C's old value, rounded to the dtype. 0: C is not read. Needs `c` otherwise. Default 0. */
  readonly beta?: number;
  /** n values, added to every row. */
  readonly bias?: FloatArray;
  /** m × n, added before the activation; rows `ldr` elements apart (default n). */
  readonly residual?: FloatArray;
  readonly ldr?: number;
  /** Applied last. Default "none". */
  readonly activation?: Activation;
}

export function checkBoolean(argument: string, value: unknown): asserts value is boolean {
  if (typeof value !== "boolean") throw wrongKind(argument, "a boolean", value);
}

/** Whether the value is a dimension of at least 1, as most are: finding out what is wrong with the others takes longer. */
export function isCount(value: unknown): value is number {
  return typeof value === "number" && (value | 0) === value && value > 0;
}

/** A factor, rounded to the dtype. */
export function checkFactor(argument: string, value: unknown, dtype: Dtype): number {
  if (typeof value !== "number") throw wrongKind(argument, "a number", value);
  if (dtype === "float64") return value;
  const rounded = Math.fround(value);
  if (rounded !== 0 && Math.abs(rounded) < 1.1754943508222875e-38) {
    throw wrongValue(argument, "a number that is not subnormal in float32", value);
  }
  return rounded;
}

export function checkActivation(argument: string, value: unknown): asserts value is Activation {
  if (!(ACTIVATIONS as readonly unknown[]).includes(value)) {
    throw wrongValue(argument, `one of ${ACTIVATIONS.join(", ")}`, value, "ERR_OPTION");
  }
}

export function checkStride(argument: string, value: unknown, columns: number): number {
  if (value === undefined) return columns;
  checkInteger(argument, value);
  if (value < columns) throw wrongValue(argument, `at least the row length ${columns}`, value, "ERR_STRIDE");
  return value;
}

/** Elements from the first to the last of rows × columns with rows `ld` apart; exact or beyond every array's length. */
export function extent(rows: number, columns: number, ld: number): number {
  return rows === 0 || columns === 0 ? 0 : (rows - 1) * ld + columns;
}

export function checkExtent(argument: string, array: FloatArray, needed: number): void {
  const length = intrinsicLength(array);
  if (length < needed) throw wrongValue(`${argument}.length`, `at least ${needed} elements`, length, "ERR_STRIDE");
}
