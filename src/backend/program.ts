// Programs as both backends run them: instructions over planned buffers for one batch size, and loops that run many
// training steps in one call.
import type { Dtype, FloatArray } from "../core/types.ts";
import type { StepPlan } from "./optim.ts";

/** Where an operand lives. Workspace, x, y, weights and stats belong to the program; the others are given. */
export const SPACES = ["workspace", "parameters", "gradients", "state", "x", "y", "weights", "stats"] as const;
export type Space = (typeof SPACES)[number];

/** Operand elements: the program's dtype, or fixed. */
export const OPERAND_KINDS = ["element", "int32", "float64"] as const;
export type OperandKind = (typeof OPERAND_KINDS)[number];

export interface Operand {
  readonly space: Space;
  readonly kind: OperandKind;
  /** In bytes, a multiple of the element's size. */
  readonly offset: number;
  /** In elements. */
  readonly length: number;
}

/** Instructions: name, operands, integers, reals. The addon reports the same list. */
export const OPCODES = {
  gemm: [4, 6, 0],
  unary: [2, 2, 1],
  unaryGradient: [3, 2, 1],
  binary: [3, 5, 0],
  maskGreater: [4, 2, 0],
  rowSums: [2, 2, 1],
  columnSums: [2, 2, 1],
  sumAll: [2, 1, 1],
  expand: [2, 3, 0],
  fill: [1, 1, 1],
  softmax: [2, 2, 0],
  softmaxGradient: [3, 2, 0],
  logSoftmax: [2, 2, 0],
  logSoftmaxGradient: [3, 2, 0],
  crossEntropySparse: [6, 2, 2],
  crossEntropyDense: [6, 2, 2],
  layerNorm: [4, 2, 1],
  layerNormGradient: [5, 2, 1],
  batchNorm: [6, 2, 1],
  batchNormGradient: [6, 2, 1],
  blend: [2, 1, 2],
  dropout: [2, 3, 1],
  embedding: [3, 3, 0],
  embeddingGradient: [3, 3, 0],
  copyBlock: [2, 6, 0],
  hitsSparse: [3, 2, 1],
  hitsDense: [3, 2, 1],
  stats: [3, 1, 0],
  patches: [2, 14, 0],
  patchesGradient: [2, 14, 0],
  maxPool: [2, 14, 0],
  maxPoolGradient: [3, 14, 0],
  averagePool: [2, 14, 0],
  averagePoolGradient: [2, 14, 0],
  gemmBatched: [3, 6, 0],
  maskFuture: [2, 3, 1],
} as const;
export type OpName = keyof typeof OPCODES;
export const OP_NAMES = Object.keys(OPCODES) as OpName[];

/** Element-wise functions of one value; `alpha` is the slope of leakyRelu, the α of elu, the constant of scale and offset. */
export const UNARY_KINDS = [
  "relu",
  "leakyRelu",
  "elu",
  "silu",
  "gelu",
  "geluTanh",
  "sigmoid",
  "tanh",
  "softplus",
  "exp",
  "log",
  "sqrt",
  "square",
  "abs",
  "negate",
  "reciprocal",
  "scale",
  "offset",
  "log1p",
  "copy",
] as const;
export type UnaryKind = (typeof UNARY_KINDS)[number];

/** Functions whose gradient is computed from their output; the others keep their input. */
export const SAVES_OUTPUT: ReadonlySet<UnaryKind> = new Set<UnaryKind>(["relu", "sigmoid", "tanh", "exp", "sqrt"]);

export const BINARY_KINDS = ["add", "subtract", "multiply", "divide", "maximum", "minimum"] as const;
export type BinaryKind = (typeof BINARY_KINDS)[number];

/** How a side of a binary operation spreads over rows × cols: all, one row, one column, one element. */
export const SPREAD = { full: 0, row: 1, column: 2, scalar: 3 } as const;

export interface Instruction {
  readonly op: OpName;
  /** Indices into the program's operands, −1 where an optional one is absent. */
  readonly operands: readonly number[];
  readonly ints: readonly number[];
  readonly reals: readonly number[];
  /** 1: runs after all of phase 0, in the order of the parts of a batch (running statistics). */
  readonly phase: 0 | 1;
}

export interface ProgramSpec {
  readonly dtype: Dtype;
  /** Bytes of each space that the program makes, by SPACES. */
  readonly bytes: readonly number[];
  readonly operands: readonly Operand[];
  readonly instructions: readonly Instruction[];
}

/** Memory that several programs share, from allocate(). */
export interface ProgramMemory {
  readonly parameters: FloatArray;
  readonly gradients: FloatArray;
  readonly state: FloatArray;
}

/** Addresses of dropout's draws. */
export interface ProgramControl {
  readonly seed: number;
  readonly step: number;
  /** Of this part within its mini-batch. */
  readonly firstRow: number;
}

export interface CompiledProgram {
  /** The bytes of a space that the program made. */
  space(name: Space): ArrayBuffer;
  control(control: ProgramControl): void;
  run(): void;
  /** For loops of the same backend. */
  readonly handle: unknown;
}

/** Clipping by number in the native loop. */
export const CLIP_KINDS = ["none", "value", "norm", "globalNorm"] as const;
export type ClipKind = (typeof CLIP_KINDS)[number];

/** Integers of a part: program, begin in the order, rows, mini-batch, first row within it, group, flags. */
export const PART_INTS = 7;
export const PART_FLAGS = { firstOfUpdate: 1, lastOfUpdate: 2, firstOfMiniBatch: 4, lastOfMiniBatch: 8, clipOnly: 16 } as const;

/** Gradients that a call finishes: one set per update, the caller's own updates included. */
export function gradientsOf(parts: Int32Array): number {
  let count = 0;
  for (let at = PART_INTS - 1; at < parts.length; at += PART_INTS)
    if ((parts[at] as number) & (PART_FLAGS.lastOfUpdate | PART_FLAGS.clipOnly)) count++;
  return count;
}

export interface LoopSpec {
  readonly dtype: Dtype;
  readonly programs: readonly CompiledProgram[];
  /** Owned arrays with a row per sample, or null. */
  readonly x: FloatArray;
  readonly y: FloatArray | Int32Array;
  readonly weights: FloatArray | null;
  /** Elements per row of x, y, weights. */
  readonly perRow: readonly [number, number, number];
  /** What the plan reads. */
  readonly gradients: FloatArray;
  /** Begin and length of each parameter's gradient. */
  readonly tensors: readonly (readonly [number, number])[];
  readonly plan: StepPlan;
  readonly clip: { readonly kind: ClipKind; readonly limit: number };
}

export interface LoopCall {
  readonly order: Uint32Array;
  readonly parts: Int32Array;
  /** Each part's share of its update's rows. */
  readonly weights: Float64Array;
  /** One control row per update. */
  readonly controls: Float64Array;
  readonly miniBatches: number;
  readonly seed: number;
  readonly firstStep: number;
  readonly stopOnNonFinite: boolean;
  /** Reports the norm of each update's gradients. */
  readonly gradientNorms: boolean;
}

export interface LoopResult {
  readonly parts: number;
  readonly updates: number;
  readonly aborted: boolean;
  /** True where the run ended with an update that was skipped for a gradient that is not finite. */
  readonly skipped: boolean;
  readonly losses: Float64Array;
  readonly correct: Float64Array;
  /** One per update, before clipping; empty unless asked for. */
  readonly gradientNorms: Float64Array;
}

export interface CompiledLoop {
  run(call: LoopCall): LoopResult;
  runAsync(call: LoopCall): Promise<LoopResult>;
  /** Ends a pending run at the next step boundary. */
  cancel(): void;
  /** Runs a synchronous function while a pending run waits between two updates. Not within itself. */
  between<T>(body: () => T): T;
}

export interface ProgramBackend {
  compile(spec: ProgramSpec, memory: ProgramMemory): CompiledProgram;
  createLoop(spec: LoopSpec): CompiledLoop;
}
