// Layers over images [height, width, channels], with Keras' names and defaults.
import { checkInteger } from "../core/checks.ts";
import { wrongValue } from "../core/errors.ts";
import type { Value } from "../graph/graph.ts";
import {
  averagePool2d,
  conv2d as convolve,
  maxPool2d,
  type Pair,
  pairOf,
  reshapeRows,
  type WindowOptions,
} from "../graph/windows.ts";
import { type Activation, activate, activationName } from "./activations.ts";
import { type Initializer, initializerOf, zeros } from "./initializers.ts";
import { checkLayerOptions, checkShape, common, type Layer, type LayerOptions } from "./layer.ts";

export interface Conv2dLayerOptions extends LayerOptions, WindowOptions {
  /** Kernels, and channels of the output; at least 1. */
  readonly filters: number;
  /** Height and width of the kernels, each at least 1. */
  readonly kernelSize: Pair;
  /** Distance between the pixels of a window, ≥ 1; default 1. */
  readonly dilationRate?: Pair;
  /** Parts into which channels and filters are divided; default 1. */
  readonly groups?: number;
  /** Default "linear". */
  readonly activation?: Activation;
  /** Default true. */
  readonly useBias?: boolean;
  /** Default "glorotUniform". */
  readonly kernelInitializer?: Initializer | string;
  /** Default "zeros". */
  readonly biasInitializer?: Initializer | string;
}

const CONV = ["strides", "padding", "dilationRate", "groups", "activation", "useBias", "kernelInitializer", "biasInitializer"];

/**
 * A two-dimensional convolution: [height, width, channels] → [outputs down, outputs across, filters]; kernel [height, width,
 * channels / groups, filters]. ReLU and bias are part of the product.
 */
export function conv2d(options: Conv2dLayerOptions): Layer {
  checkLayerOptions("Conv2D", options, ["filters", "kernelSize", ...CONV]);
  const { filters, useBias = true, strides = 1, padding = "valid", dilationRate = 1, groups = 1 } = options;
  checkInteger("Conv2D.filters", filters, 1);
  checkInteger("Conv2D.groups", groups, 1);
  const [height, width] = pairOf("Conv2D.kernelSize", options.kernelSize);
  const { activation = "linear" } = options;
  const chosen = typeof activation === "function" ? activation : activationName("Conv2D.activation", activation);
  const kernelInitializer = initializerOf("Conv2D.kernelInitializer", options.kernelInitializer ?? "glorotUniform");
  const biasInitializer = initializerOf("Conv2D.biasInitializer", options.biasInitializer ?? zeros);
  const fused = chosen === "relu";
  return {
    className: "Conv2D",
    ...common(options),
    variables(inputShape) {
      const channels = inputShape[2] ?? 0;
      if (inputShape.length !== 3 || channels % groups !== 0) {
        throw wrongValue("inputShape", `[height, width, a multiple of ${groups}]`, `[${inputShape}]`, "ERR_SHAPE");
      }
      const shape = [height, width, channels / groups, filters];
      const kernel = { name: "kernel", shape, initializer: kernelInitializer, trainable: true };
      return useBias ? [kernel, { name: "bias", shape: [filters], initializer: biasInitializer, trainable: true }] : [kernel];
    },
    call(x, variable) {
      const window = { strides, padding, dilationRate, groups, activation: fused ? "relu" : "none" } as const;
      const y = convolve(x, variable("kernel"), useBias ? variable("bias") : null, window);
      return fused ? y : activate(y, chosen);
    },
  };
}

export interface PoolingOptions extends LayerOptions, WindowOptions {
  /** Default 2. */
  readonly poolSize?: Pair;
}

function pooling(className: string, apply: (x: Value, size: Pair, options: WindowOptions) => Value) {
  return (options: PoolingOptions = {}): Layer => {
    checkLayerOptions(className, options, ["poolSize", "strides", "padding"]);
    const { poolSize = 2, strides = poolSize, padding = "valid" } = options;
    pairOf(`${className}.poolSize`, poolSize);
    pairOf(`${className}.strides`, strides);
    const call = (x: Value) => apply(x, poolSize, { strides, padding });
    return { className, ...common(options), variables: () => [], call };
  };
}

/** The largest pixel of each window and channel. */
export const maxPooling2d = pooling("MaxPooling2D", maxPool2d);
/** The mean of each window and channel; padding does not count. */
export const averagePooling2d = pooling("AveragePooling2D", averagePool2d);

/** The elements of a sample under another shape, for example rows of 784 pixels as [28, 28, 1]. */
export function reshape(options: LayerOptions & { readonly targetShape: readonly number[] }): Layer {
  checkLayerOptions("Reshape", options, ["targetShape"]);
  const { targetShape } = options;
  checkShape("Reshape.targetShape", targetShape);
  return { className: "Reshape", ...common(options), variables: () => [], call: (x) => reshapeRows(x, targetShape) };
}
