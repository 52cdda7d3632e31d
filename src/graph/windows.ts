// Convolution and pooling over images [rows, height, width, channels]: windows become patches, whose product with the
// kernels is gemm's.
import type { OpName } from "../backend/program.ts";
import { checkInteger } from "../core/checks.ts";
import { wrongValue } from "../core/errors.ts";
import { sizeOf, type Value } from "./graph.ts";
import { dense } from "./layers.ts";
import { concatenate, reshape, sliceColumns } from "./reduce.ts";

/** A number for both directions, or [height, width]. */
export type Pair = number | readonly [number, number];

export interface WindowOptions {
  /** Steps between windows, ≥ 1; default 1 for convolutions, the window's size for pooling. */
  readonly strides?: Pair;
  /** "valid" (default): only windows inside the image; "same": ⌈size / stride⌉ outputs, the image padded, more at its end. */
  readonly padding?: "valid" | "same";
}

export interface Conv2dOptions extends WindowOptions {
  /** Distance between the pixels of a window, ≥ 1; default 1. */
  readonly dilationRate?: Pair;
  /** Parts into which channels and filters are divided, each with kernels of its own; default 1. */
  readonly groups?: number;
  readonly activation?: "none" | "relu";
}

/** Of sizes, strides and dilations: the product of two stays far below what instructions hold. */
const LARGEST = 4096;

/** Both directions of an option. @throws ERR_OPTION, ERR_DTYPE, ERR_RANGE (1 … 4096). */
export function pairOf(argument: string, given: Pair): readonly [number, number] {
  const pair = typeof given === "number" ? ([given, given] as const) : given;
  if (!Array.isArray(pair) || pair.length !== 2) throw wrongValue(argument, "a number or two", given, "ERR_OPTION");
  for (const n of pair) {
    checkInteger(argument, n, 1);
    if (n > LARGEST) throw wrongValue(argument, `an integer of at most ${LARGEST}`, n);
  }
  return pair as readonly [number, number];
}

interface Axis {
  readonly outputs: number;
  readonly before: number;
}

function axisOf(name: string, size: number, kernel: number, stride: number, dilation: number, padding: string): Axis {
  if (padding !== "valid" && padding !== "same") throw wrongValue(`${name}.padding`, '"valid" or "same"', padding, "ERR_OPTION");
  const span = (kernel - 1) * dilation + 1;
  if (padding === "valid") {
    if (span > size) throw wrongValue("x", `an image of at least ${span} pixels for ${name}`, size, "ERR_SHAPE");
    return { outputs: Math.floor((size - span) / stride) + 1, before: 0 };
  }
  const outputs = Math.ceil(size / stride);
  return { outputs, before: Math.floor(Math.max(0, (outputs - 1) * stride + span - size) / 2) };
}

interface Windows {
  readonly ints: readonly number[];
  readonly rows: number;
  readonly outputs: readonly [number, number];
  readonly channels: number;
}

function windowsOf(name: string, x: Value, size: Pair, strides: Pair, dilation: Pair, padding = "valid"): Windows {
  if (x.shape.length !== 4) throw wrongValue("x", `[rows, height, width, channels] for ${name}`, `[${x.shape}]`, "ERR_SHAPE");
  const [rows, height, width, channels] = x.shape;
  const [kernelHeight, kernelWidth] = pairOf(`${name}.kernelSize`, size);
  const [strideHeight, strideWidth] = pairOf(`${name}.strides`, strides);
  const [dilationHeight, dilationWidth] = pairOf(`${name}.dilationRate`, dilation);
  const down = axisOf(name, height, kernelHeight, strideHeight, dilationHeight, padding);
  const across = axisOf(name, width, kernelWidth, strideWidth, dilationWidth, padding);
  const image = [rows, height, width, channels, down.outputs, across.outputs, kernelHeight, kernelWidth];
  return {
    ints: [...image, strideHeight, strideWidth, down.before, across.before, dilationHeight, dilationWidth],
    rows,
    outputs: [down.outputs, across.outputs],
    channels,
  };
}

/** The pixels of each window side by side: [rows, outputs down, outputs across, window height · window width · channels]. */
export function imagePatches(x: Value, size: Pair, options: WindowOptions & { readonly dilationRate?: Pair } = {}): Value {
  const { strides = 1, dilationRate = 1, padding } = options;
  return patches(x, windowsOf("imagePatches", x, size, strides, dilationRate, padding));
}

function patches(x: Value, windows: Windows): Value {
  const { graph } = x;
  const { ints, rows, outputs, channels } = windows;
  const y = graph.value([rows, ...outputs, ints[6] * ints[7] * channels], { needsGradient: x.needsGradient });
  graph.emit({ op: "patches", operands: [x, y], writes: [1], ints });
  return graph.differentiable(y, [x], (dy) => {
    const dx = graph.value(x.shape);
    graph.emit({ op: "patchesGradient", operands: [dy, dx], writes: [1], ints });
    return [dx];
  });
}

/**
 * Convolution (as everywhere in deep learning: the kernel is not flipped) of x [rows, height, width, channels] with kernels
 * w [height, width, channels / groups, filters], plus b [filters]. @throws ERR_SHAPE, ERR_OPTION, ERR_RANGE.
 */
export function conv2d(x: Value, w: Value, b: Value | null = null, options: Conv2dOptions = {}): Value {
  const { strides = 1, padding, dilationRate = 1, groups = 1, activation = "none" } = options;
  checkInteger("conv2d.groups", groups, 1);
  if (w.shape.length !== 4) throw wrongValue("w", "[height, width, channels, filters]", `[${w.shape}]`, "ERR_SHAPE");
  const [kernelHeight, kernelWidth, depth, filters] = w.shape;
  const windows = windowsOf("conv2d", x, [kernelHeight, kernelWidth], strides, dilationRate, padding);
  if (depth * groups !== windows.channels || filters % groups !== 0) {
    const wanted = `[${kernelHeight}, ${kernelWidth}, ${windows.channels / groups}, a multiple of ${groups}]`;
    throw wrongValue("w", wanted, `[${w.shape}]`, "ERR_SHAPE");
  }
  const kernels = reshape(w, [kernelHeight * kernelWidth * depth, filters]);
  if (groups === 1) return dense(patches(x, windows), kernels, b, activation);
  const each = filters / groups;
  const parts = Array.from({ length: groups }, (_, g) => {
    const channels = sliceColumns(x, g * depth, (g + 1) * depth);
    const own = windowsOf("conv2d", channels, [kernelHeight, kernelWidth], strides, dilationRate, padding);
    const bias = b && sliceColumns(b, g * each, (g + 1) * each);
    return dense(patches(channels, own), sliceColumns(kernels, g * each, (g + 1) * each), bias, activation);
  });
  return concatenate(parts);
}

function pool(name: "maxPool" | "averagePool", x: Value, size: Pair, options: WindowOptions): Value {
  const { graph } = x;
  const { ints, rows, outputs, channels } = windowsOf(name, x, size, options.strides ?? size, 1, options.padding);
  const y = graph.value([rows, ...outputs, channels], { needsGradient: x.needsGradient });
  graph.emit({ op: name, operands: [x, y], writes: [1], ints });
  return graph.differentiable(y, [x], (dy) => {
    const dx = graph.value(x.shape);
    const op: OpName = `${name}Gradient`;
    const operands = name === "maxPool" ? [x, dy, dx] : [dy, dx];
    graph.emit({ op, operands, writes: [operands.length - 1], ints });
    return [dx];
  });
}

/** The largest pixel of each window and channel (the first of equal ones receives the gradient); NaN where one is NaN. */
export const maxPool2d = (x: Value, poolSize: Pair, options: WindowOptions = {}): Value => pool("maxPool", x, poolSize, options);

/** The mean of each window and channel over the pixels inside the image. */
export const averagePool2d = (x: Value, poolSize: Pair, options: WindowOptions = {}): Value =>
  pool("averagePool", x, poolSize, options);

/** Elements of one sample under another shape. */
export function reshapeRows(x: Value, shape: readonly number[]): Value {
  const [rows] = x.shape;
  const size = sizeOf(x.shape.slice(1));
  if (sizeOf(shape) !== size) throw wrongValue("targetShape", `a product of ${size}`, `[${shape}]`, "ERR_SHAPE");
  return reshape(x, [rows, ...shape]);
}
