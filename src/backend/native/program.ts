// Programs and loops on the addon.
import { fault } from "../../core/errors.ts";
import {
  BINARY_KINDS,
  CLIP_KINDS,
  type CompiledLoop,
  type CompiledProgram,
  gradientsOf,
  type LoopCall,
  type LoopResult,
  type LoopSpec,
  OP_NAMES,
  OPCODES,
  OPERAND_KINDS,
  type ProgramBackend,
  type ProgramMemory,
  type ProgramSpec,
  SPACES,
  UNARY_KINDS,
} from "../program.ts";

type NativeArray = Float32Array | Float64Array | Int32Array;

export interface ProgramAddon {
  programNames(): { opcodes: string[]; unary: string[]; binary: string[] };
  programCreate(
    f64: boolean,
    bytes: Float64Array,
    operands: Float64Array,
    code: Float64Array,
    memory: [NativeArray, NativeArray, NativeArray],
  ): unknown;
  programSpace(program: unknown, space: number): ArrayBuffer;
  programControl(program: unknown, seedLow: number, seedHigh: number, step: number, firstRow: number): void;
  programRun(program: unknown): void;
  loopCreate(
    f64: boolean,
    programs: unknown[],
    columns: [NativeArray, NativeArray, NativeArray | null],
    perRow: readonly number[],
    gradients: NativeArray,
    tensors: Float64Array,
    plan: unknown,
    clip: number,
    limit: number,
  ): unknown;
  loopRun(
    loop: unknown,
    order: Uint32Array,
    parts: Int32Array,
    weights: Float64Array,
    controls: Float64Array,
    losses: Float64Array,
    correct: Float64Array,
    settings: Float64Array,
    norms: Float64Array,
  ): void;
  loopRunAsync(
    loop: unknown,
    order: Uint32Array,
    parts: Int32Array,
    weights: Float64Array,
    controls: Float64Array,
    losses: Float64Array,
    correct: Float64Array,
    settings: Float64Array,
    norms: Float64Array,
  ): Promise<Float64Array>;
  loopCancel(loop: unknown): void;
  loopEnter(loop: unknown): void;
  loopLeave(loop: unknown): void;
}

const MAX_OPERANDS = 6;
const MAX_INTS = 14;
const MAX_REALS = 2;
const WORDS = 2 + MAX_OPERANDS + MAX_INTS + MAX_REALS;
const TWO_32 = 4294967296;

/** Throws where the addon was built from other lists than these. */
function checkNames(addon: ProgramAddon): void {
  const names = addon.programNames();
  const opcodes = OP_NAMES.map((name) => [name, ...OPCODES[name]].join(" "));
  const same = (a: readonly string[], b: readonly string[]) => a.join("\n") === b.join("\n");
  if (!same(names.opcodes, opcodes) || !same(names.unary, UNARY_KINDS) || !same(names.binary, BINARY_KINDS)) {
    throw fault("ERR_BACKEND", "the addon's instructions differ from this library's: run npm run build");
  }
}

function encodeInstructions(spec: ProgramSpec): Float64Array {
  const code = new Float64Array(spec.instructions.length * WORDS);
  spec.instructions.forEach(({ op, phase, operands, ints, reals }, index) => {
    const words = code.subarray(index * WORDS, (index + 1) * WORDS);
    words[0] = OP_NAMES.indexOf(op);
    words[1] = phase;
    words.fill(-1, 2, 2 + MAX_OPERANDS);
    words.set(operands, 2);
    words.set(ints, 2 + MAX_OPERANDS);
    words.set(reals, 2 + MAX_OPERANDS + MAX_INTS);
  });
  return code;
}

function compile(addon: ProgramAddon, spec: ProgramSpec, memory: ProgramMemory): CompiledProgram {
  const operands = spec.operands.flatMap(({ space, kind, offset, length }) => [
    SPACES.indexOf(space),
    OPERAND_KINDS.indexOf(kind),
    offset,
    length,
  ]);
  const handle = addon.programCreate(
    spec.dtype === "float64",
    Float64Array.from(spec.bytes),
    Float64Array.from(operands),
    encodeInstructions(spec),
    [memory.parameters, memory.gradients, memory.state],
  );
  return {
    handle,
    space: (name) => addon.programSpace(handle, SPACES.indexOf(name)),
    control: ({ seed, step, firstRow }) =>
      addon.programControl(handle, seed % TWO_32, Math.floor(seed / TWO_32), step % TWO_32, firstRow),
    run: () => addon.programRun(handle),
  };
}

function settingsOf(call: LoopCall): Float64Array {
  const { seed, firstStep, stopOnNonFinite } = call;
  return Float64Array.of(seed % TWO_32, Math.floor(seed / TWO_32), firstStep % TWO_32, stopOnNonFinite ? 1 : 0, 0, 0, 0, 0);
}

const normsFor = (call: LoopCall) => new Float64Array(call.gradientNorms ? gradientsOf(call.parts) : 0);

function createLoop(addon: ProgramAddon, spec: LoopSpec): CompiledLoop {
  const handle = addon.loopCreate(
    spec.dtype === "float64",
    spec.programs.map((program) => program.handle),
    [spec.x, spec.y, spec.weights],
    spec.perRow,
    spec.gradients,
    Float64Array.from(spec.tensors.flat()),
    spec.plan.handle,
    CLIP_KINDS.indexOf(spec.clip.kind),
    spec.clip.limit,
  );
  return {
    run(call): LoopResult {
      const settings = settingsOf(call);
      const losses = new Float64Array(call.miniBatches);
      const correct = new Float64Array(call.miniBatches);
      const norms = normsFor(call);
      addon.loopRun(handle, call.order, call.parts, call.weights, call.controls, losses, correct, settings, norms);
      return {
        parts: settings[4],
        updates: settings[5],
        aborted: settings[6] !== 0,
        skipped: settings[7] !== 0,
        losses,
        correct,
        gradientNorms: norms,
      };
    },
    async runAsync(call): Promise<LoopResult> {
      const count = call.miniBatches;
      const losses = new Float64Array(count);
      const { order, parts, weights, controls } = call;
      const out = await addon.loopRunAsync(
        handle,
        order,
        parts,
        weights,
        controls,
        losses,
        losses,
        settingsOf(call),
        normsFor(call),
      );
      const [done, updates, aborted, skipped] = out;
      return {
        parts: done,
        updates,
        aborted: aborted !== 0,
        skipped: skipped !== 0,
        losses: out.slice(4, 4 + count),
        correct: out.slice(4 + count, 4 + 2 * count),
        gradientNorms: out.slice(4 + 2 * count),
      };
    },
    cancel: () => addon.loopCancel(handle),
    between(body) {
      addon.loopEnter(handle);
      try {
        return body();
      } finally {
        addon.loopLeave(handle);
      }
    },
  };
}

export function createNativeProgram(addon: ProgramAddon): ProgramBackend {
  let checked = false;
  return {
    compile(spec, memory) {
      if (!checked) checkNames(addon);
      checked = true;
      return compile(addon, spec, memory);
    },
    createLoop: (spec) => createLoop(addon, spec),
  };
}
