import type { FloatArray } from "../core/types.ts";

/** What may follow the product: `relu` is max(0, x), and relu(NaN) = NaN. */
export const ACTIVATIONS = ["none", "relu"] as const;
export type Activation = (typeof ACTIVATIONS)[number];

/**
 * Row-major C = activation(alpha · op(A) · op(B) + beta · C + bias + residual), everything resolved and validated: one
 * dtype, buffers long enough, C apart from all others. Leading dimensions are in elements.
 */
export interface GemmCall {
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly a: FloatArray;
  readonly lda: number;
  readonly transA: boolean;
  readonly b: FloatArray;
  readonly ldb: number;
  readonly transB: boolean;
  readonly c: FloatArray;
  readonly ldc: number;
  readonly alpha: number;
  readonly beta: number;
  /** n values added to every row, or null. */
  readonly bias: FloatArray | null;
  readonly activation: Activation;
  /** An m by n matrix added before the activation, or null. */
  readonly residual: FloatArray | null;
  readonly ldr: number;
}

export interface GemmBackend {
  /** Writes C; alpha = 0 or k = 0 reads neither A nor B, beta = 0 does not read C. */
  gemm(call: GemmCall): void;
}

/**
 * Whether a product is computed in dot order (NUMERICS: GEMM): contiguous k in both operands and at most four rows or
 * columns. The native twin is is_dot_order in native/gemm/regime.h.
 */
export function isDotOrder(m: number, n: number, transA: boolean, transB: boolean): boolean {
  return (!transA || m === 1) && (transB || n === 1) && Math.min(m, n) <= 4;
}
