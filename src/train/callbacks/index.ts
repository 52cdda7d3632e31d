export { Checkpoint, type CheckpointOptions } from "./checkpoint.ts";
export { EarlyStopping, type EarlyStoppingOptions } from "./early-stopping.ts";
export { LearningRateSchedule } from "./learning-rate.ts";
export { CsvLog, JsonLinesLog, type LogFileOptions } from "./logs.ts";
export type { MonitorOptions } from "./monitor.ts";
export { ProgressBar, type TextStream } from "./progress-bar.ts";
export { ReduceOnPlateau, type ReduceOnPlateauOptions } from "./reduce-on-plateau.ts";
export { lambdaCallback, TerminateOnNaN } from "./small.ts";
export { TensorBoard } from "./tensorboard.ts";
