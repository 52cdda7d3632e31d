import { wrongKind, wrongValue } from "../../core/errors.ts";
import type { Callback, TrainingRun } from "../callback.ts";

/**
 * A learning rate from a function. Per "step" (the default) it gets the number of the update, from 0, and a whole call of
 * many steps gets its rates at once; per "epoch" it gets the number of the epoch and the current rate, as in Keras.
 */
export class LearningRateSchedule implements Callback {
  readonly name = "learningRateSchedule";
  readonly learningRates?: (first: number, count: number) => Float64Array;
  readonly onEpochBegin?: (epoch: number, run: TrainingRun) => void;

  constructor(schedule: (index: number, current: number) => number, { per = "step" }: { readonly per?: "step" | "epoch" } = {}) {
    if (typeof schedule !== "function") throw wrongKind("schedule", "a function", schedule, "ERR_OPTION");
    const checked = (index: number, current: number) => {
      const rate = schedule(index, current);
      if (!(rate >= 0 && rate < Number.POSITIVE_INFINITY))
        throw wrongValue(`schedule(${index})`, "a finite number ≥ 0", rate, "ERR_OPTION");
      return rate;
    };
    if (per === "step") {
      this.learningRates = (first, count) => Float64Array.from({ length: count }, (_, i) => checked(first + i, Number.NaN));
    } else if (per === "epoch") {
      this.onEpochBegin = (epoch, run) => {
        run.learningRate = checked(epoch, run.learningRate);
      };
    } else throw wrongValue("per", '"step" or "epoch"', per, "ERR_OPTION");
  }
}
