// JSON lines: one JSON document per line, as a stream and as a table of columns.
import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import { Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import { fault } from "../core/errors.ts";
import type { Table } from "./csv.ts";

export type JsonlSource = string | Iterable<string | Uint8Array> | AsyncIterable<string | Uint8Array>;

function open(source: JsonlSource): Readable {
  if (typeof source !== "string") return Readable.from(source, { objectMode: false });
  const file = createReadStream(source);
  if (!source.endsWith(".gz")) return file;
  const gunzip = createGunzip();
  file.once("error", (error) => gunzip.destroy(error));
  return file.pipe(gunzip);
}

/**
 * The documents of a JSON-lines file (a path, gzip-compressed where it ends in .gz) or of chunks of text, one at a time.
 * @throws Error ERR_FORMAT naming the line that is not JSON.
 */
export async function* jsonLines(source: JsonlSource): AsyncGenerator<unknown> {
  const input = open(source);
  const name = typeof source === "string" ? source : "jsonl";
  let failure: Error | undefined;
  const lines = createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY });
  input.once("error", (error) => {
    failure = error;
    lines.close();
  });
  let number = 0;
  try {
    for await (const line of lines) {
      number++;
      const text = number === 1 ? line.replace(/^\uFEFF/, "") : line;
      if (text.trim() !== "") yield parse(text, name, number);
    }
    if (failure) throw failure;
  } finally {
    lines.close();
    input.destroy();
  }
}

function parse(text: string, name: string, line: number): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw fault("ERR_FORMAT", `${name}:${line}: expected JSON, received ${text.slice(0, 40)}`, { cause });
  }
}

function cell(value: unknown): string {
  return value === null || value === undefined ? "" : typeof value === "object" ? JSON.stringify(value) : String(value);
}

/** Reads flat objects, one per line, as a table; the first object names the columns. Errors as jsonLines. */
export async function readJsonl(source: JsonlSource): Promise<Table> {
  let columns: string[] | undefined;
  const rows: string[][] = [];
  for await (const document of jsonLines(source)) {
    if (document === null || typeof document !== "object" || Array.isArray(document))
      throw fault("ERR_FORMAT", `jsonl: row ${rows.length + 1}: expected an object, received ${JSON.stringify(document)}`);
    const record = new Map(Object.entries(document));
    columns ??= [...record.keys()];
    const unknown = [...record.keys()].find((key) => !columns?.includes(key));
    if (unknown !== undefined)
      throw fault(
        "ERR_FORMAT",
        `jsonl: row ${rows.length + 1}: expected the columns ${columns.join(", ")}, received "${unknown}"`,
      );
    rows.push(columns.map((column) => cell(record.get(column))));
  }
  if (columns === undefined) throw fault("ERR_FORMAT", "jsonl: expected rows, received none");
  return { columns, rows };
}
