// Option tables: one row per option gives its kind, range, default and meaning; checks, documentation and the accessors of
// parameter groups all read the same row.
import { wrongKind, wrongValue } from "../core/errors.ts";

export type OptionValue = number | boolean | string | readonly number[];
export type OptionValues = Readonly<Record<string, OptionValue>>;

/** The numbers an option accepts, with the text that error messages and documentation use. */
export interface Range {
  readonly text: string;
  contains(x: number): boolean;
}

export function atLeast(low: number): Range {
  return { text: `a finite number of at least ${low}`, contains: (x) => x >= low && x < Number.POSITIVE_INFINITY };
}

export function above(low: number): Range {
  return { text: `a finite number above ${low}`, contains: (x) => x > low && x < Number.POSITIVE_INFINITY };
}

/** Infinity, "no limit", is allowed. */
export function limit(): Range {
  return { text: "a number above 0, Infinity for none", contains: (x) => x > 0 };
}

/** [low, high): the range of decay rates, where high itself would never let anything in. */
export function within(low: number, high: number): Range {
  return { text: `a number in [${low}, ${high})`, contains: (x) => x >= low && x < high };
}

export function between(low: number, high: number): Range {
  return { text: `a number strictly between ${low} and ${high}`, contains: (x) => x > low && x < high };
}

export function finite(): Range {
  return { text: "a finite number", contains: Number.isFinite };
}

export function wholeNumber(low: number): Range {
  return { text: `an integer of at least ${low}`, contains: (x) => Number.isSafeInteger(x) && x >= low };
}

interface Row {
  readonly meaning: string;
}
export interface NumberOption extends Row {
  readonly kind: "number";
  readonly default: number;
  readonly range: Range;
  /** Another name of the same option; giving both is an error. */
  readonly alias?: string;
  /** Fixed after construction, because the shape of the state depends on it. */
  readonly fixed?: boolean;
}
export interface BooleanOption extends Row {
  readonly kind: "boolean";
  readonly default: boolean;
}
export interface ChoiceOption extends Row {
  readonly kind: "choice";
  readonly default: string;
  readonly choices: readonly string[];
}
/** A fixed number of finite numbers, together one setting. */
export interface NumbersOption extends Row {
  readonly kind: "numbers";
  readonly default: readonly number[];
}
export type OptionRow = NumberOption | BooleanOption | ChoiceOption | NumbersOption;
export type OptionTable = Readonly<Record<string, OptionRow>>;

export function number(
  fallback: number,
  range: Range,
  meaning: string,
  extra: { alias?: string; fixed?: boolean } = {},
): NumberOption {
  return { kind: "number", default: fallback, range, meaning, ...extra };
}

export function flag(fallback: boolean, meaning: string): BooleanOption {
  return { kind: "boolean", default: fallback, meaning };
}

export function choice(fallback: string, choices: readonly string[], meaning: string): ChoiceOption {
  return { kind: "choice", default: fallback, choices, meaning };
}

export function numbers(fallback: readonly number[], meaning: string): NumbersOption {
  return { kind: "numbers", default: Object.freeze([...fallback]), meaning };
}

/** Throws ERR_OPTION unless `value` is allowed in `row`. */
export function checkOption(argument: string, row: OptionRow, value: unknown): OptionValue {
  switch (row.kind) {
    case "number":
      if (typeof value !== "number") throw wrongKind(argument, row.range.text, value, "ERR_OPTION");
      if (!row.range.contains(value)) throw wrongValue(argument, row.range.text, value, "ERR_OPTION");
      return value;
    case "boolean":
      if (typeof value !== "boolean") throw wrongKind(argument, "true or false", value, "ERR_OPTION");
      return value;
    case "choice": {
      const expected = `one of ${row.choices.map((c) => `"${c}"`).join(", ")}`;
      if (typeof value !== "string") throw wrongKind(argument, expected, value, "ERR_OPTION");
      if (!row.choices.includes(value)) throw wrongValue(argument, expected, value, "ERR_OPTION");
      return value;
    }
    case "numbers": {
      const expected = `an array of ${row.default.length} finite numbers`;
      if (!Array.isArray(value)) throw wrongKind(argument, expected, value, "ERR_OPTION");
      const copy: unknown[] = [...value];
      if (copy.length !== row.default.length || !copy.every(Number.isFinite))
        throw wrongValue(argument, expected, `[${copy}]`, "ERR_OPTION");
      return Object.freeze(copy as number[]);
    }
  }
}

function rowOf(table: OptionTable, key: string): [string, OptionRow] | undefined {
  if (Object.hasOwn(table, key)) return [key, table[key]!];
  return Object.entries(table).find(([, row]) => row.kind === "number" && row.alias === key);
}

/** ERR_OPTION for a name that the table does not have. */
export function unknownOption(owner: string, table: OptionTable, key: string): RangeError {
  return wrongValue(`${owner}.${key}`, `an option of ${owner} (${Object.keys(table).join(", ")})`, key, "ERR_OPTION");
}

/**
 * Reads `given` once, checks every value and fills in `base` (the table's defaults where it is left out). Unknown names,
 * and a name together with its alias, are ERR_OPTION; undefined counts as not given.
 */
export function resolveOptions(
  owner: string,
  table: OptionTable,
  given: object | undefined,
  base?: OptionValues,
): Record<string, OptionValue> {
  const values: Record<string, OptionValue> = {};
  for (const [name, row] of Object.entries(table)) values[name] = base?.[name] ?? row.default;
  const seen = new Set<string>();
  for (const [key, value] of Object.entries(given ?? {})) {
    if (value === undefined) continue;
    const found = rowOf(table, key);
    if (!found) throw unknownOption(owner, table, key);
    const [name, row] = found;
    if (seen.has(name)) throw wrongValue(`${owner}.${key}`, `only one of ${name} and its alias`, key, "ERR_OPTION");
    seen.add(name);
    values[name] = checkOption(`${owner}.${key}`, row, value);
  }
  return values;
}
