// A table's columns as numbers: numeric columns standardised, text columns one-hot. The encoding is plain data, so that it
// can be kept beside a model and applied to new rows.
import { fault, wrongValue } from "../core/errors.ts";
import { isNumeric, type Table } from "./csv.ts";

export type FeatureEncoding =
  | { readonly column: string; readonly kind: "number"; readonly mean: number; readonly deviation: number }
  | { readonly column: string; readonly kind: "category"; readonly values: readonly string[] };

export type TargetEncoding =
  | { readonly column: string; readonly kind: "number"; readonly mean: number; readonly deviation: number }
  | { readonly column: string; readonly kind: "class"; readonly classes: readonly string[] };

export interface TableEncoding {
  readonly features: readonly FeatureEncoding[];
  readonly target: TargetEncoding;
}

export interface EncodingOptions {
  /** Column to predict, by name or index; default: the last. */
  readonly target?: string;
  /** Default "auto": classes for text and for at most 20 different integers, each there 2 times or more on average. */
  readonly task?: "auto" | "classification" | "regression";
  readonly ignore?: readonly string[];
}

/** More different texts than this in one column are no category. */
const MAX_CATEGORIES = 100;
const MAX_AUTO_CLASSES = 20;
/** Cells that count as missing. */
const MISSING = new Set(["", "?", "NA", "N/A", "NaN", "nan", "null"]);

function distinct(cells: readonly string[]): string[] {
  const values = [...new Set(cells.filter((cell) => !MISSING.has(cell)))];
  return values.every(isNumeric) ? values.sort((a, b) => Number(a) - Number(b)) : values.sort();
}

function moments(cells: readonly string[]): { mean: number; deviation: number } {
  const numbers = cells.filter((cell) => !MISSING.has(cell)).map(Number);
  const mean = numbers.reduce((a, b) => a + b, 0) / numbers.length;
  const variance = numbers.reduce((sum, value) => sum + (value - mean) * (value - mean), 0) / numbers.length;
  return { mean, deviation: Math.sqrt(variance) || 1 };
}

/** The index of a column by name, or by index from 0. @throws RangeError ERR_OPTION listing the columns. */
export function columnIndex(argument: string, table: Table, column: string): number {
  const byName = table.columns.indexOf(column);
  if (byName >= 0) return byName;
  const index = Number(column);
  if (column.trim() !== "" && Number.isInteger(index) && index >= -table.columns.length && index < table.columns.length)
    return index < 0 ? table.columns.length + index : index;
  throw wrongValue(argument, `one of the columns ${table.columns.slice(0, 20).join(", ")}`, column, "ERR_OPTION");
}

function isNumberColumn(cells: readonly string[]): boolean {
  const present = cells.filter((cell) => !MISSING.has(cell));
  return present.length > 0 && present.every(isNumeric);
}

function fitTarget(column: string, cells: readonly string[], task: EncodingOptions["task"] = "auto"): TargetEncoding {
  const missing = cells.findIndex((cell) => MISSING.has(cell));
  if (missing >= 0) throw fault("ERR_FORMAT", `target ${column}: row ${missing + 1} has no value`);
  const values = distinct(cells);
  const numeric = values.every(isNumeric);
  const few =
    values.length <= MAX_AUTO_CLASSES &&
    values.length * 2 <= cells.length &&
    values.every((value) => Number.isInteger(Number(value)));
  if (task === "classification" || (task === "auto" && (!numeric || few))) {
    if (values.length < 2) throw fault("ERR_FORMAT", `target ${column}: expected two classes or more, received ${values.length}`);
    return { column, kind: "class", classes: values };
  }
  if (!numeric)
    throw fault(
      "ERR_FORMAT",
      `target ${column}: expected numbers for regression, received "${values.find((v) => !isNumeric(v))}"`,
    );
  return { column, kind: "number", ...moments(cells) };
}

/** Measures how to turn a table's columns into numbers. @throws Error ERR_FORMAT, RangeError ERR_OPTION. */
export function fitEncoding(table: Table, options: EncodingOptions = {}): TableEncoding {
  const target = options.target === undefined ? table.columns.length - 1 : columnIndex("target", table, options.target);
  const ignored = new Set((options.ignore ?? []).map((column) => columnIndex("ignore", table, column)));
  const cellsOf = (index: number) => table.rows.map((row) => row[index]!);
  const features: FeatureEncoding[] = [];
  table.columns.forEach((column, index) => {
    if (index === target || ignored.has(index)) return;
    const cells = cellsOf(index);
    if (isNumberColumn(cells)) {
      features.push({ column, kind: "number", ...moments(cells) });
      return;
    }
    const values = distinct(cells);
    if (values.length > MAX_CATEGORIES)
      throw fault("ERR_FORMAT", `column ${column}: ${values.length} different texts are no category; leave it out (ignore)`);
    features.push({ column, kind: "category", values });
  });
  if (features.length === 0) throw fault("ERR_FORMAT", "expected a column beside the target");
  return { features, target: fitTarget(table.columns[target]!, cellsOf(target), options.task) };
}

export function featureWidth({ features }: Pick<TableEncoding, "features">): number {
  return features.reduce((sum, feature) => sum + (feature.kind === "number" ? 1 : feature.values.length), 0);
}

function positions(table: Table, columns: readonly string[]): number[] {
  return columns.map((column) => {
    const index = table.columns.indexOf(column);
    if (index < 0) throw fault("ERR_FORMAT", `expected a column ${column}, received ${table.columns.slice(0, 20).join(", ")}`);
    return index;
  });
}

/**
 * [rows, featureWidth] of float32. A missing number counts as the mean, an unknown or missing text as no category.
 * @throws Error ERR_FORMAT for a column that is not there or a cell that is no number.
 */
export function encodeFeatures(table: Table, encoding: Pick<TableEncoding, "features">): Float32Array {
  const width = featureWidth(encoding);
  const where = positions(
    table,
    encoding.features.map(({ column }) => column),
  );
  const out = new Float32Array(table.rows.length * width);
  table.rows.forEach((row, i) => {
    let at = i * width;
    encoding.features.forEach((feature, k) => {
      const cell = row[where[k]!]!;
      if (feature.kind === "category") {
        const index = feature.values.indexOf(cell);
        if (index >= 0) out[at + index] = 1;
        at += feature.values.length;
        return;
      }
      if (!MISSING.has(cell)) {
        if (!isNumeric(cell))
          throw fault("ERR_FORMAT", `column ${feature.column}, row ${i + 1}: expected a number, received "${cell}"`);
        out[at] = (Number(cell) - feature.mean) / feature.deviation;
      }
      at++;
    });
  });
  return out;
}

/** Class indices, or standardised values. @throws Error ERR_FORMAT for an unknown class or a cell that is no number. */
export function encodeTarget(table: Table, { target }: Pick<TableEncoding, "target">): Int32Array | Float32Array {
  const [index] = positions(table, [target.column]);
  if (target.kind === "class") {
    return Int32Array.from(table.rows, (row, i) => {
      const found = target.classes.indexOf(row[index!]!);
      if (found < 0) throw fault("ERR_FORMAT", `target ${target.column}, row ${i + 1}: unknown class "${row[index!]}"`);
      return found;
    });
  }
  return Float32Array.from(table.rows, (row, i) => {
    if (!isNumeric(row[index!]!))
      throw fault("ERR_FORMAT", `target ${target.column}, row ${i + 1}: expected a number, received "${row[index!]}"`);
    return (Number(row[index!]) - target.mean) / target.deviation;
  });
}
