// Public names of networks: layers, initialisers, losses and functions over graph values.
export type { Value } from "../graph/graph.ts";
export type { Activation, ActivationName } from "./activations.ts";
export type { Initializer } from "./initializers.ts";
export * as initializers from "./initializers.ts";
export type { Layer, LayerOptions, Variable } from "./layer.ts";
export * as layers from "./layers.ts";
export type { CrossEntropyOptions, Loss, LossFunction } from "./losses.ts";
export * as losses from "./losses.ts";
export { BuiltNetwork, type Forward, functionalNetwork, type NetworkOptions, sequentialNetwork } from "./network.ts";
export * as ops from "./ops.ts";
