// A sequential network as JSON data, so that a file can rebuild it. Weights are not part of it.
import { fault, wrongKind } from "../core/errors.ts";
import type { Dtype } from "../core/types.ts";
import type { Layer, LayerConfig } from "./layer.ts";
import * as layers from "./layers.ts";
import { type BuiltNetwork, sequentialNetwork, sequentialSize } from "./network.ts";

export interface Architecture {
  readonly format: 1;
  readonly kind: "sequential";
  readonly dtype: Dtype;
  readonly seed: number;
  /** Shape of one sample. */
  readonly inputShape: readonly number[];
  /** The layers in order; one that is used again is the number of its first place. */
  readonly layers: readonly (LayerDescription | number)[];
}

export interface LayerDescription {
  readonly className: string;
  /** The options of the function that makes it. */
  readonly config: LayerConfig;
}

type Factory = (options: never) => Layer;

/** The functions by the class names of what they make; lambda() alone cannot be written down. */
export const LAYER_FACTORIES: ReadonlyMap<string, Factory> = new Map<string, Factory>([
  ["Dense", layers.dense],
  ["Activation", layers.activation],
  ["ReLU", layers.reLU],
  ["Softmax", layers.softmax],
  ["Sigmoid", layers.sigmoid],
  ["Tanh", layers.tanh],
  ["SiLU", layers.silu],
  ["Softplus", layers.softplus],
  ["GELU", layers.gelu],
  ["LeakyReLU", layers.leakyReLU],
  ["ELU", layers.eLU],
  ["Dropout", layers.dropout],
  ["Flatten", layers.flatten],
  ["BatchNormalization", layers.batchNormalization],
  ["LayerNormalization", layers.layerNormalization],
  ["Embedding", layers.embedding],
  ["Input", layers.input],
  ["Conv2D", layers.conv2d],
  ["MaxPooling2D", layers.maxPooling2d],
  ["AveragePooling2D", layers.averagePooling2d],
  ["Reshape", layers.reshape],
]);

/** The architecture of a network; undefined where it is not sequential or has layers of the user's own. */
export function architectureOf(network: BuiltNetwork): Architecture | undefined {
  const { sequence, dtype, seed, inputShape } = network;
  if (sequence === undefined) return undefined;
  const described = sequence.map((layer, place): LayerDescription | number | undefined => {
    const first = sequence.indexOf(layer);
    if (first < place) return first;
    const { className, config } = layer;
    return config === undefined || !LAYER_FACTORIES.has(className) ? undefined : { className, config };
  });
  if (described.includes(undefined)) return undefined;
  return { format: 1, kind: "sequential", dtype, seed, inputShape, layers: described as (LayerDescription | number)[] };
}

function layerOf(description: LayerDescription | number, place: number, before: readonly Layer[]): Layer {
  if (typeof description === "number") {
    const shared = before[description];
    if (shared === undefined) throw fault("ERR_FORMAT", `architecture.layers[${place}]: no layer ${description} before it`);
    return shared;
  }
  const make = LAYER_FACTORIES.get(description?.className);
  if (make === undefined) throw fault("ERR_FORMAT", `architecture.layers[${place}]: unknown layer ${description?.className}`);
  return make(description.config as never);
}

/**
 * The network of an architecture, with initial weights.
 * @param mostElements refuse networks with more parameters and running statistics than this, before memory is taken.
 * @throws Error ERR_FORMAT for what is no architecture; the errors of the layers for bad options.
 */
export function networkOf(given: unknown, mostElements: number): BuiltNetwork {
  const architecture = given as Architecture;
  if (architecture === null || typeof architecture !== "object")
    throw wrongKind("architecture", "an object", given, "ERR_FORMAT");
  const { format, kind, dtype, seed, inputShape } = architecture;
  if (format !== 1 || kind !== "sequential" || !Array.isArray(architecture.layers))
    throw fault("ERR_FORMAT", `architecture: expected a sequential one of format 1, received ${kind}, format ${format}`);
  const made: Layer[] = [];
  architecture.layers.forEach((description, place) => {
    made.push(layerOf(description, place, made));
  });
  const options = { dtype, seed, inputShape };
  const elements = sequentialSize(made, options);
  if (elements > mostElements)
    throw fault("ERR_FORMAT", `architecture: ${elements} parameters, but the file holds ${mostElements} numbers`);
  return sequentialNetwork(made, options);
}
