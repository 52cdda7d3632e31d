// A training that only plays back logs to callbacks, for tests of callbacks alone.
import type { Callback, Logs, TrainingRun } from "../../src/train/callback.ts";
import { History } from "../../src/train/history.ts";
import type { NamedTensor } from "../../src/train/trainer.ts";

export class ScriptedRun implements TrainingRun {
  readonly epochs: number;
  readonly batchSize = 1;
  learningRate = 1;
  updates = 0;
  readonly history = new History();
  stopReason: string | undefined;
  /** The "weights": the number of the epoch that made them. */
  weight = -1;
  readonly saved: { path: string; epoch: number }[] = [];

  get appliedLearningRate(): number {
    return this.learningRate;
  }

  constructor(epochs: number) {
    this.epochs = epochs;
  }

  stop(reason: string): void {
    this.stopReason ??= reason;
  }

  weights(): NamedTensor[] {
    return [{ name: "w", tensor: { data: new Float64Array([this.weight]), shape: [1] } }];
  }

  setWeights(weights: readonly NamedTensor[]): void {
    this.weight = weights[0]!.tensor.data[0]!;
  }

  async save(path: string): Promise<void> {
    this.saved.push({ path, epoch: this.weight });
  }

  /** Plays one epoch per entry until a callback stops; returns the number of epochs played. */
  async play(callbacks: readonly Callback[], logs: readonly Logs[], { end = true } = {}): Promise<number> {
    for (const callback of callbacks) await callback.onTrainBegin?.(this);
    let epoch = this.weight + 1;
    const first = epoch;
    for (const entry of logs) {
      if (this.stopReason !== undefined) break;
      for (const callback of callbacks) await callback.onEpochBegin?.(epoch, this);
      this.weight = epoch;
      this.history.add(epoch, entry);
      for (const callback of callbacks) await callback.onEpochEnd?.(epoch, entry, this);
      epoch++;
    }
    if (end) for (const callback of callbacks) await callback.onTrainEnd?.(logs.at(-1) ?? {}, this);
    if (end) for (const callback of callbacks) await callback.dispose?.();
    return epoch - first;
  }
}
