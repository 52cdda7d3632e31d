// downhill train --find-learning-rate: the range test instead of a training.
import { writeFileAtomic } from "../checkpoint/file.ts";
import { learningRatesSvg, plotLearningRates } from "../train/find-learning-rate.ts";
import { rangeTest } from "../train/range-test.ts";
import type { Trainer } from "../train/trainer.ts";
import type { Output } from "./command.ts";
import type { Rows } from "./load-data.ts";

export interface RangeTestCommand {
  readonly batchSize: number;
  readonly seed: number;
  /** SVG file for the curve. */
  readonly plot: string | undefined;
  readonly json: boolean;
}

export async function runRangeTest(trainer: Trainer, rows: Rows, command: RangeTestCommand, output: Output): Promise<void> {
  const { batchSize, seed, plot, json } = command;
  trainer.setData(rows);
  const curve = rangeTest(trainer, { batchSize, seed });
  if (plot !== undefined) await writeFileAtomic(plot, learningRatesSvg(curve));
  output.out(json ? `${JSON.stringify({ ...curve, plot: plot ?? null })}\n` : `${plotLearningRates(curve)}\n`);
}
