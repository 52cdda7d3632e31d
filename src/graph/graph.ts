// The recorded form of a computation: values and the instructions that make them, in order, for one batch size. Functions
// of src/graph/ops record here; plan.ts turns the record into a program.

import type { OpName, Space } from "../backend/program.ts";
import { wrongValue } from "../core/errors.ts";
import { elementCount } from "../core/shape.ts";
import type { Dtype } from "../core/types.ts";

/** Where a value lives when it is not in the planned workspace: an offset in elements. */
export interface Home {
  readonly space: Space;
  readonly offset: number;
}

/** A value of a graph: an array of known shape that exists when the program runs. Made by the functions of `ops`. */
export interface Value {
  readonly graph: Graph;
  readonly id: number;
  readonly shape: readonly number[];
  readonly kind: "element" | "int32" | "float64";
  /** True where a parameter went into it. */
  readonly needsGradient: boolean;
}

export interface Node {
  readonly op: OpName;
  readonly operands: readonly (Value | null)[];
  /** Positions in `operands` that the instruction writes. */
  readonly writes: readonly number[];
  readonly ints: readonly number[];
  readonly reals: readonly number[];
  readonly phase: 0 | 1;
}

/** How a gradient passes one recorded operation: from dy of the output to one gradient per input, null where none. */
export interface TapeEntry {
  readonly output: Value;
  readonly inputs: readonly Value[];
  backward(dy: Value): readonly (Value | null)[];
}

/** Elements of a value's shape, under the name that graph code uses. */
export const sizeOf = elementCount;

/** Last dimension, and the product of the others: how row-wise operations see a value. */
export function rowsAndCols({ shape }: { readonly shape: readonly number[] }): readonly [number, number] {
  const cols = shape.at(-1) ?? 1;
  return [cols === 0 ? 0 : sizeOf(shape) / cols, cols];
}

export class Graph {
  readonly nodes: Node[] = [];
  readonly tape: TapeEntry[] = [];
  readonly homes = new Map<number, Home>();
  /** Values with the storage of another (reshapes). */
  readonly aliases = new Map<number, Value>();
  /** Values that must survive the program: outputs that are read from outside. */
  readonly kept = new Set<number>();
  /** False while gradients are traced: they are not differentiated again. */
  recording: boolean;
  #values = 0;
  #streams = 0;

  constructor(
    readonly dtype: Dtype,
    /** True: dropout drops, batch normalisation uses the batch, gradients are recorded. */
    readonly training: boolean,
  ) {
    this.recording = training;
  }

  value(shape: readonly number[], options: { kind?: Value["kind"]; home?: Home; needsGradient?: boolean } = {}): Value {
    const { kind = "element", home, needsGradient = false } = options;
    const value: Value = { graph: this, id: this.#values++, shape: [...shape], kind, needsGradient };
    if (home) this.homes.set(value.id, home);
    return value;
  }

  emit(node: {
    op: OpName;
    operands: readonly (Value | null)[];
    writes: readonly number[];
    ints: readonly number[];
    reals?: readonly number[];
    phase?: 0 | 1;
  }): void {
    for (const operand of node.operands) {
      if (operand && operand.graph !== this) throw wrongValue("value", "a value of this graph", "one of another", "ERR_STATE");
    }
    this.nodes.push({ reals: [], phase: 0, ...node });
  }

  /** Records how gradients pass `output`, where any can be wanted. */
  differentiable(output: Value, inputs: readonly Value[], backward: TapeEntry["backward"]): Value {
    if (this.recording && output.needsGradient) this.tape.push({ output, inputs, backward });
    return output;
  }

  /** A number of its own for each random layer: part of the address of its draws. */
  nextStream(): number {
    return this.#streams++;
  }

  /** The value that holds the storage. */
  root(value: Value): Value {
    let root = value;
    for (let next = this.aliases.get(root.id); next; next = this.aliases.get(root.id)) root = next;
    return root;
  }
}
