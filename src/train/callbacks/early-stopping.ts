import { checkInteger } from "../../core/checks.ts";
import type { Callback, CallbackState, Logs, TrainingRun } from "../callback.ts";
import type { NamedTensor } from "../trainer.ts";
import { fromJson, Monitor, type MonitorOptions, toJson } from "./monitor.ts";

export interface EarlyStoppingOptions extends MonitorOptions {
  /** Epochs without improvement after which training stops, ≥ 0; default 3. */
  readonly patience?: number;
  /** Put the best epoch's weights back at the end, also when the epochs run out; default true. */
  readonly restoreBestWeights?: boolean;
  /** Epochs at the start that are not watched, ≥ 0; default 0. */
  readonly startFromEpoch?: number;
}

/**
 * Stops when the watched value no longer improves. Unlike in Keras, the best weights come back by default, and also where
 * the last epoch is reached before patience is exhausted.
 */
export class EarlyStopping implements Callback {
  readonly name = "earlyStopping";
  /** The epoch with the best value, −1 before the first. */
  bestEpoch = -1;
  private readonly monitor: Monitor;
  private readonly patience: number;
  private readonly restore: boolean;
  private readonly startFromEpoch: number;
  private wait = 0;
  private bestWeights: readonly NamedTensor[] | undefined;

  constructor(options: EarlyStoppingOptions = {}) {
    this.monitor = new Monitor(options);
    this.patience = options.patience ?? 3;
    this.startFromEpoch = options.startFromEpoch ?? 0;
    this.restore = options.restoreBestWeights ?? true;
    checkInteger("patience", this.patience);
    checkInteger("startFromEpoch", this.startFromEpoch);
  }

  /** The best value so far, NaN before the first epoch. */
  get best(): number {
    return this.monitor.best;
  }

  onEpochEnd(epoch: number, logs: Logs, run: TrainingRun): void {
    if (epoch < this.startFromEpoch) return;
    if (this.monitor.update(logs)) {
      this.wait = 0;
      this.bestEpoch = epoch;
      if (this.restore) this.bestWeights = run.weights();
      return;
    }
    if (++this.wait < this.patience) return;
    run.stop(`${this.monitor.name(logs)} has not improved for ${this.wait} epochs`);
  }

  onTrainEnd(_: Logs, run: TrainingRun): void {
    if (this.bestWeights) run.setWeights(this.bestWeights);
  }

  state(): CallbackState {
    const values = { best: toJson(this.monitor.best), bestEpoch: this.bestEpoch, wait: this.wait };
    return this.bestWeights ? { values, tensors: this.bestWeights } : { values };
  }

  loadState({ values, tensors }: CallbackState): void {
    const saved = values as { best: number | null; bestEpoch: number; wait: number };
    this.monitor.best = fromJson(saved.best);
    this.bestEpoch = saved.bestEpoch;
    this.wait = saved.wait;
    this.bestWeights = this.restore && tensors && tensors.length > 0 ? tensors : undefined;
  }
}
