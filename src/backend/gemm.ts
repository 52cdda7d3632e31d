import type { Place } from "../core/places.ts";
import type { FloatArray } from "../core/types.ts";

/**
 * What may follow the product. `relu` is max(0, x), and relu(NaN) = NaN; the others are evaluated in float64 and rounded
 * once, and NaN of NaN: `gelu` ½x(1 + erf(x/√2)), `geluTanh` its approximation by tanh, `silu` x·sigmoid(x). The order is the native enum's.
 */
export const ACTIVATIONS = ["none", "relu", "gelu", "geluTanh", "silu", "sigmoid", "tanh"] as const;
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
  /** More products of this shape, of which the call describes the first. */
  readonly items?: GemmBatch | null;
  /** Where the arrays lie, as far as it is remembered: all of them spare a backend asking. */
  readonly aPlace?: Place | undefined;
  readonly bPlace?: Place | undefined;
  readonly cPlace?: Place | undefined;
  readonly biasPlace?: Place | undefined;
  readonly residualPlace?: Place | undefined;
  /** Stands for B where given: `b` and `ldb` are not used then; `transB` is the packed matrix's. */
  readonly packed?: PackedMatrix | null;
}

/** The call of C = op(A) · op(B), rows packed; where arrays lie as far as it is known. Of the shape that all calls of options have. */
export function plainProduct(
  m: number,
  n: number,
  k: number,
  a: FloatArray,
  transA: boolean,
  b: FloatArray,
  transB: boolean,
  c: FloatArray,
  items: GemmBatch | null = null,
  aPlace?: Place,
  bPlace?: Place,
  cPlace?: Place,
): GemmCall {
  return {
    m,
    n,
    k,
    a,
    lda: transA ? m : k,
    transA,
    b,
    ldb: transB ? k : n,
    transB,
    c,
    ldc: n,
    alpha: 1,
    beta: 0,
    bias: null,
    activation: "none",
    residual: null,
    ldr: n,
    packed: null,
    items,
    aPlace,
    bPlace,
    cPlace,
    biasPlace: undefined,
    residualPlace: undefined,
  };
}

/** A matrix B to copy: k × n, or n × k where transposed, validated. */
export interface PackSource {
  readonly n: number;
  readonly k: number;
  readonly b: FloatArray;
  readonly ldb: number;
  readonly transB: boolean;
}

/** A matrix B that a backend copied into a layout of its own. */
export interface PackedMatrix {
  /** Who made it, and alone can use it. */
  readonly backend: GemmBackend;
  /** Lets go of the memory; prepared and pending calls keep what they use. */
  dispose(): void;
}

/** Items of a call: item i starts i·stride elements further on; stride 0 uses one matrix for all items (not for C). */
export interface GemmBatch {
  readonly count: number;
  readonly strideA: number;
  readonly strideB: number;
  readonly strideC: number;
  /** The residual's. */
  readonly strideR: number;
}

export interface GemmBackend {
  /** Writes C; alpha = 0 or k = 0 reads neither A nor B, beta = 0 does not read C. */
  gemm(call: GemmCall): void;
  /** A function that computes this product, without items. The caller checks before each run that all arrays still have their memory. */
  prepareGemm(call: GemmCall): () => void;
  /** Computes a product, without items, off the main thread. Every array is shared or from allocate(), and nobody changes it meanwhile. */
  gemmAsync(call: GemmCall): Promise<void>;
  /** Copies B for many calls, which pass it as `packed` to this backend. Throws ERR_OUT_OF_MEMORY. */
  packB(source: PackSource): PackedMatrix;
  /** Whether the array's memory may be handed to gemmAsync as it is. */
  isStable(array: FloatArray): boolean;
}

/** Up to DOT_WIDTH rows or columns are in dot order from k = dotLength(their number) on, even where their own k is not contiguous. */
export const DOT_WIDTH = 14;
export const dotLength = (width: number): number => 32 + 8 * width;

/**
 * Whether a product is computed in dot order (NUMERICS: GEMM): contiguous k in both operands and at most four rows or columns,
 * or long k, contiguous in one operand, and few columns or rows in the other. The native twin is is_dot_order in
 * native/gemm/regime.h.
 */
export function isDotOrder(m: number, n: number, k: number, transA: boolean, transB: boolean): boolean {
  if ((!transA || m === 1) && (transB || n === 1) && Math.min(m, n) <= 4) return true;
  const isLong = (width: number): boolean => width <= DOT_WIDTH && k >= dotLength(width);
  return (!transA && isLong(n)) || (transB && isLong(m));
}
