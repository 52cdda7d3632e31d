// Callbacks of a few lines: stop on a loss that is not finite, functions as a callback.
import type { Callback, Logs, TrainingRun } from "../callback.ts";

/** Ends training at the first mini-batch whose loss is NaN or infinite. */
export class TerminateOnNaN implements Callback {
  readonly name = "terminateOnNaN";
  readonly stopOnNonFinite = true;

  onProgress(_: unknown, logs: Logs, run: TrainingRun): void {
    if (!Number.isFinite(logs.loss)) run.stop("the loss is not finite");
  }
}

/** A callback of the given functions. */
export function lambdaCallback(methods: Callback): Callback {
  return { ...methods };
}
