// Activations by name, as layers take them.
import { wrongValue } from "../core/errors.ts";
import { elu, gelu, leakyRelu, relu, sigmoid, silu, softplus, tanh } from "../graph/elementwise.ts";
import type { Value } from "../graph/graph.ts";
import { softmax } from "../graph/layers.ts";

export const ACTIVATIONS = {
  linear: (x: Value) => x,
  relu,
  leakyRelu: (x: Value) => leakyRelu(x),
  elu: (x: Value) => elu(x),
  silu,
  swish: silu,
  gelu: (x: Value) => gelu(x),
  sigmoid,
  tanh,
  softmax,
  softplus,
} as const;
export type ActivationName = keyof typeof ACTIVATIONS;
/** A name, or any function of a graph value. */
export type Activation = ActivationName | ((x: Value) => Value);

const KERAS_NAMES: Readonly<Record<string, ActivationName>> = { leaky_relu: "leakyRelu", none: "linear" };

export function activationName(argument: string, given: string): ActivationName {
  const name = KERAS_NAMES[given] ?? given;
  if (!Object.hasOwn(ACTIVATIONS, name)) {
    throw wrongValue(argument, `one of ${Object.keys(ACTIVATIONS).join(", ")}`, given, "ERR_OPTION");
  }
  return name as ActivationName;
}

/** What went into the softmax or sigmoid that made a value: losses start from there, which is exact and saves a pass. */
export interface Logits {
  readonly kind: "softmax" | "sigmoid";
  readonly value: Value;
}

const logits = new WeakMap<Value, Logits>();

export const logitsOf = (value: Value): Logits | undefined => logits.get(value);

export function activate(x: Value, activation: Activation): Value {
  if (typeof activation === "function") return activation(x);
  const y = ACTIVATIONS[activation](x);
  if (activation === "softmax" || activation === "sigmoid") logits.set(y, { kind: activation, value: x });
  return y;
}
