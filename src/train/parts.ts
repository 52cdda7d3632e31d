// Cuts a range of an order into the parts that a loop runs: mini-batches, their shards, and the updates they make.
import { PART_FLAGS, PART_INTS } from "../backend/program.ts";

export interface PartPlanOptions {
  readonly begin: number;
  readonly end: number;
  readonly batchSize: number;
  readonly accumulate: number;
  readonly shards: number;
  /** Parts that may run at the same time. */
  readonly workers: number;
  /** False where the caller makes the updates. */
  readonly update: boolean;
  /** The program for `rows` rows: −1 as slot writes the update's gradients directly, others their own. */
  program(rows: number, slot: number): number;
}

export interface PartPlan {
  readonly parts: Int32Array;
  /** Each part's share of its update's rows. */
  readonly weights: Float64Array;
  /** Rows of each mini-batch. */
  readonly rows: number[];
  /** Mini-batches of each update. */
  readonly updates: number[];
}

interface Shard {
  readonly begin: number;
  readonly rows: number;
  readonly miniBatch: number;
  readonly firstRow: number;
  readonly flags: number;
}

/** Shards of one mini-batch: sizes differ by at most one, the larger ones come first, empty ones are left out. */
function shardsOf(begin: number, rows: number, miniBatch: number, shards: number): Shard[] {
  const count = Math.min(shards, rows);
  let firstRow = 0;
  return Array.from({ length: count }, (_, s) => {
    const own = Math.floor(rows / count) + (s < rows % count ? 1 : 0);
    const first = s === 0 ? PART_FLAGS.firstOfMiniBatch : 0;
    const last = s === count - 1 ? PART_FLAGS.lastOfMiniBatch : 0;
    firstRow += own;
    return { begin: begin + firstRow - own, rows: own, miniBatch, firstRow: firstRow - own, flags: first | last };
  });
}

export function planParts(options: PartPlanOptions): PartPlan {
  const { end, batchSize, accumulate, shards, workers, update } = options;
  const words: number[] = [];
  const weights: number[] = [];
  const rows: number[] = [];
  const updates: number[] = [];
  let group = 0;
  let at = options.begin;
  while (at < end) {
    const list: Shard[] = [];
    const first = rows.length;
    for (let k = 0; k < accumulate && at < end; k++) {
      const size = Math.min(batchSize, end - at);
      list.push(...shardsOf(at, size, rows.length, shards));
      rows.push(size);
      at += size;
    }
    updates.push(rows.length - first);
    const total = rows.slice(first).reduce((sum, n) => sum + n, 0);
    list.forEach(({ begin, rows: own, miniBatch, firstRow, flags }, i) => {
      const slot = list.length === 1 ? -1 : i % workers;
      if (i % workers === 0) group++;
      const ends = update ? PART_FLAGS.lastOfUpdate : PART_FLAGS.clipOnly;
      const place = (i === 0 ? PART_FLAGS.firstOfUpdate : 0) | (i === list.length - 1 ? ends : 0);
      words.push(options.program(own, slot), begin, own, miniBatch, firstRow, group, flags | place);
      weights.push(own / total);
    });
  }
  const parts = Int32Array.from(words);
  if (parts.length !== weights.length * PART_INTS) throw new Error("parts: a word is missing");
  return { parts, weights: Float64Array.from(weights), rows, updates };
}
