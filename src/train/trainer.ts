// What fit, evaluate, callbacks and the command line build on: a compiled network over a resident data set.
// Types only; createTrainer() of src/train/engine.ts makes one. It knows steps, not epochs, files or progress.
import type { AbortSignalLike } from "../core/abort.ts";
import type { FloatArray, Tensor } from "../core/types.ts";
import type { NamedTensor, Network } from "../nn/types.ts";

export type { LayerInfo, NamedTensor, Network } from "../nn/types.ts";

/** Class indices (rank 1, one per sample), or float targets [samples, ...outputShape] in the network's dtype. */
export type Targets = Int32Array | Uint8Array | FloatArray;

/** A resident data set. Arrays from allocate() are used in place, others are copied once into owned memory. */
export interface TrainingData {
  /** [samples, ...inputShape], row-major; class indices as floats for an embedding. */
  readonly x: FloatArray;
  readonly y: Targets;
  /** One weight per sample, ≥ 0; the loss is Σ wᵢ lᵢ / batch size, as in Keras. */
  readonly sampleWeight?: FloatArray;
}

/** Clipping inside the step, after the loss gradient and before the update; at most one of the three. */
export interface ClipOptions {
  /** Each element into [−value, value]. */
  readonly value?: number;
  /** Each parameter's gradient to at most this Euclidean norm. */
  readonly norm?: number;
  /** All gradients together to at most this Euclidean norm. */
  readonly globalNorm?: number;
}

export interface RunOptions {
  /** Rows per step; the last step takes what is left. */
  readonly batchSize: number;
  /** First position in `order`; default 0. */
  readonly begin?: number;
  /** Position after the last; default order.length. */
  readonly end?: number;
  /**
   * Mini-batches whose mean gradient makes one update; default 1. The results still have one entry per mini-batch. The
   * steps of one call are whole: mini-batches left over at `end` make a smaller last update.
   */
  readonly accumulate?: number;
  /** The learning rate of every update of this call, by its index from 0; default: the optimizer's own. */
  readonly learningRates?: Float64Array;
  /** Ends the call after the first step whose loss is not finite; default false. */
  readonly stopOnNonFinite?: boolean;
  /** Reports the Euclidean norm of each update's gradient over all parameters; default false. Free where norms are clipped. */
  readonly gradientNorms?: boolean;
}

export interface AsyncRunOptions extends RunOptions {
  /** Stops at the next step boundary; the promise then resolves with the steps done and `aborted: true`. */
  readonly signal?: AbortSignalLike;
}

/** What a range of mini-batches gave. Arrays have one entry per mini-batch that ran, in order. */
export interface RunResult {
  /** Mean loss of each mini-batch before its update, in float64, regularisation of the optimizer not included. */
  readonly losses: Float64Array;
  /** Rows whose largest output is the target class (or, for one output, on the right side of ½); −1 where the loss has no classes. */
  readonly correct: Float64Array;
  /** Rows of each mini-batch. */
  readonly rows: Float64Array;
  /** Position in `order` after the last mini-batch that ran: pass it as `begin` to go on. */
  readonly position: number;
  /** Updates made or skipped. */
  readonly updates: number;
  /** Of them, those that the optimizer's skipNonFinite skipped. */
  readonly skipped: number;
  /** The norm of each update's gradient before clipping, in float64; empty unless asked for. */
  readonly gradientNorms: Float64Array;
  readonly aborted: boolean;
}

export interface EvaluateResult {
  /** Mean over all samples. */
  readonly loss: number;
  readonly correct: number;
  readonly count: number;
  /** [count, ...outputShape]; softmax or sigmoid applied where the loss works from logits that the last layer fused. */
  readonly outputs: FloatArray;
}

/** The position of every generator a run draws from; plain data for checkpoints. */
export interface GeneratorState {
  /** Integer in [0, 2^53). */
  readonly seed: number;
  /** Forward passes in training mode since construction: the counter of dropout's draws. */
  readonly step: number;
}

/**
 * One network, loss and optimizer compiled into programs, one per batch size, over a resident data set. Every method that
 * trains gives the same bits however the steps are cut into calls, on every backend, ISA and number of threads.
 * While an asynchronous run is pending, methods that change the trainer throw ERR_BUSY. Methods that read parameters
 * (predict, evaluate, parametersSha256, betweenUpdates) let the run wait between two updates meanwhile: they themselves
 * wait for the update that is being made, and see the parameters as they are after it.
 * The optimizer's step() and loadStateDict() throw ERR_BUSY meanwhile.
 */
export interface Trainer {
  readonly network: Network;
  /** Parts into which each mini-batch is split, whose gradients are averaged in fixed order; part of the bits. */
  readonly shards: number;
  /** Replaces the resident data set. @throws ERR_DTYPE, ERR_LENGTH, ERR_RANGE (a class index outside the outputs). */
  setData(data: TrainingData): void;
  /** Samples in the resident data set; 0 before setData. */
  readonly sampleCount: number;
  /**
   * Trains on the rows that `order` names, in one native call: step s takes order[begin + s·batchSize ...]. An order is
   * usually a permutation (src/core/random.ts). @throws ERR_RANGE for an index outside the data, before anything runs.
   */
  runSteps(order: Int32Array | Uint32Array, options: RunOptions): RunResult;
  /** The same on a native thread; the event loop stays free. The bits are those of runSteps. */
  runStepsAsync(order: Int32Array | Uint32Array, options: AsyncRunOptions): Promise<RunResult>;
  /** Mean loss, correct rows and outputs in inference mode (no dropout, running statistics). @throws ERR_SHAPE without rows. */
  evaluate(data: TrainingData, options?: { readonly batchSize?: number; readonly outputs?: boolean }): EvaluateResult;
  /**
   * Outputs [rows, ...outputShape] of [rows, ...inputShape] in inference mode. `out` receives them where given.
   * One row costs a few microseconds: warm serving calls this directly.
   */
  predict(x: FloatArray, out?: FloatArray): FloatArray;
  /**
   * Runs a synchronous function while no update is being made: parameters read inside belong together, also while an
   * asynchronous run is pending. Training waits as long as it runs.
   */
  betweenUpdates<T>(body: () => T): T;
  /** Live views, as network.parameters. */
  readonly parameters: readonly NamedTensor[];
  /** Copies weights (and running statistics where given) in by name. Checks everything first. @throws ERR_STATE, ERR_SHAPE. */
  loadParameters(values: readonly NamedTensor[]): void;
  /** SHA-256 (hex) over all parameters in order, little-endian, every NaN written as the canonical one. */
  parametersSha256(): string;
  generatorState(): GeneratorState;
  loadGeneratorState(state: GeneratorState): void;
  /** The optimizer: groups, stateDict(), loadStateDict(). Its parameters are the network's. */
  readonly optimizer: TrainerOptimizer;
  /** Frees native programs; the network and its parameters live on. */
  dispose(): void;
  [Symbol.dispose](): void;
}

/** What the trainer needs of an optimizer; every class of src/optim fits. */
export interface TrainerOptimizer {
  readonly groups: readonly { learningRate: number }[];
  stateDict(): object;
}

export interface TrainerOptions<Optimizer extends TrainerOptimizer = TrainerOptimizer> {
  readonly network: Network;
  /**
   * Makes the optimizer over the network's parameters, for example `(params) => new Adam(params)`: all or some of them, in
   * groups of any order. ERR_OPTION for parameters that are not the network's.
   */
  readonly optimizer: (params: Tensor[], names: readonly string[]) => Optimizer;
  /** A loss of `losses`, or its Keras name ("sparseCategoricalCrossentropy", "meanSquaredError", …). */
  readonly loss: unknown;
  readonly clip?: ClipOptions;
  /** Weight of each class, by index, multiplied into the sample weights; needs class targets. */
  readonly classWeight?: readonly number[];
  /** See Trainer.shards; default 1. */
  readonly shards?: number;
  /** Threads that may compute shards at once; never changes bits. Default: as many as the pool has. */
  readonly workers?: number;
  /** Dropout's seed; default the network's. */
  readonly seed?: number;
}
