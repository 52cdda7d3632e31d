// Command-line options from one table per command: parsing, checking and the help text all read it.
import { parseArgs } from "node:util";

/** A mistake in the arguments: one line on standard error, exit code 2. */
export class UsageError extends Error {}

export interface OptionRow {
  readonly type: "string" | "number" | "integer" | "boolean";
  /** What the value stands for in the help, for example "FILE". */
  readonly value?: string;
  readonly help: string;
  readonly short?: string;
  /** Closed list of values. */
  readonly oneOf?: readonly string[];
  /** Smallest allowed number; default: none. */
  readonly minimum?: number;
  /** Numbers must be larger than this. */
  readonly above?: number;
  /** Beside a number, this word is a value too. */
  readonly word?: string;
  /** Numbers must stay below this. */
  readonly below?: number;
}

export type OptionTable = Readonly<Record<string, OptionRow>>;

type ValueOf<Row extends OptionRow> = Row["type"] extends "boolean"
  ? boolean
  : Row["type"] extends "string"
    ? string | undefined
    : (Row extends { readonly word: infer Word } ? Word : never) | number | undefined;
export type Values<Table extends OptionTable> = { readonly [K in keyof Table]: ValueOf<Table[K]> };

export interface Parsed<Table extends OptionTable> {
  readonly values: Values<Table>;
  readonly positionals: readonly string[];
}

function closest(name: string, names: readonly string[]): string | undefined {
  const distance = (a: string, b: string): number => {
    let row = Array.from({ length: b.length + 1 }, (_, j) => j);
    for (let i = 1; i <= a.length; i++) {
      const next = [i];
      for (let j = 1; j <= b.length; j++)
        next[j] = Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + Number(a[i - 1] !== b[j - 1]));
      row = next;
    }
    return row[b.length]!;
  };
  const [best] = names.map((other) => ({ other, d: distance(name, other) })).sort((a, b) => a.d - b.d);
  return best && best.d <= Math.max(2, name.length / 3) ? best.other : undefined;
}

/** ", did you mean X?" where one of `names` is near. */
export function suggestion(name: string, names: readonly string[]): string {
  const near = closest(name, names);
  return near === undefined ? "" : `, did you mean ${near}?`;
}

function convert(name: string, row: OptionRow, text: string): string | number {
  if (row.oneOf && !row.oneOf.includes(text))
    throw new UsageError(`--${name}: expected one of ${row.oneOf.join(", ")}, received "${text}"${suggestion(text, row.oneOf)}`);
  if (row.type === "string" || text === row.word) return text;
  const number = text.trim() === "" ? Number.NaN : Number(text);
  const { minimum, above, below } = row;
  const bounds = [
    ...(minimum === undefined ? [] : [`of at least ${minimum}`]),
    ...(above === undefined ? [] : [`above ${above}`]),
    ...(below === undefined ? [] : [`below ${below}`]),
  ];
  const range = bounds.length === 0 ? "" : ` ${bounds.join(" and ")}`;
  const word = row.word === undefined ? "" : ` or "${row.word}"`;
  const kind = row.type === "integer" ? "an integer" : "a number";
  const valid = Number.isFinite(number) && (row.type === "number" || Number.isSafeInteger(number));
  const small = (minimum !== undefined && number < minimum) || (above !== undefined && number <= above);
  if (!valid || small || (below !== undefined && number >= below))
    throw new UsageError(`--${name}: expected ${kind}${range}${word}, received "${text}"`);
  return number;
}

/**
 * Parses the arguments of a command.
 * @param positionals least and most number of positional arguments, and how the message calls them.
 * @throws UsageError naming what is wrong and, where one is near, what was meant.
 */
export function parseCommand<Table extends OptionTable>(
  args: readonly string[],
  table: Table,
  positionals: { readonly min: number; readonly max: number; readonly names: string },
): Parsed<Table> {
  const options = Object.fromEntries(
    Object.entries(table).map(([name, { type, short }]) => [
      name,
      { type: type === "boolean" ? ("boolean" as const) : ("string" as const), ...(short ? { short } : {}) },
    ]),
  );
  const { tokens } = parseArgs({ args: [...args], options, allowPositionals: true, strict: false, tokens: true });
  const values: Record<string, string | number | boolean | undefined> = {};
  for (const [name, { type }] of Object.entries(table)) if (type === "boolean") values[name] = false;
  const rest: string[] = [];
  for (const token of tokens) {
    if (token.kind === "positional") rest.push(token.value);
    if (token.kind !== "option") continue;
    const row = Object.hasOwn(table, token.name) ? table[token.name] : undefined;
    if (row === undefined)
      throw new UsageError(
        `unknown option ${token.rawName}${suggestion(token.name, Object.keys(table)).replace("mean ", "mean --")}`,
      );
    if (row.type === "boolean") {
      if (token.value !== undefined) throw new UsageError(`--${token.name}: expected no value, received "${token.value}"`);
      values[token.name] = true;
    } else {
      if (token.value === undefined)
        throw new UsageError(`--${token.name}: expected ${row.value ?? "a value"}, received nothing`);
      values[token.name] = convert(token.name, row, token.value);
    }
  }
  if (rest.length < positionals.min) throw new UsageError(`expected ${positionals.names}`);
  if (rest.length > positionals.max) throw new UsageError(`unexpected argument "${rest[positionals.max]}"`);
  return { values: values as Values<Table>, positionals: rest };
}

/** The option lines of a help text. */
export function optionHelp(table: OptionTable): string {
  const rows = Object.entries(table).map(([name, row]) => ({
    left: `${row.short ? `-${row.short}, ` : "    "}--${name}${row.type === "boolean" ? "" : ` ${row.value ?? (row.oneOf ? row.oneOf.join("|") : row.type === "string" ? "TEXT" : "N")}`}`,
    help: row.help,
  }));
  const width = Math.min(34, Math.max(...rows.map(({ left }) => left.length)));
  const pad = `\n${" ".repeat(width + 4)}`;
  return rows
    .map(({ left, help }) => `  ${left.length > width ? left + pad : left.padEnd(width + 2)}${help.replaceAll("\n", pad)}`)
    .join("\n");
}
