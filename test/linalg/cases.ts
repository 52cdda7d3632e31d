// What several gemm tests share: reproducible operands, shapes that reach every regime, and calls of a backend.

import type { Backend } from "../../src/backend/backend.ts";
import { type Activation, DOT_WIDTH, dotLength, type GemmCall } from "../../src/backend/gemm.ts";
import type { Dtype, FloatArray } from "../../src/core/types.ts";

/** A small linear congruential generator: the same operands in every run. */
export function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 4294967296;
  };
}

export function filled(dtype: Dtype, length: number, value: () => number): FloatArray {
  const array = dtype === "float32" ? new Float32Array(length) : new Float64Array(length);
  for (let i = 0; i < length; i++) array[i] = value();
  return array;
}

export interface Shape {
  readonly m: number;
  readonly n: number;
  readonly k: number;
}

/** Long enough for the dot order of any narrow side. */
export const DOT_LENGTH = dotLength(DOT_WIDTH);

/** Every regime and its edges: one row, few rows, narrow, tails, one and several panels. */
export const SHAPES: readonly Shape[] = [
  { m: 1, n: 1, k: 1 },
  { m: 1, n: 17, k: 33 },
  { m: 1, n: 300, k: 40 },
  { m: 2, n: 31, k: 5 },
  { m: 3, n: 64, k: 100 },
  { m: 4, n: 7, k: 47 },
  { m: 5, n: 5, k: 5 },
  { m: 8, n: 8, k: 8 },
  { m: 13, n: 80, k: 19 },
  { m: 16, n: 16, k: 16 },
  { m: 31, n: 2, k: 65 },
  { m: 33, n: 10, k: 128 },
  { m: 65, n: 1, k: 48 },
  { m: 67, n: 13, k: 9 },
  { m: 64, n: 97, k: 31 },
  { m: 9, n: 130, k: 70 },
  // Few rows: every width of tile, and one row wider than a tile and than a segment.
  { m: 1, n: 430, k: 9 },
  { m: 1, n: 470, k: 33 },
  { m: 1, n: 4210, k: 3 },
  { m: 2, n: 210, k: 9 },
  { m: 3, n: 140, k: 9 },
  { m: 4, n: 90, k: 9 },
  { m: 5, n: 75, k: 9 },
  { m: 14, n: 70, k: 9 },
  // A transposed A turns these into one row wider than a tile, and few rows.
  { m: 470, n: 1, k: 33 },
  { m: 210, n: 2, k: 9 },
  // Few columns and long k: a transposed A is read along its rows.
  { m: 20, n: 4, k: 130 },
  // Few rows and B from L2: passes of 16 rows and a rest, whole vectors and not, two segments.
  { m: 2, n: 304, k: 48 },
  { m: 3, n: 151, k: 90 },
  { m: 3, n: 1370, k: 18 },
  // Narrow sides: whole vectors of the other one, tails of rows and of k.
  { m: 64, n: 6, k: 32 },
  { m: 45, n: 12, k: 37 },
  { m: 7, n: 41, k: 21 },
  { m: 12, n: 300, k: 16 },
  // Both sides of the dot order's edges; one row, several groups of few and several strips of many in it.
  { m: 40, n: DOT_WIDTH, k: DOT_LENGTH - 1 },
  { m: 40, n: DOT_WIDTH, k: DOT_LENGTH },
  { m: 40, n: DOT_WIDTH + 1, k: DOT_LENGTH },
  { m: DOT_WIDTH, n: 37, k: DOT_LENGTH - 1 },
  { m: DOT_WIDTH, n: 37, k: DOT_LENGTH },
  { m: DOT_WIDTH + 1, n: 37, k: DOT_LENGTH },
  { m: DOT_WIDTH, n: DOT_WIDTH, k: 2 * DOT_LENGTH + 5 },
  { m: 21, n: 5, k: dotLength(5) - 1 },
  { m: 21, n: 5, k: dotLength(5) },
  { m: 9, n: 40, k: dotLength(9) - 1 },
  { m: 9, n: 40, k: dotLength(9) },
  { m: 1, n: 10, k: DOT_LENGTH + 15 },
  { m: 3, n: 9, k: 3 * DOT_LENGTH + 1 },
  { m: 270, n: 7, k: DOT_LENGTH + 1 },
  { m: 6, n: 265, k: DOT_LENGTH + 9 },
  // Edges, the columns beyond whole vectors: of one to eight columns, with rows and k that do and do not fill blocks.
  { m: 49, n: 33, k: 25 },
  { m: 32, n: 20, k: 48 },
  { m: 75, n: 103, k: 39 },
  { m: 130, n: 66, k: 37 },
  { m: 14, n: 40, k: 41 },
  // In pairs: eights of rows and pairs of columns that are not whole, several tiles, k that fills no batch.
  { m: 21, n: 19, k: 100 },
  { m: 45, n: 35, k: 81 },
  { m: 69, n: 11, k: 112 },
];

export const TRANSPOSES = [
  [false, false],
  [false, true],
  [true, false],
  [true, true],
] as const;

export interface Case extends Shape {
  readonly dtype: Dtype;
  readonly transA: boolean;
  readonly transB: boolean;
  readonly alpha?: number;
  readonly beta?: number;
  readonly bias?: boolean;
  readonly residual?: boolean;
  readonly activation?: Activation;
  /** Elements by which rows are longer than their contents, and by which arrays start late. */
  readonly slack?: number;
  /** Elements between the rows of every matrix that are no longer. */
  readonly apart?: number;
}

/** A call with operands from `value`; C and everything around it is NaN where beta is 0. */
export function callOf(c: Case, value: () => number): GemmCall {
  const { m, n, k, dtype, transA, transB, alpha = 1, beta = 0, slack = 0 } = c;
  const apart = (columns: number) => Math.max(c.apart ?? 0, columns + slack);
  const matrix = (rows: number, columns: number, of: () => number): FloatArray =>
    filled(dtype, slack + rows * apart(columns) + slack, of).subarray(slack);
  return {
    m,
    n,
    k,
    a: transA ? matrix(k, m, value) : matrix(m, k, value),
    lda: apart(transA ? m : k),
    transA,
    b: transB ? matrix(n, k, value) : matrix(k, n, value),
    ldb: apart(transB ? k : n),
    transB,
    c: matrix(m, n, beta === 0 ? () => Number.NaN : value),
    ldc: apart(n),
    alpha: dtype === "float32" ? Math.fround(alpha) : alpha,
    beta: dtype === "float32" ? Math.fround(beta) : beta,
    bias: c.bias ? filled(dtype, n, value) : null,
    activation: c.activation ?? "none",
    residual: c.residual ? matrix(m, n, value) : null,
    ldr: apart(n),
  };
}

/** C (with what lies around it) after the backend's call on copies of everything. */
export function resultOf(backend: Backend, call: GemmCall): FloatArray {
  const c = call.c.slice() as FloatArray;
  backend.gemm({ ...call, c });
  return c;
}

/** The first index where the two differ in a bit (any NaN equals any NaN), or −1. */
export function firstDifference(x: FloatArray, y: FloatArray): number {
  for (let i = 0; i < Math.max(x.length, y.length); i++) if (!Object.is(x[i], y[i])) return i;
  return -1;
}
