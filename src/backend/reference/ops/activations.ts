// Activations in double, before the one rounding: twin of native/kernels/ops/activations.h, for the element-wise
// operations and for the epilogue of gemm.
import { erf, sigmoid, tanh } from "./math.ts";

export const geluInner = (x: number): number => 0.7978845608028654 * (x + 0.044715 * (x * (x * x)));

export const SMOOTH = {
  silu: (x: number): number => x * sigmoid(x),
  gelu: (x: number): number => 0.5 * x * (1 + erf(x * Math.SQRT1_2)),
  geluTanh: (x: number): number => 0.5 * x * (1 + tanh(geluInner(x))),
  sigmoid,
  tanh,
} as const;
