// A training as the content of a checkpoint: weights under their own names, so that other tools can read them, and
// everything else that resuming needs under names that begin with "downhill:".

import { NUMERICS_VERSION } from "../backend/select.ts";
import type { Safetensors, StoredTensor } from "../checkpoint/safetensors.ts";
import { decodeTree, encodeTree } from "../checkpoint/tree.ts";
import { dtypeOf } from "../core/checks.ts";
import { describe, fault, wrongValue } from "../core/errors.ts";
import type { FloatArray } from "../core/types.ts";
import { warnOnce } from "../core/warning.ts";
import { architectureOf } from "../nn/architecture.ts";
import { BuiltNetwork } from "../nn/network.ts";
import type { AveragingState } from "./averaging.ts";
import type { CallbackState } from "./callback.ts";
import type { History } from "./history.ts";
import type { GeneratorState, NamedTensor, Network, Trainer } from "./trainer.ts";

const PREFIX = "downhill:";
const STATE_KEY = "downhill.state";
export const FORMAT_KEY = "downhill.format";
/** The numerics version that the training's bits belong to. */
export const NUMERICS_KEY = "downhill.numerics";
/** The architecture of a sequential network, as JSON. */
export const ARCHITECTURE_KEY = "downhill.architecture";
const FORMAT = "1";

/** Sums over the mini-batches of the running epoch, in float64. */
export interface EpochSums {
  loss: number;
  correct: number;
  rows: number;
}

/** Where a training stands. */
export interface TrainingState {
  readonly optimizer: object;
  readonly generator: GeneratorState;
  readonly shards: number;
  /** The epoch that goes on, from 0. */
  readonly epoch: number;
  /** Position in that epoch's shuffled order. */
  readonly position: number;
  readonly sums: EpochSums;
  readonly updates: number;
  readonly shuffleSeed: number | null;
  readonly batchSize: number;
  readonly samples: number;
  /** Why it ended for good before its last epoch; null where it can go on. */
  readonly stopReason: string | null;
  readonly history: ReturnType<History["toJSON"]>;
  readonly callbacks: Readonly<Record<string, CallbackState>>;
  /** Averaged weights, where fit was asked for them. */
  readonly average?: AveragingState;
}

function stored({ tensor }: NamedTensor): StoredTensor {
  return { dtype: dtypeOf(tensor.data) === "float64" ? "F64" : "F32", shape: tensor.shape, data: tensor.data };
}

/** The weights alone: parameters and running statistics. */
export function weightTensors(trainer: Pick<Trainer, "network">): Map<string, StoredTensor> {
  const { parameters, buffers } = trainer.network;
  return new Map([...parameters, ...buffers].map((named) => [named.name, stored(named)]));
}

/** The network's architecture as metadata, where it has one. */
export function architectureMetadata(network: Network): Record<string, string> {
  const architecture = network instanceof BuiltNetwork ? architectureOf(network) : undefined;
  return architecture === undefined ? {} : { [ARCHITECTURE_KEY]: JSON.stringify(architecture) };
}

/** A training state beside the weights. */
export function encodeTraining(
  trainer: Trainer,
  state: TrainingState,
  metadata: Readonly<Record<string, string>> = {},
): Safetensors {
  const tensors = weightTensors(trainer);
  const text = encodeTree(state, tensors, `${PREFIX}state`);
  const own = { [FORMAT_KEY]: FORMAT, [NUMERICS_KEY]: String(NUMERICS_VERSION), [STATE_KEY]: text };
  return { tensors, metadata: { ...architectureMetadata(trainer.network), ...metadata, ...own } };
}

/** The weights of a file as named tensors, without the training state. @throws Error ERR_FORMAT for half-precision weights. */
export function decodeWeights(file: Safetensors): NamedTensor[] {
  return [...file.tensors]
    .filter(([name]) => !name.startsWith(PREFIX))
    .map(([name, { dtype, shape, data }]) => {
      if (dtype !== "F32" && dtype !== "F64")
        throw fault("ERR_FORMAT", `${name}: expected F32 or F64 weights, received ${dtype}`);
      return { name, tensor: { data: data as FloatArray, shape } };
    });
}

/**
 * The weights to predict with: the best ones that early stopping keeps in a checkpoint, or else the averaged ones, or else
 * those of the file.
 */
export function decodeBestWeights(file: Safetensors): NamedTensor[] {
  const weights = decodeWeights(file);
  if (file.metadata[STATE_KEY] === undefined) return weights;
  const { callbacks, average } = decodeTraining(file);
  const best = callbacks.earlyStopping?.tensors;
  if (best !== undefined && best.length > 0) return [...best];
  if (average === undefined || average.updates === 0) return weights;
  return weights.map(({ name, tensor }) => ({ name, tensor: { ...tensor, data: average.average[name] ?? tensor.data } }));
}

/** The training state of a file. @throws Error ERR_FORMAT where the file has none or one of another format. */
export function decodeTraining(file: Safetensors): TrainingState {
  const format = file.metadata[FORMAT_KEY];
  const text = file.metadata[STATE_KEY];
  if (format !== FORMAT || text === undefined) {
    throw fault(
      "ERR_FORMAT",
      `checkpoint: expected a training state of format ${FORMAT}, received ${format ?? "a file without one"}`,
    );
  }
  return decodeTree(text, file.tensors) as TrainingState;
}

/**
 * Whether a training may go on from a file under this numerics version: from an older one with a warning, once, because it
 * will not give the bits of a training that never stopped; not from a newer one. A file without a version has version 1.
 * @throws Error ERR_FORMAT for a version that is not a positive integer; RangeError ERR_STATE for a newer one.
 */
export function checkNumerics({ metadata }: Pick<Safetensors, "metadata">, current: number = NUMERICS_VERSION): void {
  const text = metadata[NUMERICS_KEY] ?? "1";
  const version = Number(text);
  if (!/^[1-9][0-9]*$/.test(text) || !Number.isSafeInteger(version))
    throw fault("ERR_FORMAT", `checkpoint: expected a positive integer as ${NUMERICS_KEY}, received ${describe(text)}`);
  if (version > current) throw wrongValue("resume: numerics version", `at most ${current}, this library's`, version, "ERR_STATE");
  if (version === current) return;
  const why = `a checkpoint of numerics version ${version} goes on under version ${current}`;
  warnOnce(`numerics ${version}`, `${why}: not with the bits of a training that never stopped`, "DOWNHILL_NUMERICS");
}

/** Whether a state fits the training that is to go on; checked before anything changes. @throws RangeError ERR_STATE. */
export function checkTraining(
  state: TrainingState,
  trainer: Trainer,
  expected: Pick<TrainingState, "shuffleSeed" | "batchSize" | "samples">,
): void {
  const pairs: [string, unknown, unknown][] = [
    ["shards", trainer.shards, state.shards],
    ["shuffle seed", expected.shuffleSeed, state.shuffleSeed],
    ["batchSize", expected.batchSize, state.batchSize],
    ["training samples", expected.samples, state.samples],
  ];
  for (const [name, now, then] of pairs)
    if (now !== then) throw wrongValue(`resume: ${name}`, `${then}, as in the checkpoint`, now, "ERR_STATE");
}
