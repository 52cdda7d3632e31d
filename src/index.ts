export { allocate } from "./backend/allocate.ts";
export { type BackendInfo, type BackendName, backendInfo, setBackend, setThreads } from "./backend/select.ts";
export type { DownhillError, ErrorCode } from "./core/errors.ts";
export { tensor } from "./core/tensor.ts";
export type { Dtype, FloatArray, Tensor } from "./core/types.ts";
export { type GemmOptions, gemm } from "./linalg/gemm.ts";
export { type MatmulOptions, matmul } from "./linalg/matmul.ts";
export * from "./optim/index.ts";
export * from "./schedule/index.ts";
