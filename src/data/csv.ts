// CSV as a stream of rows and as a table. The parsing is csv-parse's (RFC 4180 quoting, BOM, back-pressure): the one
// run-time dependency, because a complete CSV parser is not our subject and it brings no dependencies of its own.
import { createReadStream } from "node:fs";
import { Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import { fault, wrongValue } from "../core/errors.ts";

export interface CsvOptions {
  /** Column separator, one character. Default ",", or tab where a path ends in .tsv or .tsv.gz. */
  readonly delimiter?: string;
  /** Whether the first row names the columns; default "auto": it does where none of its cells is a number. */
  readonly header?: boolean | "auto";
}

/** Rows of text under named columns. */
export interface Table {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

export type CsvSource = string | Iterable<string | Uint8Array> | AsyncIterable<string | Uint8Array>;

function open(source: CsvSource): Readable {
  if (typeof source !== "string") return Readable.from(source);
  const file = createReadStream(source);
  if (!source.endsWith(".gz")) return file;
  const gunzip = createGunzip();
  file.once("error", (error) => gunzip.destroy(error));
  return file.pipe(gunzip);
}

/**
 * The rows of a CSV file (a path, gzip-compressed where it ends in .gz) or of chunks of text, one at a time, so that
 * files larger than memory can feed `fit`. Cells are trimmed; empty lines are skipped; the header is a row like any other.
 * @throws Error ERR_FORMAT for broken quoting or a row with another number of cells; RangeError ERR_OPTION.
 */
export async function* csvRows(source: CsvSource, options: CsvOptions = {}): AsyncGenerator<string[]> {
  const delimiter = options.delimiter ?? (typeof source === "string" && /\.tsv(\.gz)?$/.test(source) ? "\t" : ",");
  if (delimiter.length !== 1) throw wrongValue("delimiter", "one character", delimiter, "ERR_OPTION");
  const { CsvError, parse } = await import("csv-parse");
  const input = open(source);
  const parser = parse({ delimiter, bom: true, trim: true, skip_empty_lines: true });
  input.once("error", (error) => parser.destroy(error));
  try {
    for await (const row of input.pipe(parser)) yield row as string[];
  } catch (cause) {
    if (!(cause instanceof CsvError)) throw cause;
    throw fault("ERR_FORMAT", `${typeof source === "string" ? source : "csv"}: ${cause.message}`, { cause });
  } finally {
    input.destroy();
  }
}

/** True for text that is a finite number in full ("1", "-2.5e3"), not for "" or "NaN". */
export function isNumeric(text: string): boolean {
  return text !== "" && Number.isFinite(Number(text));
}

/**
 * Reads all rows. Without a header, columns are named "0", "1", ….
 * @throws as csvRows; Error ERR_FORMAT for an empty input or a column named twice.
 */
export async function readCsv(source: CsvSource, options: CsvOptions = {}): Promise<Table> {
  const rows: string[][] = [];
  for await (const row of csvRows(source, options)) rows.push(row);
  const name = typeof source === "string" ? source : "csv";
  const first = rows[0];
  if (first === undefined) throw fault("ERR_FORMAT", `${name}: expected rows, received none`);
  const { header = "auto" } = options;
  const named = header === "auto" ? !first.some(isNumeric) : header;
  const columns = named ? first : first.map((_, index) => String(index));
  if (named) rows.shift();
  const twice = columns.find((column, index) => columns.indexOf(column) !== index);
  if (twice !== undefined) throw fault("ERR_FORMAT", `${name}: expected each column once, received "${twice}" twice`);
  return { columns, rows };
}
