import { wrongKind, wrongValue } from "../../core/errors.ts";
import type { Callback, CallbackState, Logs, Progress, TrainingRun } from "../callback.ts";
import { fromJson, Monitor, type MonitorOptions, toJson } from "./monitor.ts";

export interface CheckpointOptions extends MonitorOptions {
  /** Target file; "{epoch}" becomes the number of finished epochs. */
  readonly path: string;
  /** Save only when the watched value got better; default false. */
  readonly bestOnly?: boolean;
  /** Also save inside an epoch, when this many seconds passed since the last save; default: at the ends of epochs only. */
  readonly everySeconds?: number;
}

/** Saves everything that resuming needs, atomically, after every epoch. */
export class Checkpoint implements Callback {
  readonly name = "checkpoint";
  readonly runsLast = true;
  private readonly options: CheckpointOptions;
  private readonly monitor: Monitor;
  private savedAt = performance.now();

  constructor(options: CheckpointOptions) {
    if (typeof options?.path !== "string" || options.path === "")
      throw wrongKind("path", "a file name", options?.path, "ERR_OPTION");
    const { everySeconds } = options;
    if (everySeconds !== undefined && !(everySeconds >= 0))
      throw wrongValue("everySeconds", "a number ≥ 0", everySeconds, "ERR_OPTION");
    this.options = options;
    this.monitor = new Monitor(options);
  }

  private async save(epoch: number, run: TrainingRun): Promise<void> {
    await run.save(this.options.path.replaceAll("{epoch}", String(epoch)));
    this.savedAt = performance.now();
  }

  onTrainBegin(): void {
    this.savedAt = performance.now();
  }

  async onProgress(progress: Progress, _: Logs, run: TrainingRun): Promise<void> {
    const { everySeconds } = this.options;
    if (everySeconds === undefined || performance.now() - this.savedAt < 1000 * everySeconds) return;
    // The end of an epoch is saved by onEpochEnd, after validation.
    if (progress.samples !== progress.totalSamples) await this.save(progress.epoch, run);
  }

  async onEpochEnd(epoch: number, logs: Logs, run: TrainingRun): Promise<void> {
    const better = this.monitor.update(logs);
    if (better || !this.options.bestOnly) await this.save(epoch + 1, run);
  }

  state(): CallbackState {
    return { values: { best: toJson(this.monitor.best) } };
  }

  loadState({ values }: CallbackState): void {
    this.monitor.best = fromJson((values as { best: number | null }).best);
  }
}
