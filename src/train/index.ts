export type { AverageOptions } from "./averaging.ts";
export type { Callback, CallbackState, Logs, Progress, TrainingRun } from "./callback.ts";
export * from "./callbacks/index.ts";
export { ConfusionMatrix } from "./confusion.ts";
export type { Batch, Inputs } from "./dataset.ts";
export { createTrainer } from "./engine.ts";
export {
  type FindLearningRateOptions,
  findLearningRate,
  findLearningRateAsync,
  type LearningRateCurve,
  learningRatesSvg,
  plotLearningRates,
} from "./find-learning-rate.ts";
export type { FitOptions, StopConditions } from "./fit-options.ts";
export { History } from "./history.ts";
export { type HtmlReportOptions, htmlReport } from "./html-report.ts";
export { type LoadModelOptions, loadModel } from "./load-model.ts";
export { type Metric, type MetricInput, type MetricName, metrics } from "./metrics.ts";
export type { CompileOptions } from "./model.ts";
export type { OptimizerChoice } from "./optimizers.ts";
export { type OverfittingReport, overfittingReport } from "./overfitting.ts";
export { type RangeTestOptions, rangeTest } from "./range-test.ts";
export { createModel, functional, Model, sequential } from "./sequential.ts";
export type { BatchStream } from "./source.ts";
export { type ChartOptions, lineChart as lineSvg, type Series } from "./svg.ts";
export { type TextSeries, textPlot as linePlot } from "./text-plot.ts";
export type {
  ClipOptions,
  EvaluateResult,
  GeneratorState,
  LayerInfo,
  NamedTensor,
  Network,
  RunOptions,
  RunResult,
  Targets,
  Trainer,
  TrainerOptions,
  TrainingData,
} from "./trainer.ts";
