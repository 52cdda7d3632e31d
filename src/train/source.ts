// Where the mini-batches of an epoch come from: a resident data set in shuffled order, or a stream.
import { wrongKind, wrongValue } from "../core/errors.ts";
import { permutation } from "../core/random.ts";
import { type Batch, toTrainingData } from "./dataset.ts";
import type { Network, Trainer, TrainingData } from "./trainer.ts";

/** Batches one after the other, or a function that starts such a sequence anew for each epoch. */
export type BatchItem = Batch | readonly [Batch["x"], Batch["y"], Batch["sampleWeight"]?];
export type BatchStream = Iterable<BatchItem> | AsyncIterable<BatchItem> | (() => Iterable<BatchItem> | AsyncIterable<BatchItem>);

/** The next rows to train on, resident in the trainer. */
export interface Chunk {
  readonly order: Uint32Array;
  readonly batchSize: number;
  readonly begin: number;
  readonly end: number;
}

export interface Source {
  /** Rows of one epoch; undefined where a stream decides. */
  readonly samplesPerEpoch: number | undefined;
  /** `position` above 0: an epoch that goes on after a resume. */
  startEpoch(epoch: number, position: number): Promise<void>;
  /** Up to `updates` updates' worth of rows (a stream: one update's); undefined at the end of the epoch. */
  next(trainer: Trainer, updates: number): Promise<Chunk | undefined>;
  /** Position in the epoch after a chunk that ended at `position` of its order. */
  advance(position: number): void;
  readonly position: number;
  /** True where the epoch is known to be complete. */
  readonly atEnd: boolean;
  dispose(): Promise<void>;
}

export interface SourceOptions {
  readonly accumulate: number;
  readonly stepsPerEpoch: number | undefined;
}

/** All rows in the trainer's memory; an epoch is a permutation of them, by (seed, epoch) alone. */
export class ResidentSource implements Source {
  readonly samplesPerEpoch: number;
  position = 0;
  private readonly order: Uint32Array;
  private readonly rows: number;
  private readonly batchSize: number;
  private readonly seed: number | null;
  private readonly rowsPerUpdate: number;

  constructor(
    trainer: Trainer,
    data: TrainingData,
    rows: number,
    batchSize: number,
    seed: number | null,
    options: SourceOptions,
  ) {
    trainer.setData(data);
    this.rows = rows;
    this.batchSize = batchSize;
    this.seed = seed;
    this.rowsPerUpdate = batchSize * options.accumulate;
    this.samplesPerEpoch = Math.min(rows, (options.stepsPerEpoch ?? Number.POSITIVE_INFINITY) * batchSize);
    this.order = Uint32Array.from({ length: rows }, (_, i) => i);
  }

  async startEpoch(epoch: number, position: number): Promise<void> {
    if (this.seed !== null) permutation(this.seed, epoch, this.rows, this.order);
    this.position = position;
  }

  get atEnd(): boolean {
    return this.position >= this.samplesPerEpoch;
  }

  async next(_: Trainer, updates: number): Promise<Chunk | undefined> {
    if (this.atEnd) return undefined;
    const end = Math.min(this.position + updates * this.rowsPerUpdate, this.samplesPerEpoch);
    return { order: this.order, batchSize: this.batchSize, begin: this.position, end };
  }

  advance(position: number): void {
    this.position = position;
  }

  async dispose(): Promise<void> {}
}

/** Batches from a generator or (async) iterable; each update's batches become the trainer's data in turn. */
export class StreamSource implements Source {
  readonly samplesPerEpoch = undefined;
  position = 0;
  private readonly stream: BatchStream;
  private readonly convert: (item: BatchItem) => TrainingData & { readonly rows: number };
  private readonly options: SourceOptions;
  private iterator: Iterator<BatchItem> | AsyncIterator<BatchItem> | undefined;
  private order = new Uint32Array(0);
  private steps = 0;

  constructor(
    stream: BatchStream,
    network: Network,
    classes: boolean,
    classWeight: Readonly<Record<number, number>> | undefined,
    options: SourceOptions,
  ) {
    this.stream = stream;
    this.options = options;
    this.convert = (item) => {
      const batch = isTuple(item) ? { x: item[0], y: item[1], sampleWeight: item[2] } : item;
      if (batch === null || typeof batch !== "object" || !("x" in batch)) throw wrongKind("batch", "{ x, y } or [x, y]", item);
      return toTrainingData(batch, network, classes, classWeight);
    };
  }

  async startEpoch(_: number, position: number): Promise<void> {
    if (position > 0 && typeof this.stream !== "function")
      throw wrongValue(
        "resume",
        "a function that starts the stream anew, so that the epoch's first rows can be skipped, or a checkpoint at an epoch's end",
        `${position} rows into an epoch`,
        "ERR_STATE",
      );
    if (typeof this.stream === "function" || this.iterator === undefined) {
      const sequence = typeof this.stream === "function" ? this.stream() : this.stream;
      this.iterator = Symbol.asyncIterator in sequence ? sequence[Symbol.asyncIterator]() : sequence[Symbol.iterator]();
    }
    this.position = 0;
    this.steps = 0;
    await this.skip(position);
  }

  /** Passes over the batches that the epoch was already trained on. */
  private async skip(rows: number): Promise<void> {
    while (this.position < rows) {
      const { value, done } = await this.iterator!.next();
      const part = done ? undefined : this.convert(value);
      this.position += part?.rows ?? 0;
      if (part === undefined || this.position > rows)
        throw wrongValue("resume", `a stream whose batches end at row ${rows}, as before`, this.position, "ERR_STATE");
      if (part.rows > 0) this.steps++;
    }
  }

  get atEnd(): boolean {
    return this.steps >= (this.options.stepsPerEpoch ?? Number.POSITIVE_INFINITY);
  }

  async next(trainer: Trainer): Promise<Chunk | undefined> {
    const { accumulate, stepsPerEpoch = Number.POSITIVE_INFINITY } = this.options;
    const parts: (TrainingData & { readonly rows: number })[] = [];
    while (parts.length < accumulate && this.steps < stepsPerEpoch) {
      const { value, done } = await this.iterator!.next();
      if (done) break;
      const part = this.convert(value);
      if (part.rows === 0) continue;
      if (parts.length > 0 && part.rows > parts[0]!.rows)
        throw wrongValue("batch", `at most ${parts[0]!.rows} rows, as the batch accumulated with it`, part.rows, "ERR_LENGTH");
      parts.push(part);
      this.steps++;
      if (parts.length > 1 && part.rows < parts[0]!.rows) break;
    }
    if (parts.length === 0) return undefined;
    const data = parts.length === 1 ? parts[0]! : concatenate(parts);
    trainer.setData(data);
    if (this.order.length < data.rows) this.order = Uint32Array.from({ length: data.rows }, (_, i) => i);
    return { order: this.order.subarray(0, data.rows), batchSize: parts[0]!.rows, begin: 0, end: data.rows };
  }

  advance(position: number): void {
    this.position += position;
  }

  async dispose(): Promise<void> {
    await this.iterator?.return?.();
    this.iterator = undefined;
  }
}

function isTuple(item: BatchItem): item is readonly [Batch["x"], Batch["y"], Batch["sampleWeight"]?] {
  return Array.isArray(item);
}

function join<A extends TrainingData["x"] | TrainingData["y"]>(arrays: readonly A[]): A {
  const length = arrays.reduce((sum, array) => sum + array.length, 0);
  const out = new (arrays[0]!.constructor as new (n: number) => A)(length);
  let at = 0;
  for (const array of arrays) {
    out.set(array, at);
    at += array.length;
  }
  return out;
}

function concatenate(parts: readonly (TrainingData & { readonly rows: number })[]): TrainingData & { readonly rows: number } {
  // A batch without weights beside one that has them counts with 1 each.
  const weighted = parts.some(({ sampleWeight }) => sampleWeight !== undefined);
  const ones = ({ x, rows }: { x: TrainingData["x"]; rows: number }) =>
    x instanceof Float32Array ? new Float32Array(rows).fill(1) : new Float64Array(rows).fill(1);
  return {
    x: join(parts.map(({ x }) => x)),
    y: join(parts.map(({ y }) => y)),
    rows: parts.reduce((sum, { rows }) => sum + rows, 0),
    ...(weighted ? { sampleWeight: join(parts.map((part) => part.sampleWeight ?? ones(part))) } : {}),
  };
}
