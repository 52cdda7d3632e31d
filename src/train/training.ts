// One training while it runs: where it stands, what callbacks may ask of it, how it is saved. fit.ts drives it.
import { writeSafetensors } from "../checkpoint/file.ts";
import { fault, wrongValue } from "../core/errors.ts";
import type { FloatArray } from "../core/types.ts";
import type { Averaging } from "./averaging.ts";
import type { Callback, CallbackState, Logs, Progress, TrainingRun } from "./callback.ts";
import { History } from "./history.ts";
import { appliedRate } from "./optimizers.ts";
import { checkTraining, type EpochSums, encodeTraining, type TrainingState } from "./state.ts";
import type { NamedTensor, RunResult, Trainer } from "./trainer.ts";

export interface TrainingSetup {
  readonly trainer: Trainer;
  readonly callbacks: readonly Callback[];
  readonly epochs: number;
  readonly batchSize: number;
  readonly samples: number;
  readonly shuffleSeed: number | null;
  /** Written beside the state, for example the model's description. */
  readonly metadata: Readonly<Record<string, string>>;
  /** Whether the epoch's logs show the accuracy that the engine counts. */
  readonly accuracy: boolean;
  readonly average: Averaging | undefined;
}

function copy({ name, tensor }: NamedTensor): NamedTensor {
  return { name, tensor: { data: tensor.data.slice() as FloatArray, shape: tensor.shape } };
}

export class Training implements TrainingRun {
  readonly trainer: Trainer;
  readonly epochs: number;
  readonly batchSize: number;
  history = new History();
  epoch = 0;
  position = 0;
  updates = 0;
  stopReason: string | undefined;
  sums: EpochSums = { loss: 0, correct: 0, rows: 0 };
  steps = 0;
  seconds = 0;
  /** The norm of the last gradient, where the engine was asked for it. */
  gradientNorm = Number.NaN;
  /** The last rate that a callback scheduled. */
  scheduledRate: number | undefined;
  /** Updates that the next call of the engine should make. */
  callUpdates = 8;
  private readonly setup: TrainingSetup;
  private resumable = false;
  private kept: Readonly<Record<string, CallbackState>> | undefined;

  constructor(setup: TrainingSetup) {
    this.setup = setup;
    this.trainer = setup.trainer;
    this.epochs = setup.epochs;
    this.batchSize = setup.batchSize;
  }

  get learningRate(): number {
    return this.scheduledRate ?? this.trainer.optimizer.groups[0]?.learningRate ?? Number.NaN;
  }

  get appliedLearningRate(): number {
    return this.scheduledRate ?? appliedRate(this.trainer.optimizer) ?? this.learningRate;
  }

  set learningRate(rate: number) {
    for (const group of this.trainer.optimizer.groups) group.learningRate = rate;
  }

  stop(reason: string, { resumable = false }: { readonly resumable?: boolean } = {}): void {
    if (this.stopReason !== undefined) return;
    this.stopReason = reason;
    this.resumable = resumable;
  }

  /** Where fit validates with averaged weights, these. */
  weights(): NamedTensor[] {
    const { average } = this.setup;
    return (average?.evaluate ? average.weights() : undefined) ?? this.trainedWeights();
  }

  trainedWeights(): NamedTensor[] {
    return [...this.trainer.network.parameters, ...this.trainer.network.buffers].map(copy);
  }

  setWeights(weights: readonly NamedTensor[]): void {
    this.trainer.loadParameters(weights);
  }

  /** The epoch's running means. */
  logs(): Record<string, number> {
    const { loss, correct, rows } = this.sums;
    const logs: Record<string, number> = { loss: loss / rows };
    if (this.setup.accuracy && correct >= 0) logs.accuracy = correct / rows;
    return logs;
  }

  progress(totalSamples: number | undefined): Progress {
    return { epoch: this.epoch, samples: this.sums.rows, totalSamples, steps: this.steps, seconds: this.seconds };
  }

  beginEpoch(epoch: number): void {
    this.epoch = epoch;
    this.position = 0;
    this.sums = { loss: 0, correct: 0, rows: 0 };
  }

  /** Adds a call's results batch by batch, so that the sums do not depend on how the epoch was cut into calls. */
  add(result: RunResult): void {
    const { sums } = this;
    for (let i = 0; i < result.losses.length; i++) {
      const rows = result.rows[i]!;
      sums.loss += result.losses[i]! * rows;
      sums.correct = result.correct[i]! < 0 ? -1 : sums.correct + result.correct[i]!;
      sums.rows += rows;
    }
    this.steps += result.losses.length;
    this.updates += result.updates;
    this.gradientNorm = result.gradientNorms.at(-1) ?? this.gradientNorm;
  }

  async call(run: (callback: Callback) => void | Promise<void> | undefined): Promise<void> {
    const ordered = [...this.setup.callbacks].sort((a, b) => Number(a.runsLast ?? false) - Number(b.runsLast ?? false));
    for (const callback of ordered) {
      const result = run(callback);
      if (result) await result;
    }
  }

  private callbackStates(): Record<string, CallbackState> {
    const states: Record<string, CallbackState> = {};
    for (const callback of this.setup.callbacks) {
      if (callback.name === undefined || callback.state === undefined) continue;
      if (callback.name in states) throw fault("ERR_DUPLICATE", `callbacks: two with the name ${callback.name}`);
      states[callback.name] = callback.state();
    }
    return states;
  }

  /** Checkpoints keep the callbacks' present states from here on: the end of an epoch that will go on must not count. */
  keepCallbackStates(): void {
    this.kept = this.callbackStates();
  }

  state(): TrainingState {
    const callbacks = this.kept ?? this.callbackStates();
    return {
      optimizer: this.trainer.optimizer.stateDict(),
      generator: this.trainer.generatorState(),
      shards: this.trainer.shards,
      epoch: this.epoch,
      position: this.position,
      sums: { ...this.sums },
      updates: this.updates,
      shuffleSeed: this.setup.shuffleSeed,
      batchSize: this.setup.batchSize,
      samples: this.setup.samples,
      history: this.history.toJSON(),
      stopReason: this.resumable ? null : (this.stopReason ?? null),
      callbacks,
      ...(this.setup.average ? { average: this.setup.average.state() } : {}),
    };
  }

  async save(path: string): Promise<void> {
    await writeSafetensors(path, encodeTraining(this.trainer, this.state(), this.setup.metadata));
  }

  /** Whether this training can go on from a state. @throws RangeError ERR_STATE. */
  checkResume(state: TrainingState): void {
    checkTraining(state, this.trainer, this.setup);
    if ((state.average === undefined) !== (this.setup.average === undefined))
      throw wrongValue("resume: average", state.average ? `"${state.average.kind}"` : "none", "the other", "ERR_STATE");
  }

  /** Goes on from a checked state; weights and optimizer are loaded by the caller. */
  resume(state: TrainingState): void {
    this.trainer.loadGeneratorState(state.generator);
    this.epoch = state.epoch;
    this.position = state.position;
    this.sums = { ...state.sums };
    this.updates = state.updates;
    this.history = History.fromJSON(state.history);
    if (state.average) this.setup.average?.loadState(state.average);
    this.stopReason = state.stopReason ?? undefined;
    for (const callback of this.setup.callbacks) {
      const saved = callback.name === undefined ? undefined : state.callbacks[callback.name];
      if (saved) callback.loadState?.(saved);
    }
  }

  /** The last epoch's logs, for onTrainEnd. */
  lastLogs(): Logs {
    return this.history.at(-1);
  }
}
