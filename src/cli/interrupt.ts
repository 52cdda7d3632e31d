import type { Callback, TrainingRun } from "../train/callback.ts";

/** Stops training at Ctrl-C after the running call; a second Ctrl-C ends the process as usual. */
export function interruptible(): Callback {
  let asked = false;
  const onSignal = () => {
    asked = true;
    process.off("SIGINT", onSignal);
  };
  const check = (run: TrainingRun) => {
    if (asked) run.stop("interrupted", { resumable: true });
  };
  return {
    onTrainBegin: () => void process.on("SIGINT", onSignal),
    onProgress: (_, __, run) => check(run),
    dispose: () => void process.off("SIGINT", onSignal),
  };
}
