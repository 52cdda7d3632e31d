export { GradientAccumulator } from "./accumulate.ts";
export { type AdaptiveClipOptions, adaptiveClip } from "./adaptive-clip.ts";
export { clipByGlobalNorm, clipByNorm, clipByValue, globalNorm, type NormOptions } from "./clip.ts";
export { allFinite, NonFiniteGuard } from "./finite.ts";
export { GradientNormMonitor, type NormMonitorOptions, type NormStatistics } from "./norm-monitor.ts";
export { addL1L2, type PenaltyOptions } from "./penalty.ts";
