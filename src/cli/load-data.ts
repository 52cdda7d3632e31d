// FILE or DIR of the command line → inputs and targets: CSV, TSV and JSON lines as tables, NPY matrices, IDX images.

import { existsSync, statSync } from "node:fs";
import { elementCount } from "../core/shape.ts";
import { readCsv, type Table } from "../data/csv.ts";
import {
  columnIndex,
  type EncodingOptions,
  encodeFeatures,
  encodeTarget,
  featureWidth,
  fitEncoding,
  type TableEncoding,
} from "../data/encoding.ts";
import { readIdx } from "../data/idx.ts";
import { loadIdxDataset } from "../data/idx-dataset.ts";
import { readJsonl } from "../data/jsonl.ts";
import { readNpy } from "../data/npy.ts";
import { suggestion, UsageError } from "./args.ts";

/** How to bring new rows into the form the model was trained on; kept in the model file. */
export type InputEncoding =
  | ({ readonly kind: "table" } & TableEncoding)
  | { readonly kind: "images"; readonly features: number; readonly classes: number };

export interface Rows {
  readonly x: Float32Array;
  readonly y: Int32Array | Float32Array;
}

export interface LoadedData extends Rows {
  readonly rows: number;
  readonly features: number;
  /** 1 for regression, the number of classes otherwise. */
  readonly outputs: number;
  readonly task: "classification" | "regression";
  readonly encoding: InputEncoding;
  /** Rows that the data set sets apart for testing. */
  readonly test?: Rows;
}

const isTableFile = (path: string) => /\.(csv|tsv|jsonl|ndjson|npy)(\.gz)?$/i.test(path);

/** A CSV, TSV, JSON-lines or NPY file as a table. */
export async function loadTable(path: string): Promise<Table> {
  if (/\.(jsonl|ndjson)(\.gz)?$/i.test(path)) return readJsonl(path);
  if (!/\.npy$/i.test(path)) return readCsv(path);
  const { shape, data } = await readNpy(path);
  const [rows = 0, columns = 1, ...more] = shape;
  if (more.length > 0 || shape.length === 0)
    throw new UsageError(`${path}: expected a vector or matrix, received shape (${shape.join(", ")})`);
  return {
    columns: Array.from({ length: columns }, (_, j) => String(j)),
    rows: Array.from({ length: rows }, (_, i) => Array.from({ length: columns }, (_, j) => String(data[i * columns + j]))),
  };
}

/** Two tables of equal length side by side; the second is one column of targets. */
function withTarget(table: Table, target: Table, path: string): Table {
  if (target.columns.length !== 1 || target.rows.length !== table.rows.length)
    throw new UsageError(
      `--target ${path}: expected one column of ${table.rows.length} values, received ${target.rows.length} × ${target.columns.length}`,
    );
  return { columns: [...table.columns, "target"], rows: table.rows.map((row, i) => [...row, target.rows[i]![0]!]) };
}

/** A column that is not there is a mistake in the arguments. @throws UsageError. */
function checkColumns(table: Table, target: string | undefined, ignore: readonly string[] = []): void {
  const named = [
    ...(target === undefined ? [] : [["--target", target] as const]),
    ...ignore.map((name) => ["--ignore", name] as const),
  ];
  for (const [option, column] of named) {
    try {
      columnIndex(option, table, column);
    } catch (error) {
      const near = suggestion(column, table.columns);
      throw new UsageError(`${(error as Error).message}${near}`);
    }
  }
}

async function tableData(path: string, options: EncodingOptions): Promise<LoadedData> {
  let table = await loadTable(path);
  let { target } = options;
  if (target !== undefined && isTableFile(target) && existsSync(target)) {
    table = withTarget(table, await loadTable(target), target);
    target = "target";
  }
  checkColumns(table, target, options.ignore);
  const encoding = fitEncoding(table, { ...options, ...(target === undefined ? {} : { target }) });
  const classes = encoding.target.kind === "class" ? encoding.target.classes.length : 1;
  return {
    x: encodeFeatures(table, encoding),
    y: encodeTarget(table, encoding),
    rows: table.rows.length,
    features: featureWidth(encoding),
    outputs: classes,
    task: encoding.target.kind === "class" ? "classification" : "regression",
    encoding: { kind: "table", ...encoding },
  };
}

/** Images of an IDX file as rows in [0, 1]. */
export async function loadImages(path: string): Promise<{ x: Float32Array; rows: number; features: number }> {
  const { shape, data } = await readIdx(path);
  const [rows = 0, ...image] = shape;
  const x = Float32Array.from(data as ArrayLike<number>, (value) => value / 255);
  return { x, rows, features: elementCount(image) };
}

async function imageData(path: string, target: string | undefined): Promise<LoadedData> {
  if (target === undefined || !existsSync(target))
    throw new UsageError(`${path} is an IDX file: expected --target with the IDX file of its labels`);
  const images = await loadImages(path);
  const labels = await readIdx(target);
  if (labels.shape.length !== 1 || labels.shape[0] !== images.rows)
    throw new UsageError(`--target ${target}: expected ${images.rows} labels, received ${labels.shape.join(" × ")}`);
  const y = Int32Array.from(labels.data as ArrayLike<number>);
  const classes = y.reduce((a, b) => Math.max(a, b), 0) + 1;
  return {
    ...images,
    y,
    outputs: classes,
    task: "classification",
    encoding: { kind: "images", features: images.features, classes },
  };
}

async function directoryData(path: string): Promise<LoadedData> {
  const { train, test, classes } = await loadIdxDataset(path);
  return {
    x: train.x,
    y: train.y,
    rows: train.count,
    features: train.features,
    outputs: classes,
    task: "classification",
    encoding: { kind: "images", features: train.features, classes },
    test: { x: test.x, y: test.y },
  };
}

/** @throws UsageError for what is no known format; the readers' errors. */
export async function loadData(path: string, options: EncodingOptions): Promise<LoadedData> {
  if (!existsSync(path)) throw new UsageError(`${path}: no such file or directory`);
  if (statSync(path).isDirectory()) return directoryData(path);
  if (isTableFile(path)) return tableData(path, options);
  if (/idx\d?-ubyte|\.idx/i.test(path)) return imageData(path, options.target);
  throw new UsageError(`${path}: expected a file named .csv, .tsv, .jsonl, .npy or …idx…, or a directory of IDX files`);
}
