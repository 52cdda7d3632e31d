// What a callback is, and what it may ask of the training that calls it. Not for the callbacks themselves (callbacks/).
import type { History } from "./history.ts";
import type { NamedTensor } from "./trainer.ts";

/** Measured values by name, as in Keras: "loss", "accuracy", "val_loss", … */
export type Logs = Readonly<Record<string, number>>;

/** How far an epoch has come. */
export interface Progress {
  /** From 0. */
  readonly epoch: number;
  /** Samples of this epoch trained on so far. */
  readonly samples: number;
  /** Samples of a whole epoch; undefined for a generator without stepsPerEpoch. */
  readonly totalSamples: number | undefined;
  /** Mini-batches of this epoch so far. */
  readonly steps: number;
  /** Training time of this epoch so far, in seconds, without callbacks and validation. */
  readonly seconds: number;
}

/** The training a callback runs in. */
export interface TrainingRun {
  /** Epochs that fit was asked for. */
  readonly epochs: number;
  readonly batchSize: number;
  /** Of the first parameter group, or the last one scheduled; setting it sets every group. */
  learningRate: number;
  /** The rate of the first group's last update, its schedule included; before the first update, that of the first one. */
  readonly appliedLearningRate: number;
  /** Updates made in this training, those before a resume included. */
  readonly updates: number;
  readonly history: History;
  /**
   * Ends the training after the current epoch's callbacks, or before the next step inside an epoch. The first reason is
   * kept. A `resumable` stop (an interruption) is not kept in checkpoints: a resumed training goes on.
   */
  stop(reason: string, options?: { readonly resumable?: boolean }): void;
  readonly stopReason: string | undefined;
  /** A copy of all parameters and running statistics; the averaged ones where fit validates with these. */
  weights(): NamedTensor[];
  setWeights(weights: readonly NamedTensor[]): void;
  /** Saves everything that resuming needs, atomically. */
  save(path: string): Promise<void>;
}

/** What a callback wants kept in checkpoints. */
export interface CallbackState {
  /** Plain JSON data. */
  readonly values: unknown;
  readonly tensors?: readonly NamedTensor[];
}

type Awaitable = void | Promise<void>;

/** Every method is optional; a returned promise is awaited before training goes on. */
export interface Callback {
  /** Identifies the state in checkpoints; unique within one fit. */
  readonly name?: string;
  /** Called after all others, so that what it saves includes their state. */
  readonly runsLast?: boolean;
  /** Ask the engine to end the epoch at the first loss that is not finite. */
  readonly stopOnNonFinite?: boolean;
  onTrainBegin?(run: TrainingRun): Awaitable;
  onEpochBegin?(epoch: number, run: TrainingRun): Awaitable;
  /**
   * After every mini-batch, with its own loss. A callback that has this method makes fit call the engine once per step
   * instead of once for many: the bits stay, small models get slower.
   */
  onStepEnd?(step: number, logs: Logs, run: TrainingRun): Awaitable;
  /** Some ten times a second while an epoch runs, and at its end; `logs` are the epoch's running means. */
  onProgress?(progress: Progress, logs: Logs, run: TrainingRun): Awaitable;
  /** `logs` hold the epoch's training means and the validation results. */
  onEpochEnd?(epoch: number, logs: Logs, run: TrainingRun): Awaitable;
  /** Also called when training stops early, not when it is aborted or throws. */
  onTrainEnd?(logs: Logs, run: TrainingRun): Awaitable;
  /** Always called last, also after an error: close files here. */
  dispose?(): Awaitable;
  /** The learning rates of the next `count` updates, the first being number `first` from 0. */
  learningRates?(first: number, count: number, run: TrainingRun): Float64Array;
  state?(): CallbackState;
  loadState?(state: CallbackState): void;
}
