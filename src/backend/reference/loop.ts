// Training loops in plain TypeScript: twin of native/engine/loop.cc.
import type { Dtype, FloatArray } from "../../core/types.ts";
import type { GemmBackend } from "../gemm.ts";
import {
  type CompiledLoop,
  gradientsOf,
  type LoopCall,
  type LoopResult,
  type LoopSpec,
  PART_FLAGS,
  PART_INTS,
  type ProgramBackend,
} from "../program.ts";
import { referenceGradients } from "./gradients.ts";
import { clipFactor } from "./guard.ts";
import { blend, unary } from "./ops/elementwise.ts";
import type { ReferencePlan } from "./optim.ts";
import { ReferenceProgram } from "./program.ts";

interface Part {
  readonly program: ReferenceProgram;
  readonly begin: number;
  readonly rows: number;
  readonly miniBatch: number;
  readonly firstRow: number;
  readonly flags: number;
}

function gather(from: FloatArray | Int32Array | null, perRow: number, to: ArrayBuffer, order: Uint32Array, part: Part): void {
  if (from === null) return;
  const target =
    from instanceof Int32Array ? new Int32Array(to) : from instanceof Float32Array ? new Float32Array(to) : new Float64Array(to);
  for (let r = 0; r < part.rows; r++) {
    const row = order[part.begin + r];
    target.set(from.subarray(row * perRow, (row + 1) * perRow), r * perRow);
  }
}

/** gradients ← w·g for the first part of an update, gradients + w·g for the others. */
function average(dtype: Dtype, gradients: FloatArray, part: FloatArray, weight: number, first: boolean): void {
  if (part === gradients) return;
  if (first) unary(dtype, "scale", gradients.length, part, gradients, weight);
  else blend(dtype, gradients.length, gradients, 1, part, weight);
}

const tools = referenceGradients();

/** Clips; the norm of all gradients before that, where it is wanted or known. */
function clip({ gradients, tensors, clip: { kind, limit } }: LoopSpec, wantsNorm: boolean): number {
  if (kind === "none" && !wantsNorm) return Number.NaN;
  const views = tensors.map(([begin, count]) => gradients.subarray(begin, begin + count));
  let norm = Number.NaN;
  if (wantsNorm || kind === "norm" || kind === "globalNorm") {
    const squares = tools.normsOf(views, "squares");
    norm = Math.sqrt(squares.reduce((sum, x) => sum + x, 0));
    if (kind === "norm")
      tools.scaleArrays(
        views,
        squares.map((x) => clipFactor(limit, Math.sqrt(x))),
      );
    if (kind === "globalNorm") tools.scaleArrays(views, squares.fill(clipFactor(limit, norm)));
  }
  if (kind === "value") tools.clampArrays(views, limit);
  return norm;
}

class ReferenceLoop implements CompiledLoop {
  #cancelled = false;
  constructor(readonly spec: LoopSpec) {}

  #part(call: LoopCall, index: number): Part {
    const [program, begin, rows, miniBatch, firstRow, , flags] = call.parts.subarray(index * PART_INTS, (index + 1) * PART_INTS);
    return { program: this.spec.programs[program] as ReferenceProgram, begin, rows, miniBatch, firstRow, flags };
  }

  #gather(call: LoopCall, part: Part): void {
    const { x, y, weights, perRow } = this.spec;
    gather(x, perRow[0], part.program.space("x"), call.order, part);
    gather(y, perRow[1], part.program.space("y"), call.order, part);
    gather(weights, perRow[2], part.program.space("weights"), call.order, part);
  }

  /** The mini-batches of one update at a time; yields after each. */
  *steps(call: LoopCall): Generator<LoopResult> {
    const { spec } = this;
    const losses = new Float64Array(call.miniBatches);
    const correct = new Float64Array(call.miniBatches);
    const gradientNorms = new Float64Array(call.gradientNorms ? gradientsOf(call.parts) : 0);
    const plan = spec.plan as ReferencePlan;
    const count = call.parts.length / PART_INTS;
    let updates = 0;
    let rows = 0;
    let finite = true;
    yield { parts: 0, updates, aborted: false, skipped: false, losses, correct, gradientNorms };
    for (let i = 0; i < count; i++) {
      const part = this.#part(call, i);
      this.#gather(call, part);
      part.program.control({
        seed: call.seed,
        step: (call.firstStep + part.miniBatch) % 4294967296,
        firstRow: part.firstRow,
      });
      part.program.runPhase(0);
      part.program.runPhase(1);
      const [loss, hits] = new Float64Array(part.program.space("stats"), 0, 2);
      const first = (part.flags & PART_FLAGS.firstOfMiniBatch) !== 0;
      const at = part.miniBatch;
      losses[at] = first ? loss : losses[at] + loss;
      correct[at] = first || hits < 0 ? hits : correct[at] + hits;
      rows = first ? part.rows : rows + part.rows;
      if (part.flags & PART_FLAGS.lastOfMiniBatch) {
        losses[at] = losses[at] / rows;
        finite = finite && Number.isFinite(losses[at]);
      }
      const firstOfUpdate = (part.flags & PART_FLAGS.firstOfUpdate) !== 0;
      average(spec.dtype, spec.gradients, part.program.gradients, call.weights[i], firstOfUpdate);
      if (part.flags & (PART_FLAGS.lastOfUpdate | PART_FLAGS.clipOnly)) {
        const norm = clip(spec, call.gradientNorms);
        if (call.gradientNorms) gradientNorms[updates] = norm;
      }
      if (!(part.flags & PART_FLAGS.lastOfUpdate)) continue;
      const ran = plan.runWith(call.controls.subarray(updates * plan.width, (updates + 1) * plan.width));
      const skipped = ran === false;
      updates++;
      yield { parts: i + 1, updates, aborted: false, skipped, losses, correct, gradientNorms };
      if (skipped) return;
      if (!finite && call.stopOnNonFinite) return;
      finite = true;
    }
    yield { parts: count, updates, aborted: false, skipped: false, losses, correct, gradientNorms };
  }

  run(call: LoopCall): LoopResult {
    let result: LoopResult | undefined;
    for (const done of this.steps(call)) result = done;
    return result as LoopResult;
  }

  /** The event loop gets a turn after each update. */
  async runAsync(call: LoopCall): Promise<LoopResult> {
    this.#cancelled = false;
    let result: LoopResult | undefined;
    for (const done of this.steps(call)) {
      result = done;
      if (done.skipped || done.parts * PART_INTS === call.parts.length) break;
      await new Promise((resolve) => setImmediate(resolve));
      if (this.#cancelled) return { ...done, aborted: true };
    }
    return result as LoopResult;
  }

  cancel(): void {
    this.#cancelled = true;
  }

  /** Other code only runs between updates here. */
  between<T>(body: () => T): T {
    return body();
  }
}

export function createReferenceProgram(gemm: GemmBackend): ProgramBackend {
  return {
    compile: (spec, memory) => new ReferenceProgram(spec, memory, gemm),
    createLoop: (spec) => new ReferenceLoop(spec),
  };
}
