// Programs in plain TypeScript: the instructions of the native engine, interpreted with the same bits.
import { intrinsicBuffer, intrinsicByteOffset, intrinsicLength } from "../../core/checks.ts";
import { philoxRounds } from "../../core/random.ts";
import type { Dtype, FloatArray } from "../../core/types.ts";
import { ACTIVATIONS, type GemmBackend, type GemmCall, plainProduct } from "../gemm.ts";
import {
  BINARY_KINDS,
  type CompiledProgram,
  type Instruction,
  type OpName,
  type ProgramControl,
  type ProgramMemory,
  type ProgramSpec,
  SPACES,
  type Space,
  UNARY_KINDS,
} from "../program.ts";
import { arithmetic, binary, blend, maskGreater, spread, unary, unaryGradient } from "./ops/elementwise.ts";
import { batchNorm, batchNormGradient, layerNorm, layerNormGradient } from "./ops/normalize.ts";
import {
  columnSums,
  crossEntropyDense,
  crossEntropySparse,
  firstLargest,
  logSoftmax,
  logSoftmaxGradient,
  rowSums,
  softmax,
  softmaxGradient,
  sumOf,
} from "./ops/rows.ts";
import * as windows from "./ops/windows.ts";

type OperandArray = FloatArray | Int32Array;

/** What an instruction sees: its operands (elements, labels or stats), numbers and the run's control. */
interface Frame {
  readonly dtype: Dtype;
  readonly gemm: GemmBackend;
  readonly control: ProgramControl;
  /** Elements of operand i; an absent one is null, which only optional operands may be. */
  readonly a: readonly FloatArray[];
  readonly optional: readonly (FloatArray | null)[];
  readonly labels: readonly Int32Array[];
  readonly n: readonly number[];
  readonly r: readonly number[];
}

type Handler = (frame: Frame) => void;

const crossEntropyCall = ({ a, optional, n, r }: Frame) => ({
  rows: n[0],
  cols: n[1],
  x: a[0],
  weights: optional[2],
  scale: r[0],
  smoothing: r[1],
  loss: a[3],
  hits: a[4],
  gradient: optional[5],
});

/** A class index stored as a float, or −1. */
const indexOf = (value: number, rows: number) => (value >= 0 && value < rows ? Math.trunc(value) : -1);

function dropout({ dtype, control, a, n, r }: Frame): void {
  const { round, read } = arithmetic(dtype);
  const [rows, cols, stream] = n;
  const threshold = Math.floor(r[0] * 4294967296);
  const scale = round(1 / (1 - r[0]));
  const low = control.seed % 4294967296;
  const high = Math.floor(control.seed / 4294967296);
  const first = control.firstRow * cols;
  let at = -1;
  let block = new Uint32Array(4);
  for (let i = 0; i < rows * cols; i++) {
    const index = Math.floor((first + i) / 4);
    if (index !== at) block = philoxRounds(index, Math.floor(index / 4294967296), stream, control.step, low, high).slice();
    at = index;
    a[1][i] = block[(first + i) % 4] >= threshold ? round(read(a[0][i]) * scale) : 0;
  }
}

function embeddingGradient({ dtype, a, n }: Frame): void {
  const { round, read } = arithmetic(dtype);
  const [rows, cols, count] = n;
  a[2].fill(0, 0, rows * cols);
  for (let i = 0; i < count; i++) {
    const row = indexOf(read(a[0][i]), rows);
    for (let c = 0; row >= 0 && c < cols; c++) {
      const at = row * cols + c;
      a[2][at] = round(read(a[2][at]) + read(a[1][i * cols + c]));
    }
  }
}

/** The product of the first two operands that the integers from `at` on describe, into the third. */
function product({ a, n }: Frame, at: number): GemmCall {
  const [m, cols, k, transA, transB] = n.slice(at);
  return plainProduct(m, cols, k, a[0], transA !== 0, a[1], transB !== 0, a[2]);
}

const HANDLERS: Record<OpName, Handler> = {
  gemm(frame) {
    const { gemm, optional, n } = frame;
    gemm.gemm({ ...product(frame, 0), bias: optional[3], activation: ACTIVATIONS[n[5]] });
  },
  unary: ({ dtype, a, n, r }) => unary(dtype, UNARY_KINDS[n[0]], n[1], a[0], a[1], r[0]),
  unaryGradient: ({ dtype, a, n, r }) => unaryGradient(dtype, UNARY_KINDS[n[0]], n[1], a[0], a[1], a[2], r[0]),
  binary: ({ dtype, a, n }) => binary(dtype, BINARY_KINDS[n[0]], n[1], n[2], a[0], n[3], a[1], n[4], a[2]),
  maskGreater: ({ dtype, a, n }) => maskGreater(dtype, n[0] !== 0, n[1], a[0], a[1], a[2], a[3]),
  rowSums: ({ dtype, a, n, r }) => rowSums(dtype, n[0], n[1], a[0], r[0], a[1]),
  columnSums: ({ dtype, a, n, r }) => columnSums(dtype, n[0], n[1], a[0], r[0], a[1]),
  sumAll({ dtype, a, n, r }) {
    a[1][0] = arithmetic(dtype).round(sumOf(dtype, n[0], a[0]) * r[0]);
  },
  expand({ a, n }) {
    const [rows, cols, mode] = n;
    for (let i = 0; i < rows; i++) for (let j = 0; j < cols; j++) a[1][i * cols + j] = a[0][spread(mode, i, j, cols)];
  },
  fill: ({ a, n, r }) => void a[0].fill(r[0], 0, n[0]),
  softmax: ({ dtype, a, n }) => softmax(dtype, n[0], n[1], a[0], a[1]),
  softmaxGradient: ({ dtype, a, n }) => softmaxGradient(dtype, n[0], n[1], a[0], a[1], a[2]),
  logSoftmax: ({ dtype, a, n }) => logSoftmax(dtype, n[0], n[1], a[0], a[1]),
  logSoftmaxGradient: ({ dtype, a, n }) => logSoftmaxGradient(dtype, n[0], n[1], a[0], a[1], a[2]),
  crossEntropySparse: (frame) => crossEntropySparse(frame.dtype, crossEntropyCall(frame), frame.labels[1]),
  crossEntropyDense: (frame) => crossEntropyDense(frame.dtype, crossEntropyCall(frame), frame.a[1]),
  layerNorm: ({ dtype, a, n, r }) => layerNorm(dtype, n[0], n[1], a[0], a[1], a[2], r[0], a[3]),
  layerNormGradient: ({ dtype, a, n, r }) => layerNormGradient(dtype, n[0], n[1], a[0], a[1], a[2], r[0], a[3], a[4]),
  batchNorm: ({ dtype, a, n, r }) => batchNorm(dtype, n[0], n[1], a[0], a[1], a[2], r[0], a[3], a[4], a[5]),
  batchNormGradient: ({ dtype, a, n, r }) => batchNormGradient(dtype, n[0], n[1], a[0], a[1], a[2], r[0], a[3], a[4], a[5]),
  blend: ({ dtype, a, n, r }) => blend(dtype, n[0], a[0], r[0], a[1], r[1]),
  dropout,
  embedding({ dtype, a, n }) {
    const { read } = arithmetic(dtype);
    const [rows, cols, count] = n;
    for (let i = 0; i < count; i++) {
      const row = indexOf(read(a[1][i]), rows);
      for (let c = 0; c < cols; c++) a[2][i * cols + c] = row < 0 ? 0 : a[0][row * cols + c];
    }
  },
  embeddingGradient,
  copyBlock({ a, n }) {
    const [rows, cols, fromStride, fromOffset, toStride, toOffset] = n;
    for (let i = 0; i < rows; i++) {
      for (let j = 0; j < cols; j++) a[1][i * toStride + toOffset + j] = a[0][i * fromStride + fromOffset + j];
    }
  },
  hitsSparse({ dtype, a, labels, n, r }) {
    const { round, read } = arithmetic(dtype);
    const [rows, cols] = n;
    for (let i = 0; i < rows; i++) {
      const guess = cols === 1 ? Number(read(a[0][i]) > round(r[0])) : firstLargest(read, a[0], i * cols, cols);
      a[2][i] = guess === labels[1][i] ? 1 : 0;
    }
  },
  hitsDense({ dtype, a, n, r }) {
    const { round, read } = arithmetic(dtype);
    const [rows, cols] = n;
    for (let i = 0; i < rows; i++) {
      const hit =
        cols === 1
          ? read(a[0][i]) > round(r[0]) === read(a[1][i]) > 0.5
          : firstLargest(read, a[0], i * cols, cols) === firstLargest(read, a[1], i * cols, cols);
      a[2][i] = hit ? 1 : 0;
    }
  },
  stats({ dtype, a, optional, n }) {
    a[2][0] = sumOf(dtype, n[0], a[0]);
    a[2][1] = optional[1] ? sumOf(dtype, n[0], optional[1]) : -1;
  },
  gemmBatched(frame) {
    const call = product(frame, 1);
    const { m, n, k } = call;
    const items = { count: frame.n[0], strideA: m * k, strideB: k * n, strideC: m * n, strideR: 0 };
    frame.gemm.gemm({ ...call, items });
  },
  maskFuture({ a, n, r }) {
    const [count, rows, cols] = n;
    for (let i = 0; i < count * rows; i++)
      for (let j = 0; j < cols; j++) a[1][i * cols + j] = j > i % rows ? r[0] : a[0][i * cols + j];
  },
  patches: ({ a, n }) => windows.patches(n, a[0], a[1]),
  patchesGradient: ({ dtype, a, n }) => windows.patchesGradient(dtype, n, a[0], a[1]),
  maxPool: ({ dtype, a, n }) => windows.maxPool(dtype, n, a[0], a[1]),
  maxPoolGradient: ({ dtype, a, n }) => windows.maxPoolGradient(dtype, n, a[0], a[1], a[2]),
  averagePool: ({ dtype, a, n }) => windows.averagePool(dtype, n, a[0], a[1]),
  averagePoolGradient: ({ dtype, a, n }) => windows.averagePoolGradient(dtype, n, a[0], a[1]),
};

export class ReferenceProgram implements CompiledProgram {
  readonly handle = this;
  readonly gradients: FloatArray;
  #control: ProgramControl = { seed: 0, step: 0, firstRow: 0 };
  readonly #spaces = new Map<Space, ArrayBuffer>();
  readonly #steps: { instruction: Instruction; run: () => void }[];

  constructor(spec: ProgramSpec, memory: ProgramMemory, gemm: GemmBackend) {
    this.gradients = memory.gradients;
    const given: Partial<Record<Space, FloatArray>> = { ...memory };
    SPACES.forEach((name, i) => {
      if (!given[name]) this.#spaces.set(name, new ArrayBuffer(spec.bytes[i]));
    });
    const arrays = spec.operands.map(({ space, kind, offset, length }): OperandArray => {
      const outside = given[space];
      const buffer = outside ? intrinsicBuffer(outside) : (this.#spaces.get(space) as ArrayBuffer);
      const at = offset + (outside && intrinsicLength(outside) > 0 ? intrinsicByteOffset(outside) : 0);
      if (kind === "int32") return new Int32Array(buffer, at, length);
      const double = kind === "float64" || spec.dtype === "float64";
      return double ? new Float64Array(buffer, at, length) : new Float32Array(buffer, at, length);
    });
    this.#steps = spec.instructions.map((instruction) => {
      const operands = instruction.operands.map((index) => (index < 0 ? null : arrays[index]));
      const frame = {
        dtype: spec.dtype,
        gemm,
        a: operands as FloatArray[],
        optional: operands as (FloatArray | null)[],
        labels: operands as Int32Array[],
        n: instruction.ints,
        r: instruction.reals,
      };
      return { instruction, run: () => HANDLERS[instruction.op]({ ...frame, control: this.#control }) };
    });
  }

  space(name: Space): ArrayBuffer {
    return this.#spaces.get(name) as ArrayBuffer;
  }

  control(control: ProgramControl): void {
    this.#control = control;
  }

  run(): void {
    for (const { run } of this.#steps) run();
  }

  runPhase(phase: 0 | 1): void {
    for (const { instruction, run } of this.#steps) if (instruction.phase === phase) run();
  }
}
