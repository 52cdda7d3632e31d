// The network of a model description: the hidden layers of --model, then one dense output layer.

import type { Layer } from "../nn/layer.ts";
import { batchNormalization, dense, dropout, layerNormalization } from "../nn/layers.ts";
import { type Model, sequential } from "../train/sequential.ts";
import type { LayerSpec } from "./model-spec.ts";

export interface BuildOptions {
  readonly features: number;
  /** Classes, or 1 for regression. */
  readonly outputs: number;
  readonly task: "classification" | "regression";
  readonly seed: number;
}

function toLayer(spec: LayerSpec): Layer {
  switch (spec.kind) {
    case "dense":
      // He for what is linear on one side, Glorot for the rest, as the initialisers' papers say.
      return dense({
        units: spec.units,
        activation: spec.activation as "relu",
        kernelInitializer: /elu/i.test(spec.activation) ? "heNormal" : "glorotUniform",
      });
    case "dropout":
      return dropout({ rate: spec.rate });
    case "batchnorm":
      return batchNormalization();
    case "layernorm":
      return layerNormalization();
  }
}

export function buildModel(hidden: readonly LayerSpec[], { features, outputs, task, seed }: BuildOptions): Model {
  const output = dense({ units: outputs, activation: task === "classification" ? "softmax" : "linear" });
  return sequential([...hidden.map(toLayer), output], { inputShape: [features], seed });
}
