// The options of fit, checked and resolved once.
import type { AbortSignalLike } from "../core/abort.ts";
import { checkInteger } from "../core/checks.ts";
import { wrongKind, wrongValue } from "../core/errors.ts";
import type { AverageOptions } from "./averaging.ts";
import type { Callback } from "./callback.ts";
import type { Batch, Inputs } from "./dataset.ts";

/** Training ends after the epoch in which one of these holds. */
export interface StopConditions {
  /** The epoch's training loss is at most this. */
  readonly loss?: number;
  /** The training loss changed by at most this since the epoch before. */
  readonly lossChange?: number;
  /** No parameter changed by more than this during the epoch. */
  readonly parameterChange?: number;
  /** The Euclidean norm of the epoch's last gradient, over all parameters and before clipping, is at most this. */
  readonly gradientNorm?: number;
  /** This many updates are made; also inside an epoch. */
  readonly maxSteps?: number;
}

export interface FitOptions {
  /** Rows of a mini-batch; "full" is the whole training set, 1 is stochastic descent. Default 32, as in Keras. */
  readonly batchSize?: number | "full";
  /** Passes over the data, ≥ 0; with `resume` counted from the first start. Default 1. */
  readonly epochs?: number;
  /** The last share of the rows, in [0, 1), taken for validation before shuffling. Default 0. */
  readonly validationSplit?: number;
  /** Validation rows; wins over validationSplit. */
  readonly validationData?: Batch | readonly [Inputs, Inputs] | readonly [Inputs, Inputs, Inputs];
  /** New order each epoch; default true. */
  readonly shuffle?: boolean;
  /** Seed of the order, an integer in [0, 2^53); default 0. The same seed gives the same order on every machine. */
  readonly seed?: number;
  /** Weight of each row in the loss, ≥ 0. */
  readonly sampleWeight?: Inputs;
  /** Weight of the rows of a class, by class index; missing classes count 1. */
  readonly classWeight?: Readonly<Record<number, number>>;
  /** Mini-batches of one epoch; default: all rows, or until a stream ends. */
  readonly stepsPerEpoch?: number;
  /** Mini-batches whose mean gradient makes one update, ≥ 1; default 1. */
  readonly accumulate?: number;
  readonly stopWhen?: StopConditions;
  /** Averages of the weights beside the trained ones: "ema", "swa" or options. Default: none. */
  readonly average?: AverageOptions | "ema" | "swa";
  readonly callbacks?: readonly Callback[];
  /** 1 (default where standard error is a terminal): progress bar; 0: silent; 2: one plain line per epoch. */
  readonly verbose?: 0 | 1 | 2;
  /** A checkpoint of the same training to go on from, bit for bit as if it had never stopped. */
  readonly resume?: string;
  /** Ends training at the next step boundary; fit then rejects with ERR_ABORTED. */
  readonly signal?: AbortSignalLike;
}

export const FIT_OPTIONS: ReadonlySet<string> = new Set([
  "batchSize",
  "epochs",
  "validationSplit",
  "validationData",
  "shuffle",
  "seed",
  "sampleWeight",
  "classWeight",
  "stepsPerEpoch",
  "accumulate",
  "stopWhen",
  "average",
  "callbacks",
  "verbose",
  "resume",
  "signal",
]);

export const STOP_CONDITIONS: readonly string[] = ["loss", "lossChange", "parameterChange", "gradientNorm", "maxSteps"];

/** @throws RangeError ERR_OPTION, ERR_RANGE; TypeError ERR_DTYPE, ERR_OPTION. */
export function checkFitOptions(options: FitOptions): void {
  if (options === null || typeof options !== "object") throw wrongKind("options", "an object", options, "ERR_OPTION");
  const unknown = Object.keys(options).find((key) => !FIT_OPTIONS.has(key));
  if (unknown !== undefined) throw wrongValue("options", `names among ${[...FIT_OPTIONS].join(", ")}`, unknown, "ERR_OPTION");
  const {
    batchSize,
    epochs,
    validationSplit = 0,
    seed,
    stepsPerEpoch,
    accumulate,
    callbacks = [],
    stopWhen = {},
    verbose = 0,
  } = options;
  if (batchSize !== undefined && batchSize !== "full") checkInteger("batchSize", batchSize, 1);
  if (epochs !== undefined) checkInteger("epochs", epochs);
  if (seed !== undefined) checkInteger("seed", seed);
  if (stepsPerEpoch !== undefined) checkInteger("stepsPerEpoch", stepsPerEpoch, 1);
  if (accumulate !== undefined) checkInteger("accumulate", accumulate, 1);
  if (!(validationSplit >= 0 && validationSplit < 1))
    throw wrongValue("validationSplit", "a number in [0, 1)", validationSplit, "ERR_OPTION");
  if (!Array.isArray(callbacks)) throw wrongKind("callbacks", "an array", callbacks, "ERR_OPTION");
  if (![0, 1, 2].includes(verbose)) throw wrongValue("verbose", "0, 1 or 2", verbose, "ERR_OPTION");
  const condition = Object.keys(stopWhen).find((key) => !STOP_CONDITIONS.includes(key));
  if (condition !== undefined) throw wrongValue("stopWhen", `names among ${STOP_CONDITIONS.join(", ")}`, condition, "ERR_OPTION");
  for (const [name, value] of Object.entries(stopWhen))
    if (!(value >= 0)) throw wrongValue(`stopWhen.${name}`, "a number ≥ 0", value, "ERR_OPTION");
}
