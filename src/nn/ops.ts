// Functions over graph values, for custom losses, layers and functional models.

export { attention, batchMatmul } from "../graph/attention.ts";
export {
  abs,
  add,
  divide,
  elu,
  exp,
  gelu,
  leakyRelu,
  log,
  log1p,
  maximum,
  minimum,
  multiply,
  negate,
  type Operand,
  reciprocal,
  relu,
  sigmoid,
  silu,
  softplus,
  sqrt,
  square,
  subtract,
  tanh,
} from "../graph/elementwise.ts";
export { dense, dropout, layerNorm, logSoftmax, matmul, softmax } from "../graph/layers.ts";
export { type Axis, concatenate, mean, reshape, sliceColumns, sum } from "../graph/reduce.ts";
export {
  averagePool2d,
  type Conv2dOptions,
  conv2d,
  imagePatches,
  maxPool2d,
  type Pair,
  type WindowOptions,
} from "../graph/windows.ts";
