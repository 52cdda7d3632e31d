// The built-in layers, with Keras' names and defaults.
import { checkInteger } from "../core/checks.ts";
import { wrongValue } from "../core/errors.ts";
import { add, elu, leakyRelu, multiply, reciprocal, sqrt, subtract } from "../graph/elementwise.ts";
import { sizeOf, type Value } from "../graph/graph.ts";
import * as ops from "../graph/layers.ts";
import { reshape } from "../graph/reduce.ts";
import { type Activation, type ActivationName, activate, activationName } from "./activations.ts";
import { type Initializer, initializerOf, ones, zeros } from "./initializers.ts";
import { checkLayerOptions, checkShape, common, type Layer, type LayerOptions, type Variable } from "./layer.ts";

export * from "./image-layers.ts";

export interface DenseOptions extends LayerOptions {
  /** Outputs per sample, at least 1. */
  readonly units: number;
  /** Default "linear". */
  readonly activation?: Activation;
  /** Default true. */
  readonly useBias?: boolean;
  /** Default "glorotUniform". */
  readonly kernelInitializer?: Initializer | string;
  /** Default "zeros". */
  readonly biasInitializer?: Initializer | string;
}

function checkedActivation(argument: string, activation: Activation): Activation {
  return typeof activation === "function" ? activation : activationName(argument, activation);
}

/** y = activation(x·kernel + bias); kernel [in, units]. ReLU and bias are part of the product. */
export function dense(options: DenseOptions): Layer {
  checkLayerOptions("Dense", options, ["units", "activation", "useBias", "kernelInitializer", "biasInitializer"]);
  const { units, useBias = true } = options;
  checkInteger("Dense.units", units, 1);
  const activation = checkedActivation("Dense.activation", options.activation ?? "linear");
  const kernelInitializer = initializerOf("Dense.kernelInitializer", options.kernelInitializer ?? "glorotUniform");
  const biasInitializer = initializerOf("Dense.biasInitializer", options.biasInitializer ?? zeros);
  const fused = activation === "relu";
  return {
    className: "Dense",
    ...common(options),
    variables(inputShape): Variable[] {
      const inputs = inputShape.at(-1);
      if (inputs === undefined) throw wrongValue("inputShape", "at least one dimension", "[]", "ERR_SHAPE");
      const kernel = { name: "kernel", shape: [inputs, units], initializer: kernelInitializer, trainable: true };
      return useBias ? [kernel, { name: "bias", shape: [units], initializer: biasInitializer, trainable: true }] : [kernel];
    },
    call(x, variable) {
      const y = ops.dense(x, variable("kernel"), useBias ? variable("bias") : null, fused ? "relu" : "none");
      return fused ? y : activate(y, activation);
    },
  };
}

function withoutVariables(className: string, options: LayerOptions, call: (x: Value) => Value): Layer {
  return { className, ...common(options), variables: () => [], call };
}

/** An activation as a layer of its own. */
export function activation(options: LayerOptions & { readonly activation: Activation }): Layer {
  checkLayerOptions("Activation", options, ["activation"]);
  const chosen = checkedActivation("Activation.activation", options.activation);
  return withoutVariables("Activation", options, (x) => activate(x, chosen));
}

function named(className: string, name: ActivationName): (options?: LayerOptions) => Layer {
  return (options = {}) => {
    checkLayerOptions(className, options, []);
    return withoutVariables(className, options, (x) => activate(x, name));
  };
}

export const reLU = named("ReLU", "relu");
export const softmax = named("Softmax", "softmax");
export const sigmoid = named("Sigmoid", "sigmoid");
export const tanh = named("Tanh", "tanh");
export const silu = named("SiLU", "silu");
export const softplus = named("Softplus", "softplus");
export const gelu = named("GELU", "gelu");

/** x > 0 ? x : alpha·x; alpha 0.3 by default. */
export function leakyReLU(options: LayerOptions & { readonly alpha?: number } = {}): Layer {
  checkLayerOptions("LeakyReLU", options, ["alpha"]);
  const alpha = finite("LeakyReLU.alpha", options.alpha ?? 0.3);
  return withoutVariables("LeakyReLU", options, (x) => leakyRelu(x, alpha));
}

/** x > 0 ? x : alpha·(exp(x) − 1); alpha 1 by default. */
export function eLU(options: LayerOptions & { readonly alpha?: number } = {}): Layer {
  checkLayerOptions("ELU", options, ["alpha"]);
  const alpha = finite("ELU.alpha", options.alpha ?? 1);
  return withoutVariables("ELU", options, (x) => elu(x, alpha));
}

/** Drops with probability `rate` in [0, 1) while training, scaling what stays by 1/(1 − rate). */
export function dropout(options: LayerOptions & { readonly rate: number }): Layer {
  checkLayerOptions("Dropout", options, ["rate"]);
  const { rate } = options;
  if (!(rate >= 0 && rate < 1)) throw wrongValue("Dropout.rate", "a number in [0, 1)", rate, "ERR_OPTION");
  return withoutVariables("Dropout", options, (x) => ops.dropout(x, rate));
}

/** [rows, a, b, …] → [rows, a·b·…]. */
export function flatten(options: LayerOptions = {}): Layer {
  checkLayerOptions("Flatten", options, []);
  return withoutVariables("Flatten", options, (x) => reshape(x, [x.shape[0], sizeOf(x.shape.slice(1))]));
}

function finite(argument: string, value: number): number {
  if (!Number.isFinite(value)) throw wrongValue(argument, "a finite number", value, "ERR_OPTION");
  return value;
}

function between(argument: string, value: number, high: number): number {
  if (!(value >= 0 && value < high)) throw wrongValue(argument, `a number in [0, ${high})`, value, "ERR_OPTION");
  return value;
}

export interface NormalizationOptions extends LayerOptions {
  /** Added to the variance, at least 0; default 1e-3 as in Keras. */
  readonly epsilon?: number;
}

function scaleAndOffset(units: number): Variable[] {
  return [
    { name: "gamma", shape: [units], initializer: ones, trainable: true },
    { name: "beta", shape: [units], initializer: zeros, trainable: true },
  ];
}

/**
 * Normalises each feature over the batch while training and by running statistics otherwise; running ← momentum·running +
 * (1 − momentum)·batch, momentum 0.99 by default, with the variance that divides by n − 1 (as PyTorch).
 */
export function batchNormalization(options: NormalizationOptions & { readonly momentum?: number } = {}): Layer {
  checkLayerOptions("BatchNormalization", options, ["epsilon", "momentum"]);
  const epsilon = between("BatchNormalization.epsilon", options.epsilon ?? 1e-3, Number.POSITIVE_INFINITY);
  const momentum = between("BatchNormalization.momentum", options.momentum ?? 0.99, 1);
  return {
    className: "BatchNormalization",
    ...common(options),
    variables(inputShape) {
      const units = inputShape.at(-1) as number;
      return [
        ...scaleAndOffset(units),
        { name: "moving_mean", shape: [units], initializer: zeros, trainable: false },
        { name: "moving_variance", shape: [units], initializer: ones, trainable: false },
      ];
    },
    call(x, variable) {
      const [gamma, beta] = [variable("gamma"), variable("beta")];
      const [mean, variance] = [variable("moving_mean"), variable("moving_variance")];
      if (!x.graph.training) {
        const inverse = reciprocal(sqrt(add(variance, epsilon)));
        return add(multiply(multiply(subtract(x, mean), inverse), gamma), beta);
      }
      const batch = ops.batchNorm(x, gamma, beta, epsilon);
      ops.updateRunning(mean, batch.mean, momentum);
      ops.updateRunning(variance, batch.variance, momentum);
      return batch.y;
    },
  };
}

/** Normalises each sample over its last axis. */
export function layerNormalization(options: NormalizationOptions = {}): Layer {
  checkLayerOptions("LayerNormalization", options, ["epsilon"]);
  const epsilon = between("LayerNormalization.epsilon", options.epsilon ?? 1e-3, Number.POSITIVE_INFINITY);
  return {
    className: "LayerNormalization",
    ...common(options),
    variables: (inputShape) => scaleAndOffset(inputShape.at(-1) as number),
    call: (x, variable) => ops.layerNorm(x, variable("gamma"), variable("beta"), epsilon),
  };
}

export interface EmbeddingOptions extends LayerOptions {
  /** Number of indices, at least 1; an index outside reads zeros and receives no gradient. */
  readonly inputDim: number;
  /** Units per index, at least 1. */
  readonly outputDim: number;
  /** Default "randomUniform". */
  readonly embeddingsInitializer?: Initializer | string;
}

/** Rows of a table by class index (stored as floats): [...shape] → [...shape, outputDim]. Only as the first layer. */
export function embedding(options: EmbeddingOptions): Layer {
  checkLayerOptions("Embedding", options, ["inputDim", "outputDim", "embeddingsInitializer"]);
  const { inputDim, outputDim } = options;
  checkInteger("Embedding.inputDim", inputDim, 1);
  checkInteger("Embedding.outputDim", outputDim, 1);
  const initializer = initializerOf("Embedding.embeddingsInitializer", options.embeddingsInitializer ?? "randomUniform");
  return {
    className: "Embedding",
    ...common(options),
    variables: () => [{ name: "embeddings", shape: [inputDim, outputDim], initializer, trainable: true }],
    call: (x, variable) => ops.embedding(variable("embeddings"), x),
  };
}

/** A layer from a function without variables. */
export function lambda(call: (x: Value) => Value, options: LayerOptions = {}): Layer {
  checkLayerOptions("Lambda", options, []);
  return { ...withoutVariables("Lambda", options, call), config: undefined };
}

/** Only names the shape of one sample. */
export function input(options: { readonly shape: readonly number[]; readonly name?: string }): Layer {
  checkShape("Input.shape", options.shape);
  const layer = withoutVariables("Input", { name: options.name, inputShape: options.shape }, (x) => x);
  return { ...layer, ...common(options as LayerOptions), inputShape: options.shape };
}
