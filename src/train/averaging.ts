// Averaged weights beside the trained ones while fit runs: when they are updated, and what a checkpoint keeps of them.
// The averages themselves are EMA and SWA of src/optim.
import { checkInteger } from "../core/checks.ts";
import { fault, wrongKind, wrongValue } from "../core/errors.ts";
import type { FloatArray } from "../core/types.ts";
import type { WeightAverage } from "../optim/averaging/weights.ts";
import { EMA, SWA } from "../optim/index.ts";
import type { NamedTensor, Network } from "./trainer.ts";

/** Averaging of weights in fit. Running statistics of batch normalisation are averaged like parameters. */
export interface AverageOptions {
  /** "ema": exponential moving average; "swa": the plain mean (stochastic weight averaging). */
  readonly kind: "ema" | "swa";
  /** Of "ema": weight of the past, in [0, 1); default 0.999. */
  readonly decay?: number;
  /** Of "ema": forget the start sooner, min(decay, n ÷ (n + 9)) at update n; default false. */
  readonly warmup?: boolean;
  /** Updates of the weights between two of the average, or the end of each "epoch". Default 1 for "ema", "epoch" for "swa". */
  readonly every?: number | "epoch";
  /** The first epoch that counts, from 0. Default 0 for "ema", three quarters of `epochs` for "swa". */
  readonly startEpoch?: number;
  /** Validate with the average, and take the best weights of early stopping from it; default true. */
  readonly evaluate?: boolean;
  /** Replace the weights by the average when training ends; default true. */
  readonly apply?: boolean;
}

/** What a checkpoint keeps: the averages by the names of the weights. */
export interface AveragingState {
  readonly kind: string;
  readonly updates: number;
  readonly average: Readonly<Record<string, FloatArray>>;
}

const KEYS = ["kind", "decay", "warmup", "every", "startEpoch", "evaluate", "apply"];

function checked(given: AverageOptions | "ema" | "swa"): AverageOptions {
  const options = typeof given === "string" ? { kind: given } : given;
  if (options === null || typeof options !== "object") throw wrongKind("average", '"ema", "swa" or options', given, "ERR_OPTION");
  const unknown = Object.keys(options).find((key) => !KEYS.includes(key));
  if (unknown !== undefined) throw wrongValue("average", `names among ${KEYS.join(", ")}`, unknown, "ERR_OPTION");
  const { kind, every, startEpoch, evaluate = true, apply = true } = options;
  if (kind !== "ema" && kind !== "swa") throw wrongValue("average.kind", '"ema" or "swa"', kind, "ERR_OPTION");
  if (kind === "swa" && (options.decay !== undefined || options.warmup !== undefined))
    throw wrongValue("average", 'no decay and no warmup for "swa"', "one", "ERR_OPTION");
  if (every !== undefined && every !== "epoch") checkInteger("average.every", every, 1);
  if (startEpoch !== undefined) checkInteger("average.startEpoch", startEpoch);
  if (typeof evaluate !== "boolean") throw wrongKind("average.evaluate", "true or false", evaluate, "ERR_OPTION");
  if (typeof apply !== "boolean") throw wrongKind("average.apply", "true or false", apply, "ERR_OPTION");
  return options;
}

export class Averaging {
  readonly evaluate: boolean;
  readonly apply: boolean;
  private readonly names: readonly string[];
  private readonly shapes: readonly (readonly number[])[];
  private readonly average: WeightAverage;
  private readonly kind: string;
  private readonly every: number | "epoch";
  private readonly startEpoch: number;

  /** @throws ERR_OPTION, ERR_RANGE, ERR_DTYPE. */
  constructor(given: AverageOptions | "ema" | "swa", network: Network, epochs: number) {
    const options = checked(given);
    const { kind, decay, warmup } = options;
    const ema = kind === "ema";
    this.kind = kind;
    this.every = options.every ?? (ema ? 1 : "epoch");
    this.startEpoch = options.startEpoch ?? (ema ? 0 : Math.floor(0.75 * epochs));
    this.evaluate = options.evaluate ?? true;
    this.apply = options.apply ?? true;
    const weights = [...network.parameters, ...network.buffers];
    this.names = weights.map(({ name }) => name);
    this.shapes = weights.map(({ tensor }) => tensor.shape);
    const params = weights.map(({ tensor }) => tensor);
    this.average = ema
      ? new EMA(params, { ...(decay === undefined ? {} : { decay }), ...(warmup === undefined ? {} : { warmup }) })
      : new SWA(params);
  }

  /** Updates of the weights that may run before the average must see them; `updates` are made. */
  ahead(epoch: number, updates: number): number {
    if (this.every === "epoch" || epoch < this.startEpoch) return Number.POSITIVE_INFINITY;
    return this.every - (updates % this.every);
  }

  /** To be called after each call of the engine. */
  afterUpdates(epoch: number, updates: number): void {
    if (this.every !== "epoch" && epoch >= this.startEpoch && updates % this.every === 0) this.average.update();
  }

  afterEpoch(epoch: number): void {
    if (this.every === "epoch" && epoch >= this.startEpoch) this.average.update();
  }

  /** The averages under the weights' names, as copies; undefined before the first update. */
  weights(): NamedTensor[] | undefined {
    if (this.average.updates === 0) return undefined;
    return this.average.average.map((data, i) => ({
      name: this.names[i]!,
      tensor: { data: data.slice() as FloatArray, shape: this.shapes[i]! },
    }));
  }

  state(): AveragingState {
    const { updates, average } = this.average;
    return { kind: this.kind, updates, average: Object.fromEntries(average.map((data, i) => [this.names[i]!, data.slice()])) };
  }

  /** @throws RangeError ERR_STATE where the state is of another kind or other weights. */
  loadState(state: AveragingState): void {
    if (state.kind !== this.kind)
      throw wrongValue("average.kind", `"${state.kind}", as in the checkpoint`, this.kind, "ERR_STATE");
    const average = this.names.map((name) => {
      const data = state.average[name];
      if (data === undefined) throw fault("ERR_STATE", `average: the checkpoint has none of ${name}`);
      return data;
    });
    this.average.loadStateDict({ format: 1, kind: this.kind.toUpperCase(), updates: state.updates, average });
  }
}
