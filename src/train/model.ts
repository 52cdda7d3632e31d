// The model that users train: a network with compile, fit, evaluate, predict and summary, named as in Keras and tfjs.
import { readSafetensors, writeSafetensors } from "../checkpoint/file.ts";
import { fault, wrongValue } from "../core/errors.ts";
import { elementCount } from "../core/shape.ts";
import type { Tensor } from "../core/types.ts";
import { lossOf } from "../nn/losses.ts";
import type { LookaheadOptions } from "../optim/index.ts";
import { checkSchedule } from "../schedule/cursor.ts";
import type { AnySchedule } from "../schedule/schedule.ts";
import { Averaging } from "./averaging.ts";
import { ProgressBar } from "./callbacks/progress-bar.ts";
import type { ConfusionMatrix } from "./confusion.ts";
import { type Batch, type Inputs, toInputs, toTrainingData } from "./dataset.ts";
import { confusionOf, evaluateData } from "./evaluation.ts";
import { type FitPlan, type RowData, runFit } from "./fit.ts";
import { checkFitOptions, type FitOptions } from "./fit-options.ts";
import type { History } from "./history.ts";
import { metrics as knownMetrics, type Metric, type MetricName } from "./metrics.ts";
import { type OptimizerChoice, optimizerFactory, type RestorableOptimizer, withLookahead } from "./optimizers.ts";
import { type BatchStream, ResidentSource, type Source, StreamSource } from "./source.ts";
import { architectureMetadata, checkNumerics, decodeTraining, decodeWeights, weightTensors } from "./state.ts";
import { summaryText } from "./summary.ts";
import type { ClipOptions, Network, Trainer, TrainerOptions } from "./trainer.ts";
import { Training } from "./training.ts";

export interface CompileOptions {
  /** "adam", { name: "adam", learningRate: 0.01 } or (params) => new Adam(params, …). */
  readonly optimizer: OptimizerChoice;
  /** A loss of `losses`, its Keras name, or a function over graph values. */
  readonly loss: unknown;
  /** Names of known metrics, or own functions by name. Default none. */
  readonly metrics?: readonly MetricName[] | Readonly<Record<string, Metric>>;
  /** Lookahead around the optimizer: true for its defaults (period 5, alpha 0.5), or options. Default: none. */
  readonly lookahead?: boolean | LookaheadOptions;
  /** The learning rate over the updates, for every parameter group that has no schedule of its own. */
  readonly schedule?: AnySchedule;
  readonly clip?: ClipOptions;
  /** Parts of a mini-batch whose gradients are averaged in fixed order; part of the bits. Default 1. */
  readonly shards?: number;
  /** Threads that compute shards; never changes bits. */
  readonly workers?: number;
  /** Seed of dropout; default the network's. */
  readonly seed?: number;
}

interface Compiled {
  readonly trainer: Trainer;
  readonly metrics: ReadonlyMap<string, Metric>;
  readonly classes: boolean;
}

export type TrainerFactory = (options: TrainerOptions) => Trainer;

function resolveMetrics(given: CompileOptions["metrics"] = []): Map<string, Metric> {
  if (!Array.isArray(given)) return new Map(Object.entries(given as Readonly<Record<string, Metric>>));
  return new Map(
    (given as readonly MetricName[]).map((name) => {
      const metric = Object.hasOwn(knownMetrics, name) ? knownMetrics[name] : undefined;
      if (metric === undefined)
        throw wrongValue("metrics", `names among ${Object.keys(knownMetrics).join(", ")}`, name, "ERR_OPTION");
      return [name, metric];
    }),
  );
}

function isStream(x: unknown): x is BatchStream {
  if (typeof x === "function") return true;
  if (x === null || typeof x !== "object" || Array.isArray(x) || ArrayBuffer.isView(x)) return false;
  return Symbol.asyncIterator in x || Symbol.iterator in x;
}

function toBatch(given: NonNullable<FitOptions["validationData"]>): Batch {
  if (!("x" in given)) return { x: given[0], y: given[1], ...(given[2] === undefined ? {} : { sampleWeight: given[2] }) };
  return given;
}

export class Model {
  readonly network: Network;
  private readonly createTrainer: TrainerFactory;
  private compiled: Compiled | undefined;
  private inference: Trainer | undefined;
  private running = false;
  /** Written into every checkpoint of this model. */
  metadata: Readonly<Record<string, string>> = {};

  constructor(network: Network, createTrainer: TrainerFactory) {
    this.network = network;
    this.createTrainer = createTrainer;
  }

  /** Chooses optimizer, loss and metrics. Compiling again starts with a new optimizer; the weights stay. */
  compile(options: CompileOptions): this {
    if (this.running) throw fault("ERR_BUSY", "compile: a fit of this model is running");
    const { optimizer, metrics, schedule, lookahead = false, ...rest } = options;
    const resolved = resolveMetrics(metrics);
    const factory = withLookahead(optimizerFactory(optimizer), lookahead);
    const trainer = this.createTrainer({ ...rest, network: this.network, optimizer: factory });
    if (schedule !== undefined) {
      checkSchedule("schedule", schedule);
      for (const group of trainer.optimizer.groups as readonly { schedule?: AnySchedule }[]) group.schedule ??= schedule;
    }
    this.dispose();
    this.compiled = { trainer, metrics: resolved, classes: lossOf(options.loss).targets === "classes" };
    return this;
  }

  private ready(): Compiled {
    if (this.compiled === undefined) throw fault("ERR_STATE", "model: call compile({ optimizer, loss }) first");
    return this.compiled;
  }

  /** The trainer, or before compile() one that only predicts. */
  private forInference(): Trainer {
    if (this.compiled !== undefined) return this.compiled.trainer;
    const { network } = this;
    this.inference ??= this.createTrainer({ network, optimizer: optimizerFactory("sgd"), loss: "meanSquaredError" });
    return this.inference;
  }

  /** The engine's trainer, for serving single rows and for loops of one's own. */
  get trainer(): Trainer {
    return this.ready().trainer;
  }

  /**
   * Trains on arrays (x, y) or on a stream of { x, y } batches: an iterable, or a function that starts it anew for each
   * epoch. With a function, a training can be resumed inside an epoch: the batches it was trained on are passed over; with
   * an iterable at the ends of epochs, and it must go on where the training stopped. Resolves with the history; rejects with ERR_ABORTED where
   * the signal ended it. The event loop stays free.
   */
  fit(x: Inputs, y: Inputs, options?: FitOptions): Promise<History>;
  fit(stream: BatchStream, options?: FitOptions): Promise<History>;
  async fit(x: Inputs | BatchStream, y?: Inputs | FitOptions, given?: FitOptions): Promise<History> {
    const compiled = this.ready();
    if (this.running) throw fault("ERR_BUSY", "fit: another fit of this model is running");
    const options = (isStream(x) ? (y as FitOptions | undefined) : given) ?? {};
    checkFitOptions(options);
    this.running = true;
    try {
      const setup = isStream(x) ? this.streamed(compiled, x, options) : this.resident(compiled, x, y as Inputs, options);
      return await this.run(compiled, setup, options);
    } finally {
      this.running = false;
    }
  }

  private streamed({ classes }: Compiled, stream: BatchStream, options: FitOptions): FitSetup {
    if (options.validationSplit)
      throw wrongValue("validationSplit", "validationData instead, for a stream", options.validationSplit, "ERR_OPTION");
    if (options.batchSize !== undefined)
      throw wrongValue("batchSize", "none: a stream gives batches", options.batchSize, "ERR_OPTION");
    if (options.sampleWeight !== undefined)
      throw wrongValue("sampleWeight", "sampleWeight in the batches of a stream", options.sampleWeight, "ERR_OPTION");
    const { accumulate = 1, stepsPerEpoch, classWeight } = options;
    const source = new StreamSource(stream, this.network, classes, classWeight, { accumulate, stepsPerEpoch });
    return { source, batchSize: 0, samples: 0, shuffleSeed: null, split: undefined, trainRows: undefined };
  }

  private resident({ trainer, classes }: Compiled, x: Inputs, y: Inputs, options: FitOptions): FitSetup {
    const { sampleWeight, classWeight, validationSplit = 0, accumulate = 1, stepsPerEpoch, shuffle = true, seed = 0 } = options;
    const all = toTrainingData({ x, y, ...(sampleWeight ? { sampleWeight } : {}) }, this.network, classes, classWeight);
    const samples = options.validationData ? all.rows : all.rows - Math.floor(all.rows * validationSplit);
    const train = this.rows(all, 0, samples);
    const batchSize = options.batchSize === "full" ? samples : Math.min(options.batchSize ?? 32, samples);
    const shuffleSeed = shuffle && batchSize < samples ? seed : null;
    const source = new ResidentSource(trainer, train, samples, batchSize, shuffleSeed, { accumulate, stepsPerEpoch });
    const split = samples < all.rows ? this.rows(all, samples, all.rows) : undefined;
    return { source, batchSize, samples, shuffleSeed, split, trainRows: train };
  }

  private rows(data: RowData, begin: number, end: number): RowData {
    const inputs = elementCount(this.network.inputShape);
    const perRow = data.y.length / data.rows;
    return {
      x: data.x.subarray(begin * inputs, end * inputs),
      y: data.y.subarray(begin * perRow, end * perRow),
      rows: end - begin,
      ...(data.sampleWeight ? { sampleWeight: data.sampleWeight.subarray(begin, end) } : {}),
    };
  }

  private async run({ trainer, metrics, classes }: Compiled, setup: FitSetup, options: FitOptions): Promise<History> {
    const { source, split, trainRows, batchSize, samples, shuffleSeed } = setup;
    const { validationData, epochs = 1, accumulate = 1, stopWhen = {}, signal, resume } = options;
    const validation = validationData ? toTrainingData(toBatch(validationData), this.network, classes) : split;
    const verbose = options.verbose ?? (process.stderr.isTTY ? 1 : 0);
    const bar =
      verbose === 0 ? [] : [new ProgressBar(verbose === 2 ? { write: (text) => process.stderr.write(text) } : process.stderr)];
    const callbacks = [...(options.callbacks ?? []), ...bar];
    const { metadata } = this;
    const accuracy = metrics.has("accuracy");
    const average = options.average === undefined ? undefined : new Averaging(options.average, this.network, epochs);
    const training = new Training({ trainer, callbacks, epochs, batchSize, samples, shuffleSeed, metadata, accuracy, average });
    if (resume !== undefined) await this.resume(trainer, training, resume);
    const plan: FitPlan = { trainer, source, validation, trainRows, metrics, accumulate, stopWhen, average, callbacks, signal };
    await runFit(plan, training);
    return training.history;
  }

  private async resume(trainer: Trainer, training: Training, path: string): Promise<void> {
    const file = await readSafetensors(path);
    const state = decodeTraining(file);
    training.checkResume(state);
    checkNumerics(file);
    // Each checks everything before it changes anything; the optimizer's state tells another model or optimizer first.
    (trainer.optimizer as RestorableOptimizer).loadStateDict(state.optimizer);
    trainer.loadParameters(decodeWeights(file));
    training.resume(state);
  }

  /** Loss and metrics over a data set, in inference mode. */
  async evaluate(
    x: Inputs,
    y: Inputs,
    { sampleWeight }: { readonly sampleWeight?: Inputs } = {},
  ): Promise<Record<string, number>> {
    const { trainer, metrics, classes } = this.ready();
    const data = toTrainingData({ x, y, ...(sampleWeight ? { sampleWeight } : {}) }, this.network, classes);
    return (await evaluateData(trainer, data, metrics)).logs;
  }

  /** The confusion matrix over a data set of class targets (indices or one-hot rows). */
  async confusionMatrix(x: Inputs, y: Inputs): Promise<ConfusionMatrix> {
    const { trainer, classes } = this.ready();
    const data = toTrainingData({ x, y }, this.network, classes);
    const { outputs = [] } = await evaluateData(trainer, data, new Map(), { outputs: true });
    return confusionOf(outputs, data.y, elementCount(this.network.outputShape));
  }

  /**
   * Outputs [rows, ...outputShape] in inference mode; the model need not be compiled. Also while a fit runs, which waits
   * between two updates meanwhile.
   */
  predict(x: Inputs): Tensor {
    const { data, rows } = toInputs("x", x, this.network);
    return { data: this.forInference().predict(data), shape: [rows, ...this.network.outputShape] };
  }

  /** A table of the layers, their output shapes and parameters. */
  summary(): string {
    return summaryText(this.network);
  }

  /**
   * Writes the weights alone as safetensors, atomically, with the architecture that loadModel() reads; while a fit runs,
   * those between two of its updates.
   */
  async saveWeights(path: string): Promise<void> {
    const copies = () =>
      new Map([...weightTensors({ network: this.network })].map(([name, t]) => [name, { ...t, data: t.data.slice() }]));
    const tensors = this.compiled ? this.compiled.trainer.betweenUpdates(copies) : copies();
    const metadata = { ...architectureMetadata(this.network), ...this.metadata };
    await writeSafetensors(path, { tensors, metadata });
  }

  /** Reads weights by name, from saveWeights, a checkpoint or another tool. @throws ERR_FORMAT, ERR_STATE, ERR_SHAPE. */
  async loadWeights(path: string): Promise<void> {
    this.forInference().loadParameters(decodeWeights(await readSafetensors(path)));
  }

  /** Frees native programs; weights stay readable. */
  dispose(): void {
    this.compiled?.trainer.dispose();
    this.compiled = undefined;
    this.inference?.dispose();
    this.inference = undefined;
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}

interface FitSetup {
  readonly source: Source;
  readonly batchSize: number;
  readonly samples: number;
  readonly shuffleSeed: number | null;
  readonly split: RowData | undefined;
  readonly trainRows: RowData | undefined;
}
