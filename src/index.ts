export { allocate } from "./backend/allocate.ts";
export { type BackendInfo, type BackendName, backendInfo, setBackend, setThreads } from "./backend/select.ts";
export type { DownhillError, ErrorCode } from "./core/errors.ts";
export { tensor } from "./core/tensor.ts";
export type { Dtype, FloatArray, Tensor } from "./core/types.ts";
export * from "./gradients/index.ts";
export { type GemmOptions, gemm } from "./linalg/gemm.ts";
export { type MatmulOptions, matmul } from "./linalg/matmul.ts";
export * from "./nn/index.ts";
export * from "./optim/index.ts";
export * from "./schedule/index.ts";
export { createTrainer } from "./train/engine.ts";
export {
  type FindLearningRateOptions,
  findLearningRate,
  findLearningRateAsync,
  type LearningRateCurve,
  learningRatesSvg,
  plotLearningRates,
} from "./train/find-learning-rate.ts";
export { type ChartOptions, lineChart as lineSvg, type Series } from "./train/svg.ts";
export { type TextSeries, textPlot as linePlot } from "./train/text-plot.ts";
