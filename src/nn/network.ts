// Networks: layers with their parameters in one arena, and the trace of a forward pass.
import { allocate } from "../backend/allocate.ts";
import { checkInteger } from "../core/checks.ts";
import { wrongKind, wrongValue } from "../core/errors.ts";
import { tensor } from "../core/tensor.ts";
import type { Dtype, FloatArray } from "../core/types.ts";
import { Graph, sizeOf, type Value } from "../graph/graph.ts";
import { checkShape, type Layer, type Variable } from "./layer.ts";
import type { LayerInfo, NamedTensor, Network } from "./types.ts";

/** Streams of initialisers start here: dropout and shuffling use lower ones. */
const INITIALIZER_STREAM = 0x80000000;
/** Elements; 64 bytes for both dtypes. */
const ALIGNMENT = 16;

export interface NetworkOptions {
  /** Default "float32". */
  readonly dtype?: Dtype;
  /** Of the initialisers and of dropout: an integer in [0, 2^53); default 0. */
  readonly seed?: number;
  /** Shape of one sample; sequential() also takes it from its first layer. */
  readonly inputShape?: readonly number[];
}

/** A forward pass: from [rows, ...inputShape] to [rows, ...outputShape]; `apply` runs a layer. */
export type Forward = (x: Value, apply: (layer: Layer, x: Value) => Value) => Value;

interface Placed extends Variable {
  readonly fullName: string;
  /** In its arena, in elements. */
  readonly offset: number;
}

/** Finds the layers of a forward pass, in the order of their first use, by running it once without memory. */
class Builder {
  readonly layers: LayerInfo[] = [];
  readonly placed = new Map<Layer, readonly Placed[]>();
  readonly totals = { trainable: 0, state: 0 };
  readonly #names = new Map<string, number>();
  readonly #taken = new Set<string>();

  apply = (layer: Layer, x: Value): Value => {
    if (typeof layer !== "object" || layer === null || typeof layer.call !== "function") {
      throw wrongKind("layer", "a layer", layer);
    }
    const known = this.placed.get(layer);
    const name = known ? "" : this.#nameOf(layer);
    const variables = known ?? layer.variables(x.shape.slice(1)).map((variable) => this.#place(variable, name));
    if (!known) this.placed.set(layer, variables);
    const y = layer.call(x, (wanted) => x.graph.value(variableOf(variables, wanted).shape));
    if (!known) {
      const parameterCount = variables.reduce((total, { shape }) => total + sizeOf(shape), 0);
      this.layers.push({ name, className: layer.className, outputShape: y.shape.slice(1), parameterCount });
    }
    return y;
  };

  #nameOf({ className, name }: Layer): string {
    const base = className.replace(/(?<=[a-z])([A-Z])/g, "_$1").toLowerCase();
    let chosen = name;
    while (chosen === undefined || (name === undefined && this.#taken.has(chosen))) {
      const count = this.#names.get(base) ?? 0;
      this.#names.set(base, count + 1);
      chosen = count === 0 ? base : `${base}_${count}`;
    }
    if (this.#taken.has(chosen)) throw wrongValue("layer.name", "a name used once", chosen, "ERR_DUPLICATE");
    this.#taken.add(chosen);
    return chosen;
  }

  #place(variable: Variable, layer: string): Placed {
    const arena = variable.trainable ? "trainable" : "state";
    const offset = this.totals[arena];
    this.totals[arena] += Math.ceil(sizeOf(variable.shape) / ALIGNMENT) * ALIGNMENT;
    return { ...variable, fullName: `${layer}/${variable.name}`, offset };
  }
}

function variableOf(variables: readonly Placed[], name: string): Placed {
  const found = variables.find((variable) => variable.name === name);
  if (!found) throw wrongValue("variable", `one of ${variables.map((v) => v.name).join(", ")}`, name, "ERR_STATE");
  return found;
}

export interface TracedParameter {
  readonly value: Value;
  readonly offset: number;
}

/** A network and what the trainer needs of it. */
export class BuiltNetwork implements Network {
  readonly dtype: Dtype;
  readonly seed: number;
  readonly inputShape: readonly number[];
  readonly outputShape: readonly number[];
  readonly layers: readonly LayerInfo[];
  readonly parameters: readonly NamedTensor[];
  readonly buffers: readonly NamedTensor[];
  /** All parameters, then all running statistics; gradients have the first one's layout. */
  readonly arena: FloatArray;
  readonly state: FloatArray;
  /** Begin and length of each parameter in the arena. */
  readonly ranges: readonly (readonly [number, number])[];
  /** The layers of a sequential network, in order. */
  readonly sequence: readonly Layer[] | undefined;
  readonly #forward: Forward;
  readonly #placed: ReadonlyMap<Layer, readonly Placed[]>;

  constructor(forward: Forward, inputShape: readonly number[], options: NetworkOptions, sequence?: readonly Layer[]) {
    this.sequence = sequence;
    const { dtype = "float32", seed = 0 } = options;
    if (dtype !== "float32" && dtype !== "float64") throw wrongValue("dtype", '"float32" or "float64"', dtype, "ERR_OPTION");
    checkInteger("seed", seed);
    checkShape("inputShape", inputShape);
    this.dtype = dtype;
    this.seed = seed;
    this.inputShape = Object.freeze([...inputShape]);
    this.#forward = forward;
    const builder = new Builder();
    const y = forward(new Graph(dtype, false).value([1, ...inputShape]), builder.apply);
    if (y.shape[0] !== 1) throw wrongValue("model", "an output with one row per sample", `[${y.shape}]`, "ERR_SHAPE");
    this.outputShape = Object.freeze(y.shape.slice(1));
    this.layers = builder.layers;
    this.#placed = builder.placed;
    this.arena = allocate(dtype, builder.totals.trainable);
    this.state = allocate(dtype, builder.totals.state);
    const all = [...builder.placed.values()].flat();
    const trainable = all.filter((variable) => variable.trainable);
    this.parameters = trainable.map((variable) => namedTensor(this.arena, variable));
    this.ranges = trainable.map(({ offset, shape }) => [offset, sizeOf(shape)] as const);
    this.buffers = all.filter((variable) => !variable.trainable).map((variable) => namedTensor(this.state, variable));
    this.reset(seed);
  }

  /** Initial values again, from this seed. */
  reset(seed: number): void {
    const all = [...this.#placed.values()].flat();
    all.forEach(({ initializer, offset, shape, trainable }, i) => {
      const arena = trainable ? this.arena : this.state;
      initializer(arena.subarray(offset, offset + sizeOf(shape)), shape, seed, INITIALIZER_STREAM + i);
    });
  }

  /** Records a forward pass; parameters are values that need gradients. */
  trace(graph: Graph, x: Value): { readonly output: Value; readonly parameters: readonly TracedParameter[] } {
    const parameters: TracedParameter[] = [];
    const known = new Map<Placed, Value>();
    const place = (placed: Placed): Value => {
      let value = known.get(placed);
      if (!value) {
        const { offset, shape, trainable } = placed;
        const home = { space: trainable ? "parameters" : "state", offset } as const;
        value = graph.value(shape, { home, needsGradient: trainable });
        known.set(placed, value);
        if (trainable) parameters.push({ value, offset });
      }
      return value;
    };
    const output = this.#forward(x, (layer, input) => {
      const variables = this.#placed.get(layer);
      if (!variables)
        throw wrongValue("layer", "a layer that was there when the network was built", layer.className, "ERR_STATE");
      return layer.call(input, (name) => place(variableOf(variables, name)));
    });
    return { output, parameters };
  }
}

function namedTensor(arena: FloatArray, { fullName, shape, offset }: Placed): NamedTensor {
  return { name: fullName, tensor: tensor(arena.subarray(offset, offset + sizeOf(shape)), shape) };
}

/**
 * A network of layers in a row. @throws ERR_SHAPE where no input shape is given or a layer does not fit, ERR_DUPLICATE for a
 * layer name used twice, ERR_OPTION.
 */
export function sequentialNetwork(layers: readonly Layer[], options: NetworkOptions = {}): BuiltNetwork {
  if (!Array.isArray(layers)) throw wrongKind("layers", "an array of layers", layers);
  const inputShape = options.inputShape ?? layers[0]?.inputShape;
  if (!inputShape) throw wrongValue("inputShape", "a shape, on the first layer or in the options", inputShape, "ERR_SHAPE");
  return new BuiltNetwork(inOrder(layers), inputShape, options, [...layers]);
}

const inOrder =
  (layers: readonly Layer[]): Forward =>
  (x, apply) =>
    layers.reduce((value, layer) => apply(layer, value), x);

/** Parameters and running statistics that sequentialNetwork would make, in elements, without making them. */
export function sequentialSize(
  layers: readonly Layer[],
  { dtype = "float32", inputShape = [] }: Pick<NetworkOptions, "dtype" | "inputShape">,
): number {
  checkShape("inputShape", inputShape);
  const builder = new Builder();
  inOrder(layers)(new Graph(dtype, false).value([1, ...inputShape]), builder.apply);
  return [...builder.placed.values()].flat().reduce((total, { shape }) => total + sizeOf(shape), 0);
}

/**
 * A network from a function: branches, sums and shared layers. `forward` runs once per batch size and must do the same each
 * time; layers are made outside it.
 */
export function functionalNetwork(
  forward: Forward,
  options: NetworkOptions & { readonly inputShape: readonly number[] },
): BuiltNetwork {
  if (typeof forward !== "function") throw wrongKind("forward", "a function", forward);
  return new BuiltNetwork(forward, options.inputShape, options);
}
