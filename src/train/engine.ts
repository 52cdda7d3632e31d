// The trainer: programs for every batch size, a loop over the resident data, and the optimizer's scalars for each update.
import { allocate } from "../backend/allocate.ts";
import { CLIP_KINDS, type CompiledLoop, type LoopCall, type LoopResult } from "../backend/program.ts";
import { currentBackend } from "../backend/select.ts";
import { arrayKind, checkFloatArray, checkInteger, intrinsicLength } from "../core/checks.ts";
import { fault, wrongKind, wrongValue } from "../core/errors.ts";
import type { FloatArray } from "../core/types.ts";
import { type BoundProgram, compileProgram } from "../nn/compile.ts";
import { type Loss, lossOf } from "../nn/losses.ts";
import { BuiltNetwork } from "../nn/network.ts";
import { copyParameters, hashParameters } from "../nn/parameters.ts";
import { Inference } from "./inference.ts";
import { type PartPlan, planParts } from "./parts.ts";
import { type ResidentData, residentData } from "./resident.ts";
import type {
  AsyncRunOptions,
  ClipOptions,
  EvaluateResult,
  GeneratorState,
  NamedTensor,
  RunOptions,
  RunResult,
  Trainer,
  TrainerOptimizer,
  TrainerOptions,
  TrainingData,
} from "./trainer.ts";
import { type Updater, updaterFor } from "./updater.ts";

/** Updates of one native call: bounds the control rows' memory, and how long a chain of scalars is written ahead. */
const CHUNK = 512;
/** Part plans kept; a fit needs one or two. */
const MOST_PLANS = 8;

interface Range {
  readonly begin: number;
  readonly end: number;
}

/** Results of calls, joined. */
class Collected {
  readonly losses: number[] = [];
  readonly correct: number[] = [];
  readonly rows: number[] = [];
  readonly gradientNorms: number[] = [];
  updates = 0;
  skipped = 0;
  aborted = false;
  position: number;

  constructor(begin: number) {
    this.position = begin;
  }

  result(): RunResult {
    return {
      losses: Float64Array.from(this.losses),
      correct: Float64Array.from(this.correct),
      rows: Float64Array.from(this.rows),
      gradientNorms: Float64Array.from(this.gradientNorms),
      position: this.position,
      updates: this.updates,
      skipped: this.skipped,
      aborted: this.aborted,
    };
  }
}

interface PreparedCall {
  readonly call: LoopCall;
  readonly plan: PartPlan;
  readonly first: number;
}

function clipOf(clip: ClipOptions | undefined): { kind: (typeof CLIP_KINDS)[number]; limit: number } {
  const given = CLIP_KINDS.filter((kind) => kind !== "none" && clip?.[kind] !== undefined);
  if (given.length > 1) throw wrongValue("clip", "one of value, norm, globalNorm", given.join(" and "), "ERR_OPTION");
  const kind = given[0];
  if (kind === undefined || kind === "none") return { kind: "none", limit: 0 };
  const limit = (clip as ClipOptions)[kind] as number;
  if (!(limit > 0 && limit < Number.POSITIVE_INFINITY))
    throw wrongValue(`clip.${kind}`, "a positive number", limit, "ERR_OPTION");
  return { kind, limit };
}

class EngineTrainer implements Trainer {
  readonly network: BuiltNetwork;
  readonly shards: number;
  readonly optimizer: TrainerOptimizer;
  readonly #backend = currentBackend();
  readonly #loss: Loss;
  readonly #clip;
  readonly #classWeight: readonly number[] | undefined;
  readonly #workers: number;
  readonly #gradients: FloatArray;
  readonly #views: readonly FloatArray[];
  readonly #updater: Updater;
  readonly #inference: Inference;
  #arenas: FloatArray[] = [];
  #programs: BoundProgram[] = [];
  #programIndex = new Map<string, number>();
  #data: ResidentData | null = null;
  #loop: CompiledLoop | null = null;
  #plans = new Map<string, PartPlan>();
  #seed: number;
  #step = 0;
  #pending = false;
  /** The loop whose run is pending, until the function that betweenUpdates() runs has it stand still. */
  #running: CompiledLoop | null = null;
  #disposed = false;

  constructor(options: TrainerOptions) {
    const { network, shards = 1, workers = 2, seed } = options;
    if (!(network instanceof BuiltNetwork)) throw wrongKind("network", "a network of sequential() or functional()", network);
    checkInteger("shards", shards, 1);
    checkInteger("workers", workers, 1);
    this.network = network;
    this.shards = shards;
    this.#workers = Math.min(workers, shards);
    this.#seed = seed ?? network.seed;
    checkInteger("seed", this.#seed);
    this.#loss = lossOf(options.loss);
    this.#clip = clipOf(options.clip);
    this.#classWeight = options.classWeight;
    this.#gradients = allocate(network.dtype, network.arena.length);
    this.#views = network.ranges.map(([begin, count]) => this.#gradients.subarray(begin, begin + count));
    this.optimizer = options.optimizer(
      network.parameters.map(({ tensor }) => tensor),
      network.parameters.map(({ name }) => name),
    );
    const parameters = network.parameters.map(({ tensor }) => tensor.data);
    this.#updater = updaterFor(this.optimizer, parameters, this.#views);
    this.#inference = new Inference(this.#backend, network, this.#loss);
  }

  get parameters(): readonly NamedTensor[] {
    return this.network.parameters;
  }

  get sampleCount(): number {
    return this.#data?.rows ?? 0;
  }

  setData(data: TrainingData): void {
    this.#ready();
    this.#data = residentData(this.network, this.#loss, data, this.#classWeight);
    this.#loop = null;
  }

  #alive(): void {
    if (this.#disposed) throw fault("ERR_STATE", "trainer: it was disposed");
  }

  #hold(pending: boolean): void {
    this.#pending = pending;
    this.#updater.lend(pending);
  }

  #ready(): void {
    this.#alive();
    if (this.#pending) throw fault("ERR_BUSY", "trainer: an asynchronous run is pending");
  }

  /** The index of the program for `rows` rows; slot −1 writes the update's gradients, others an arena of their own. */
  #program = (rows: number, slot: number): number => {
    const weighted = this.#data?.weights !== null;
    const key = `${rows} ${slot} ${weighted}`;
    const known = this.#programIndex.get(key);
    if (known !== undefined) return known;
    const { network } = this;
    while (this.#arenas.length <= slot) this.#arenas.push(allocate(network.dtype, network.arena.length));
    const gradients = slot < 0 ? this.#gradients : this.#arenas[slot];
    const request = { backend: this.#backend, network, loss: this.#loss, rows, purpose: "train", weighted, gradients } as const;
    this.#programs.push(compileProgram(request));
    this.#programIndex.set(key, this.#programs.length - 1);
    this.#loop = null;
    return this.#programs.length - 1;
  };

  #currentLoop(data: ResidentData): CompiledLoop {
    const { plan, changed } = this.#updater.plan();
    if (this.#loop && !changed) return this.#loop;
    this.#loop = this.#backend.createLoop({
      dtype: this.network.dtype,
      programs: this.#programs.map(({ program }) => program),
      x: data.x,
      y: data.y,
      weights: data.weights,
      perRow: data.perRow,
      gradients: this.#gradients,
      tensors: this.network.ranges,
      plan,
      clip: this.#clip,
    });
    return this.#loop;
  }

  #range(order: Int32Array | Uint32Array, options: RunOptions): Range {
    this.#ready();
    if (!this.#data) throw fault("ERR_STATE", "trainer: call setData first");
    const kind = arrayKind(order);
    if (kind !== "Int32Array" && kind !== "Uint32Array") throw wrongKind("order", "an Int32Array or Uint32Array", order);
    const { batchSize, begin = 0, end = order.length, accumulate = 1, learningRates } = options;
    checkInteger("batchSize", batchSize, 1);
    checkInteger("accumulate", accumulate, 1);
    checkInteger("begin", begin);
    checkInteger("end", end);
    if (begin > end || end > order.length) throw wrongValue("end", `between begin and ${order.length}`, end);
    const updates = Math.ceil((end - begin) / (batchSize * accumulate));
    if (learningRates && learningRates.length < updates) {
      throw wrongValue("learningRates", `${updates} rates, one per update`, learningRates.length, "ERR_LENGTH");
    }
    const { rows } = this.#data;
    for (let i = begin; i < end; i++) {
      if (!(order[i] >= 0 && order[i] < rows)) throw wrongValue(`order[${i}]`, `an index from 0 to ${rows - 1}`, order[i]);
    }
    return { begin, end };
  }

  /** The parts of a call over `count` rows; calls of one run are alike, so the last ones are kept. */
  #parts(count: number, batchSize: number, accumulate: number, update: boolean): PartPlan {
    const key = `${count} ${batchSize} ${accumulate} ${update} ${this.#data?.weights !== null}`;
    let plan = this.#plans.get(key);
    if (plan) return plan;
    const { shards } = this;
    const workers = this.#workers;
    plan = planParts({ begin: 0, end: count, batchSize, accumulate, shards, workers, update, program: this.#program });
    if (this.#plans.size >= MOST_PLANS) this.#plans.clear();
    this.#plans.set(key, plan);
    return plan;
  }

  /** The next call of a range: at most CHUNK updates, or one where the optimizer reads what the step computes. */
  #prepare(order: Int32Array | Uint32Array, { begin, end }: Range, first: number, options: RunOptions): PreparedCall {
    const { batchSize, accumulate = 1, learningRates, stopOnNonFinite = false, gradientNorms = false } = options;
    const { stepwise, limit: most } = this.#updater;
    const limit = begin + batchSize * accumulate * (stepwise ? 1 : Math.min(CHUNK, most));
    const plan = this.#parts(Math.min(end, limit) - begin, batchSize, accumulate, !stepwise);
    const controls = stepwise ? new Float64Array(0) : this.#updater.controls(plan.updates.length, learningRates?.subarray(first));
    const call: LoopCall = {
      order: new Uint32Array(order.subarray(begin, Math.min(end, limit))),
      parts: plan.parts,
      weights: plan.weights,
      controls,
      miniBatches: plan.rows.length,
      seed: this.#seed,
      firstStep: this.#step,
      stopOnNonFinite,
      gradientNorms,
    };
    return { call, plan, first };
  }

  /** Takes a call's results in. Returns false where the range ends here. */
  #finish({ call, plan, first }: PreparedCall, result: LoopResult, into: Collected, options: RunOptions): boolean {
    const { learningRates, stopOnNonFinite = false } = options;
    let updates = result.updates;
    if (this.#updater.stepwise && !result.aborted) {
      const total = plan.rows.reduce((sum, n) => sum + n, 0);
      const loss = plan.rows.reduce((sum, n, i) => sum + result.losses[i] * n, 0) / total;
      const before = this.#updater.skipped;
      this.#updater.step(loss, learningRates?.[first]);
      into.skipped += this.#updater.skipped - before;
      updates = 1;
    } else {
      this.#updater.advance(updates, result.skipped, learningRates?.subarray(first));
      if (result.skipped) into.skipped++;
    }
    const done = plan.updates.slice(0, updates).reduce((sum, n) => sum + n, 0);
    for (let i = 0; i < done; i++) {
      into.losses.push(result.losses[i]);
      into.correct.push(result.correct[i]);
      into.rows.push(plan.rows[i]);
      into.position += plan.rows[i];
    }
    into.gradientNorms.push(...result.gradientNorms.subarray(0, updates));
    into.updates += updates;
    into.aborted = result.aborted;
    this.#step += done;
    const stopped = stopOnNonFinite && !result.losses.subarray(0, done).every(Number.isFinite);
    return !result.aborted && !stopped && (result.skipped || done === call.miniBatches);
  }

  runSteps(order: Int32Array | Uint32Array, options: RunOptions): RunResult {
    const { begin, end } = this.#range(order, options);
    const collected = new Collected(begin);
    while (collected.position < end) {
      const prepared = this.#prepare(order, { begin: collected.position, end }, collected.updates, options);
      const result = this.#currentLoop(this.#data as ResidentData).run(prepared.call);
      if (!this.#finish(prepared, result, collected, options)) break;
    }
    return collected.result();
  }

  async runStepsAsync(given: Int32Array | Uint32Array, options: AsyncRunOptions): Promise<RunResult> {
    const { begin, end } = this.#range(given, options);
    const order = given.slice(begin, end);
    const { signal } = options;
    const collected = new Collected(begin);
    this.#hold(true);
    let loop: CompiledLoop | undefined;
    const cancel = () => loop?.cancel();
    signal?.addEventListener("abort", cancel);
    try {
      while (collected.position < end) {
        if (signal?.aborted) {
          collected.aborted = true;
          break;
        }
        const range = { begin: collected.position - begin, end: end - begin };
        const prepared = this.#prepare(order, range, collected.updates, options);
        loop = this.#currentLoop(this.#data as ResidentData);
        this.#running = loop;
        const result = await loop.runAsync(prepared.call);
        this.#running = null;
        if (!this.#finish(prepared, result, collected, options)) break;
      }
    } finally {
      signal?.removeEventListener("abort", cancel);
      this.#running = null;
      this.#hold(false);
    }
    return collected.result();
  }

  betweenUpdates<T>(body: () => T): T {
    this.#alive();
    const loop = this.#running;
    if (!loop) return body();
    this.#running = null;
    try {
      return loop.between(body);
    } finally {
      this.#running = loop;
    }
  }

  evaluate(data: TrainingData, options: { readonly batchSize?: number; readonly outputs?: boolean } = {}): EvaluateResult {
    this.#alive();
    const { batchSize = 256, outputs = true } = options;
    checkInteger("batchSize", batchSize, 1);
    const resident = residentData(this.network, this.#loss, data, undefined);
    if (resident.rows === 0) throw wrongValue("x", "at least one row", 0, "ERR_SHAPE");
    return this.betweenUpdates(() => this.#inference.evaluate(resident, batchSize, outputs));
  }

  predict(x: FloatArray, out?: FloatArray): FloatArray {
    this.#alive();
    const { network } = this;
    checkFloatArray("x", x, network.dtype);
    const inputs = this.#inference.inputs;
    const rows = intrinsicLength(x) / inputs;
    if (!Number.isInteger(rows)) throw wrongValue("x", `a multiple of ${inputs} elements`, intrinsicLength(x), "ERR_LENGTH");
    const length = rows * this.#inference.outputs;
    if (out !== undefined) {
      checkFloatArray("out", out, network.dtype);
      if (intrinsicLength(out) !== length) throw wrongValue("out", `a length of ${length}`, intrinsicLength(out), "ERR_LENGTH");
    }
    const target = out ?? (network.dtype === "float32" ? new Float32Array(length) : new Float64Array(length));
    if (this.#running) return this.betweenUpdates(() => this.#inference.predict(x, rows, target));
    return this.#inference.predict(x, rows, target);
  }

  loadParameters(values: readonly NamedTensor[]): void {
    this.#ready();
    copyParameters([...this.network.parameters, ...this.network.buffers], this.network.parameters.length, values);
  }

  parametersSha256(): string {
    return this.betweenUpdates(() => hashParameters(this.network.parameters));
  }

  generatorState(): GeneratorState {
    return { seed: this.#seed, step: this.#step };
  }

  loadGeneratorState(state: GeneratorState): void {
    this.#ready();
    checkInteger("state.seed", state.seed);
    checkInteger("state.step", state.step);
    this.#seed = state.seed;
    this.#step = state.step;
  }

  dispose(): void {
    if (this.#pending) this.#ready();
    this.#disposed = true;
    this.#loop = null;
    this.#programs = [];
    this.#programIndex.clear();
    this.#plans.clear();
    this.#arenas = [];
    this.#data = null;
    this.#updater.dispose();
    this.#inference.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}

/**
 * Compiles a network with a loss and an optimizer on the current backend.
 * @throws ERR_OPTION, ERR_RANGE, ERR_DTYPE for bad options; what the optimizer's constructor throws.
 */
export function createTrainer(options: TrainerOptions): Trainer {
  return new EngineTrainer(options);
}
