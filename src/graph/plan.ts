// The memory plan: gives every value of a graph a place, values that are not alive together the same one, and writes the
// instructions down as a program.
import type { Instruction, Operand, OpName, ProgramSpec, Space } from "../backend/program.ts";
import { SPACES } from "../backend/program.ts";
import { type Graph, type Node, sizeOf, type Value } from "./graph.ts";

/** Places are multiples of a cache line. */
const ALIGNMENT = 64;

/** Instructions whose output may lie on this operand when it is used for the last time there. */
const IN_PLACE: Partial<Record<OpName, readonly number[]>> = {
  unary: [0],
  unaryGradient: [1, 0],
  binary: [0, 1],
  softmax: [0],
  logSoftmax: [0],
  softmaxGradient: [1],
  logSoftmaxGradient: [1],
  dropout: [0],
};

interface Block {
  offset: number;
  bytes: number;
}

/** First-fit memory with merging of neighbours; grows at its end. */
class FreeList {
  total = 0;
  readonly #free: Block[] = [];

  take(bytes: number): number {
    const index = this.#free.findIndex((block) => block.bytes >= bytes);
    if (index < 0) {
      const last = this.#free.at(-1);
      const tail = last && last.offset + last.bytes === this.total ? this.#free.pop() : undefined;
      const offset = tail ? tail.offset : this.total;
      this.total = offset + bytes;
      return offset;
    }
    const block = this.#free[index];
    const { offset } = block;
    block.offset += bytes;
    block.bytes -= bytes;
    if (block.bytes === 0) this.#free.splice(index, 1);
    return offset;
  }

  give(offset: number, bytes: number): void {
    const at = this.#free.findIndex((block) => block.offset > offset);
    const index = at < 0 ? this.#free.length : at;
    this.#free.splice(index, 0, { offset, bytes });
    for (const i of [index, index - 1]) {
      const [block, next] = [this.#free[i], this.#free[i + 1]];
      if (block && next && block.offset + block.bytes === next.offset) {
        block.bytes += next.bytes;
        this.#free.splice(i + 1, 1);
      }
    }
  }
}

export interface Plan {
  readonly spec: ProgramSpec;
  /** Where a kept value lies in the workspace, in bytes. */
  offsetOf(value: Value): number;
}

/** `bytes` are the sizes of x, y and weights, which are filled from outside. */
export function planProgram(graph: Graph, bytes: { x: number; y: number; weights: number }): Plan {
  const elementBytes = graph.dtype === "float32" ? 4 : 8;
  const bytesOf = (value: Value) => {
    const size = sizeOf(value.shape) * (value.kind === "int32" ? 4 : value.kind === "float64" ? 8 : elementBytes);
    return Math.max(ALIGNMENT, Math.ceil(size / ALIGNMENT) * ALIGNMENT);
  };
  const nodes = weightGradientsLast(graph, withoutUnused(graph, inPhases(graph.nodes)));
  const lastUse = new Map<number, number>();
  nodes.forEach(({ operands }, i) => {
    for (const operand of operands) if (operand) lastUse.set(graph.root(operand).id, i);
  });
  const memory = new FreeList();
  const places = new Map<number, number>();
  const free = (value: Value) => memory.give(places.get(value.id) as number, bytesOf(value));
  nodes.forEach((node, i) => {
    const written = new Set(node.writes.map((w) => graph.root(node.operands[w] as Value)));
    const roots = new Set(node.operands.flatMap((operand) => (operand ? [graph.root(operand)] : [])));
    const planned = (root: Value) => !graph.homes.has(root.id);
    const dies = (root: Value) => planned(root) && lastUse.get(root.id) === i && !graph.kept.has(root.id);
    const reused = new Set<Value>();
    for (const root of written) {
      if (!planned(root) || places.has(root.id)) continue;
      const over = (IN_PLACE[node.op] ?? [])
        .map((position) => node.operands[position])
        .filter((operand) => operand !== null && sizeOf(operand.shape) === sizeOf(root.shape))
        .map((operand) => graph.root(operand as Value))
        .find((candidate) => dies(candidate) && !written.has(candidate) && !reused.has(candidate));
      if (over && bytesOf(over) === bytesOf(root)) {
        places.set(root.id, places.get(over.id) as number);
        reused.add(over);
      } else {
        places.set(root.id, memory.take(bytesOf(root)));
      }
    }
    for (const root of roots) if (dies(root) && !reused.has(root)) free(root);
  });
  const table = new OperandTable(graph, places, elementBytes);
  const instructions = nodes.map(
    ({ op, operands, ints, reals, phase }): Instruction => ({
      op,
      operands: operands.map((operand) => (operand ? table.index(operand) : -1)),
      ints,
      reals,
      phase,
    }),
  );
  const sizes: Partial<Record<Space, number>> = { workspace: memory.total, stats: 16, ...bytes };
  const spec: ProgramSpec = {
    dtype: graph.dtype,
    bytes: SPACES.map((space) => sizes[space] ?? 0),
    operands: table.operands,
    instructions,
  };
  return { spec, offsetOf: (value) => places.get(graph.root(value).id) as number };
}

const inPhases = (nodes: readonly Node[]): Node[] => [
  ...nodes.filter(({ phase }) => phase === 0),
  ...nodes.filter(({ phase }) => phase === 1),
];

/** Products that only give a parameter's gradient come last, where an update can take them up without storing them. */
function weightGradientsLast(graph: Graph, nodes: readonly Node[]): Node[] {
  const read = new Set<number>();
  for (const { operands, writes } of nodes)
    operands.forEach((operand, i) => {
      if (operand && !writes.includes(i)) read.add(graph.root(operand).id);
    });
  const isLast = ({ op, operands, phase }: Node) => {
    const root = op === "gemm" && phase === 0 ? graph.root(operands[2] as Value) : undefined;
    return root !== undefined && graph.homes.get(root.id)?.space === "gradients" && !read.has(root.id);
  };
  return [...nodes.filter((node) => !isLast(node)), ...nodes.filter(isLast)];
}

/** Leaves out instructions whose results nothing reads: gradients that were traced but not wanted. */
function withoutUnused(graph: Graph, nodes: readonly Node[]): Node[] {
  const wanted = new Set<number>();
  const kept: Node[] = [];
  for (const node of [...nodes].reverse()) {
    const roots = node.writes.map((w) => graph.root(node.operands[w] as Value));
    const used = roots.some(({ id }) => wanted.has(id) || graph.homes.has(id) || graph.kept.has(id));
    if (!used) continue;
    kept.push(node);
    for (const operand of node.operands) if (operand) wanted.add(graph.root(operand).id);
  }
  return kept.reverse();
}

class OperandTable {
  readonly operands: Operand[] = [];
  readonly #indices = new Map<number, number>();
  constructor(
    readonly graph: Graph,
    readonly places: ReadonlyMap<number, number>,
    readonly elementBytes: number,
  ) {}

  index(value: Value): number {
    const root = this.graph.root(value);
    const known = this.#indices.get(root.id);
    if (known !== undefined) return known;
    const home = this.graph.homes.get(root.id);
    const size = root.kind === "int32" ? 4 : root.kind === "float64" ? 8 : this.elementBytes;
    this.operands.push({
      space: home?.space ?? "workspace",
      kind: root.kind,
      offset: home ? home.offset * size : (this.places.get(root.id) as number),
      length: sizeOf(root.shape),
    });
    this.#indices.set(root.id, this.operands.length - 1);
    return this.operands.length - 1;
  }
}
