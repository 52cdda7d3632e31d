import { checkInteger } from "../../core/checks.ts";
import { wrongValue } from "../../core/errors.ts";
import type { Callback, CallbackState, Logs, TrainingRun } from "../callback.ts";
import { fromJson, Monitor, type MonitorOptions, toJson } from "./monitor.ts";

export interface ReduceOnPlateauOptions extends MonitorOptions {
  /** The learning rate is multiplied by this, in (0, 1); default 0.1. */
  readonly factor?: number;
  /** Epochs without improvement before the rate is reduced, ≥ 0; default 10. */
  readonly patience?: number;
  /** Epochs after a reduction that are not counted, ≥ 0; default 0. */
  readonly cooldown?: number;
  /** The rate is never reduced below this, ≥ 0; default 0. */
  readonly minLearningRate?: number;
}

/** Reduces the learning rate when the watched value stays on a plateau (Keras' ReduceLROnPlateau). */
export class ReduceOnPlateau implements Callback {
  readonly name = "reduceOnPlateau";
  private readonly monitor: Monitor;
  private readonly factor: number;
  private readonly patience: number;
  private readonly cooldown: number;
  private readonly minimum: number;
  private wait = 0;
  private cooling = 0;

  constructor(options: ReduceOnPlateauOptions = {}) {
    this.monitor = new Monitor(options);
    const { factor = 0.1, patience = 10, cooldown = 0, minLearningRate = 0 } = options;
    if (!(factor > 0 && factor < 1)) throw wrongValue("factor", "a number between 0 and 1", factor, "ERR_OPTION");
    if (!(minLearningRate >= 0)) throw wrongValue("minLearningRate", "a number ≥ 0", minLearningRate, "ERR_OPTION");
    checkInteger("patience", patience);
    checkInteger("cooldown", cooldown);
    this.factor = factor;
    this.patience = patience;
    this.cooldown = cooldown;
    this.minimum = minLearningRate;
  }

  onEpochEnd(_: number, logs: Logs, run: TrainingRun): void {
    if (this.cooling > 0) {
      this.cooling--;
      this.wait = 0;
    }
    if (this.monitor.update(logs)) {
      this.wait = 0;
    } else if (this.cooling === 0 && ++this.wait >= this.patience) {
      run.learningRate = Math.max(run.learningRate * this.factor, this.minimum);
      this.cooling = this.cooldown;
      this.wait = 0;
    }
  }

  state(): CallbackState {
    return { values: { best: toJson(this.monitor.best), wait: this.wait, cooling: this.cooling } };
  }

  loadState({ values }: CallbackState): void {
    const saved = values as { best: number | null; wait: number; cooling: number };
    this.monitor.best = fromJson(saved.best);
    this.wait = saved.wait;
    this.cooling = saved.cooling;
  }
}
