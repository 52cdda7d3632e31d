// Reading the options of a schedule or gradient tool: every value checked against its range, unknown names refused.
import { wrongKind, wrongValue } from "../core/errors.ts";

interface Rule<T> {
  readonly expected: string;
  readonly accepts: (value: T) => boolean;
  /** Undefined where the option must be given. */
  readonly fallback?: T;
  /** May be left out though it has no default. */
  readonly optional?: boolean;
  readonly type: "number" | "boolean" | "string" | "object" | "function";
}

const rule =
  <T>(type: Rule<T>["type"], expected: string, accepts: (value: T) => boolean) =>
  (fallback?: T): Rule<T> => ({ type, expected, accepts, fallback });

/** An integer of at least 1. */
export const count = rule<number>("number", "an integer of at least 1", (x) => Number.isSafeInteger(x) && x >= 1);
/** An integer of at least 0. */
export const wholeNumber = rule<number>("number", "an integer of at least 0", (x) => Number.isSafeInteger(x) && x >= 0);
export const nonNegative = rule<number>("number", "a finite number of at least 0", (x) => x >= 0 && x < Infinity);
export const positive = rule<number>("number", "a finite number above 0", (x) => x > 0 && x < Infinity);
/** A fraction in [0, 1]. */
export const fraction = rule<number>("number", "a number from 0 to 1", (x) => x >= 0 && x <= 1);
/** A fraction in [0, 1). */
export const belowOne = rule<number>("number", "a number in [0, 1)", (x) => x >= 0 && x < 1);
export const atLeastOne = rule<number>("number", "a finite number of at least 1", (x) => x >= 1 && x < Infinity);
export const flag = rule<boolean>("boolean", "true or false", () => true);

/** The same rule for an option that may be left out. */
export const optional = <T>(row: Rule<T>): Rule<T | undefined> => ({ ...row, optional: true }) as Rule<T | undefined>;

export function choice<T extends string>(choices: readonly T[], fallback: T): Rule<T> {
  const expected = `one of ${choices.map((c) => `"${c}"`).join(", ")}`;
  return { type: "string", expected, accepts: (value) => choices.includes(value), fallback };
}

export type Rules<T> = { readonly [K in keyof T]: Rule<T[K]> };

/**
 * The options of `owner`, checked, with defaults filled in. Each is read once. @throws ERR_OPTION for an unknown name, a
 * value outside its range, a missing one.
 */
export function readOptions<T extends object>(owner: string, given: unknown, rules: Rules<T>): T {
  if (typeof given !== "object" || given === null) throw wrongKind(`${owner} options`, "an object", given, "ERR_OPTION");
  for (const name of Object.keys(given)) {
    if (Object.hasOwn(rules, name)) continue;
    throw wrongValue(`${owner}.${name}`, `an option of ${owner} (${Object.keys(rules).join(", ")})`, name, "ERR_OPTION");
  }
  const result: Record<string, unknown> = {};
  for (const [name, row] of Object.entries(rules) as [string, Rule<unknown>][]) {
    const own = (given as Record<string, unknown>)[name];
    const value = own === undefined ? row.fallback : own;
    if (value === undefined && row.optional) continue;
    if (typeof value !== row.type) throw wrongKind(`${owner}.${name}`, row.expected, value, "ERR_OPTION");
    if (!row.accepts(value)) throw wrongValue(`${owner}.${name}`, row.expected, value, "ERR_OPTION");
    result[name] = value;
  }
  return result as T;
}
