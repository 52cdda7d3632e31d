import { closeSync, mkdirSync, openSync, writeSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { wrongKind } from "../../core/errors.ts";
import type { Callback, Logs, TrainingRun } from "../callback.ts";
import { encodeRecord, scalarEvent, versionEvent } from "../event-file.ts";

type Run = "train" | "validation";

/**
 * Event files for TensorBoard, one folder each for "train" and "validation" as Keras writes them: `tensorboard --logdir
 * DIR` shows epoch_loss, epoch_accuracy, … and epoch_learning_rate over the epochs.
 */
export class TensorBoard implements Callback {
  private readonly directory: string;
  private readonly handles = new Map<Run, number>();

  constructor(directory: string) {
    if (typeof directory !== "string" || directory === "") throw wrongKind("directory", "a path", directory, "ERR_OPTION");
    this.directory = directory;
  }

  private write(run: Run, step: number, scalars: Record<string, number>): void {
    const seconds = Date.now() / 1000;
    let handle = this.handles.get(run);
    if (handle === undefined) {
      const folder = join(this.directory, run);
      mkdirSync(folder, { recursive: true });
      // TensorBoard orders the files of a folder by name: the time comes first.
      handle = openSync(join(folder, `events.out.tfevents.${Math.floor(seconds)}.${hostname()}.${process.pid}.v2`), "a");
      this.handles.set(run, handle);
      writeSync(handle, encodeRecord(versionEvent(seconds)));
    }
    writeSync(handle, encodeRecord(scalarEvent(seconds, step, scalars)));
  }

  onEpochEnd(epoch: number, logs: Logs, run: TrainingRun): void {
    const train: Record<string, number> = { epoch_learning_rate: run.appliedLearningRate };
    const validation: Record<string, number> = {};
    for (const [name, value] of Object.entries(logs)) {
      if (name.startsWith("val_")) validation[`epoch_${name.slice(4)}`] = value;
      else train[`epoch_${name}`] = value;
    }
    this.write("train", epoch, train);
    if (Object.keys(validation).length > 0) this.write("validation", epoch, validation);
  }

  dispose(): void {
    for (const handle of this.handles.values()) closeSync(handle);
    this.handles.clear();
  }
}
