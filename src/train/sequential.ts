// Models from layers: what users start with.
import type { Layer } from "../nn/layer.ts";
import { type Forward, functionalNetwork, type NetworkOptions, sequentialNetwork } from "../nn/network.ts";
import { createTrainer } from "./engine.ts";
import { Model } from "./model.ts";
import type { Network } from "./trainer.ts";

export { Model };

/** A model over a network that was built by itself. */
export function createModel(network: Network): Model {
  return new Model(network, createTrainer);
}

/**
 * A model of layers in a row.
 *
 * ```ts
 * const model = sequential([dense({ units: 64, activation: "relu", inputShape: [784] }), dense({ units: 10, activation: "softmax" })]);
 * model.compile({ optimizer: "adam", loss: "sparseCategoricalCrossentropy", metrics: ["accuracy"] });
 * await model.fit(x, y, { epochs: 10, batchSize: 128, validationSplit: 0.1 });
 * ```
 */
export function sequential(layers: readonly Layer[], options: NetworkOptions = {}): Model {
  return createModel(sequentialNetwork(layers, options));
}

/** A model whose forward pass is a function over graph values; `apply` runs a layer and may run it again to share it. */
export function functional(forward: Forward, options: NetworkOptions & { readonly inputShape: readonly number[] }): Model {
  return createModel(functionalNetwork(forward, options));
}
