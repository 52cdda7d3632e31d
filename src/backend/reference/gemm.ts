// Matrix multiply in plain TypeScript: the definition of the bits (NUMERICS: GEMM). Operands are first copied into
// plain row-major form, so that one loop serves all transposes.
import { dtypeOf } from "../../core/checks.ts";
import { f32, operand32 } from "../../core/f32.ts";
import type { FloatArray } from "../../core/types.ts";
import { viewOf } from "../../core/views.ts";
import { type GemmBackend, type GemmBatch, type GemmCall, isDotOrder, type PackedMatrix } from "../gemm.ts";
import { dotRow } from "./dot.ts";
import { flushed, fmaFour32, fmaOne32 } from "./fma.ts";
import { SMOOTH } from "./ops/activations.ts";
import { fourColumnPanels, fourRows, oneRow } from "./tile.ts";

/** As `copied`, but the array itself where it is dense already. */
function dense(from: FloatArray, rows: number, columns: number, ld: number, transposed: boolean): FloatArray {
  const ours = from instanceof Float32Array || from instanceof Float64Array; // not another realm's: tiles tell them apart
  return ours && !transposed && (ld === columns || rows === 1) ? from : copied(from, rows, columns, ld, transposed);
}

/** rows × columns elements, rows `ld` apart (columns `ld` apart where transposed), as a dense row-major copy. */
function copied(from: FloatArray, rows: number, columns: number, ld: number, transposed: boolean): FloatArray {
  const to = dtypeOf(from) === "float32" ? new Float32Array(rows * columns) : new Float64Array(rows * columns);
  const rowStep = transposed ? 1 : ld;
  const columnStep = transposed ? ld : 1;
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) to[i * columns + j] = from[i * rowStep + j * columnStep]!;
  }
  return to;
}

/** One row of exact accumulators, k ascending from +0. `a` has rows of k, `panels` are fourColumnPanels; both are flushed. */
function exactRow(k: number, n: number, a: FloatArray, aAt: number, panels: FloatArray, out: FloatArray): void {
  const [x, y, to] = [a as Float32Array, panels as Float32Array, out as Float32Array];
  const fours = n - (n % 4);
  for (let j = 0; j < fours; j += 4) fmaFour32(k, x, aAt, y, j * k, to, j);
  for (let j = fours; j < n; j++) to[j] = fmaOne32(k, x, aAt, y, fours * k + (j - fours));
}

/** Row i of C from its accumulators, from `at` on, each operation rounded on its own and left out where it is the identity. */
function finishRow(
  call: GemmCall,
  i: number,
  accumulators: FloatArray,
  at: number,
  round: (x: number) => number,
  operand: (x: number) => number,
): void {
  const { n, c, alpha, beta, bias, residual, activation } = call;
  const cAt = i * call.ldc;
  const rAt = i * call.ldr;
  const smooth = activation === "none" || activation === "relu" ? undefined : SMOOTH[activation];
  for (let j = 0; j < n; j++) {
    let t = accumulators[at + j]!;
    if (alpha !== 1) t = round(alpha * t);
    if (beta !== 0) t = round(t + round(beta * operand(c[cAt + j]!)));
    if (bias) t = round(t + operand(bias[j]!));
    if (residual) t = round(t + operand(residual[rAt + j]!));
    if (smooth) t = round(smooth(t));
    else if (activation === "relu" && 0 > t) t = 0;
    c[cAt + j] = t;
  }
}

const identity = (x: number): number => x;

const ONE: GemmBatch = { count: 1, strideA: 0, strideB: 0, strideC: 0, strideR: 0 };

/** A dense copy in its own orientation; once a call has begun it holds the copy itself. */
class ReferencePackedB implements PackedMatrix {
  readonly backend: GemmBackend;
  #data: FloatArray | undefined;

  constructor(backend: GemmBackend, data: FloatArray) {
    this.backend = backend;
    this.#data = data;
  }

  dispose(): void {
    this.#data = undefined;
  }

  /** The call on the copy. */
  resolve(call: GemmCall): GemmCall {
    return { ...call, b: this.#data!, ldb: call.transB ? call.k : call.n, packed: null };
  }
}

function unpacked(call: GemmCall): GemmCall {
  return call.packed ? (call.packed as ReferencePackedB).resolve(call) : call;
}

/** The first item of a call. */
function firstItem(call: GemmCall, exact: boolean): void {
  const { m, n } = call;
  const k = call.alpha === 0 ? 0 : call.k;
  const single = dtypeOf(call.c) === "float32";
  const round = single ? f32 : identity;
  const operand = single ? operand32 : identity;
  const dot = isDotOrder(m, n, k, call.transA, call.transB);
  const a = k > 0 ? dense(call.a, m, k, call.lda, call.transA) : call.a;
  const b = k > 0 ? (dot ? dense(call.b, n, k, call.ldb, !call.transB) : dense(call.b, k, n, call.ldb, call.transB)) : call.b;
  const [x, y] = single && exact && k > 0 ? [flushed(a), flushed(b)] : [a, b];
  if (k > 0 && dot && n === 1) {
    // A single column as a row: dotRow takes four rows of A at a time then.
    const column = single ? new Float32Array(m) : new Float64Array(m);
    dotRow(k, m, y, 0, x, column, exact);
    for (let i = 0; i < m; i++) finishRow(call, i, column, i, round, operand);
    return;
  }
  const exactPanels = single && exact && !dot && k > 0 ? fourColumnPanels(k, n, y) : y;
  const row = single ? new Float32Array(n) : new Float64Array(n);
  const tiled = k > 0 && !dot && m >= 4 && n >= 4 && !(single && exact) ? m - (m % 4) : 0;
  if (tiled > 0) {
    const panels = fourColumnPanels(k, n, b);
    const width = Math.ceil(n / 4) * 4;
    const four = single ? new Float32Array(4 * width) : new Float64Array(4 * width);
    for (let i = 0; i < tiled; i++) {
      if (i % 4 === 0) fourRows(k, n, a, i * k, panels, four);
      finishRow(call, i, four, (i % 4) * width, round, operand);
    }
  }
  for (let i = tiled; i < m; i++) {
    if (k > 0 && dot) dotRow(k, n, x, i * k, y, row, exact);
    else if (single && exact && k > 0) exactRow(k, n, x, i * k, exactPanels, row);
    else oneRow(k, n, a, i * k, b, row);
    finishRow(call, i, row, 0, round, operand);
  }
}

export function referenceGemm(exact: boolean): GemmBackend {
  const backend: GemmBackend = {
    gemm(given) {
      const call = unpacked(given);
      const { a, b, c, residual } = call;
      const { count, strideA, strideB, strideC, strideR } = call.items ?? ONE;
      for (let i = 0; i < count; i++) {
        const own = { a: from(a, i * strideA), b: from(b, i * strideB), c: from(c, i * strideC) };
        firstItem({ ...call, ...own, residual: residual && from(residual, i * strideR) }, exact);
      }
    },
    prepareGemm(given) {
      const call = unpacked(given);
      return () => backend.gemm(call);
    },
    async gemmAsync(given) {
      const call = unpacked(given);
      await new Promise((resolve) => setImmediate(resolve));
      backend.gemm(call);
    },
    packB({ n, k, b, ldb, transB }) {
      return new ReferencePackedB(backend, transB ? copied(b, n, k, ldb, false) : copied(b, k, n, ldb, false));
    },
    isStable(array) {
      return Object.prototype.toString.call(array.buffer) === "[object SharedArrayBuffer]";
    },
  };
  return backend;
}

/** The array from element `start` on. */
function from(array: FloatArray, start: number): FloatArray {
  return start === 0 ? array : viewOf(array, Math.min(start, array.length));
}
