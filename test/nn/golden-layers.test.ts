// Every operation against PyTorch 1.13 (test/golden/layers.json): outputs and all gradients, float64 and float32, on both
// backends.
import { readFileSync } from "node:fs";
import { afterEach, describe, expect, it } from "vitest";
import { setBackend } from "../../src/backend/select.ts";
import type { Value } from "../../src/graph/graph.ts";
import * as graphLayers from "../../src/graph/layers.ts";
import * as layers from "../../src/nn/layers.ts";
import * as losses from "../../src/nn/losses.ts";
import * as ops from "../../src/nn/ops.ts";
import { type GraphFunction, type Input, runGraph } from "./run-graph.ts";

interface Outcome {
  readonly output: number[];
  readonly grads: Record<string, number[]>;
}
interface Case {
  readonly op: string;
  readonly options: Record<string, unknown>;
  readonly inputs: Record<string, Input>;
  readonly int_inputs?: Record<string, number[]>;
  readonly dy: "ones" | Input;
  readonly output_shape: number[];
  readonly f32: Outcome;
  readonly f64: Outcome;
}

const { cases } = JSON.parse(readFileSync(new URL("../golden/layers.json", import.meta.url), "utf8")) as { cases: Case[] };

/** Torch's weights are [out, in], ours [in, out]. */
function transposed({ shape: [rows, cols], data }: Input): Input {
  return {
    shape: [cols, rows],
    data: Array.from({ length: rows * cols }, (_, i) => data[(i % rows) * cols + Math.floor(i / rows)]),
  };
}

/** Torch's images are [n, c, h, w] and its kernels [filters, c, h, w]; ours [n, h, w, c] and [h, w, c, filters]. */
function permuted({ shape, data }: Input, order: readonly number[]): Input {
  const to = order.map((axis) => shape[axis]);
  const strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((product, n) => product * n, 1));
  const out = data.map((_, i) => {
    let rest = i;
    let from = 0;
    for (let axis = to.length - 1; axis >= 0; axis--) {
      from += (rest % to[axis]) * strides[order[axis]];
      rest = Math.floor(rest / to[axis]);
    }
    return data[from];
  });
  return { shape: to, data: out };
}
const LAST = [0, 2, 3, 1];
const FIRST = [0, 3, 1, 2];
const KERNEL = [2, 3, 1, 0];
const TORCH_KERNEL = [3, 2, 0, 1];

interface Mapped {
  readonly f: GraphFunction;
  readonly inputs: readonly Input[];
  /** Names of the torch gradients, one per input; transposed where marked. */
  readonly names: readonly string[];
  readonly labels?: readonly number[];
  readonly training?: boolean;
  /** Outputs are images: compared as torch stores them. */
  readonly images?: boolean;
}

/** Padding of torch on both sides, as pixels of zeros around the image: ours is "valid" or "same" only. */
function padded(image: Input, by: number): Input {
  const [n, h, w, c] = image.shape;
  const shape = [n, h + 2 * by, w + 2 * by, c];
  const data = new Array<number>(shape.reduce((product, size) => product * size, 1)).fill(0);
  for (let i = 0; i < image.data.length; i++) {
    const channel = i % c;
    const x = Math.floor(i / c) % w;
    const y = Math.floor(i / (c * w)) % h;
    data[((Math.floor(i / (c * w * h)) * shape[1] + y + by) * shape[2] + x + by) * c + channel] = image.data[i];
  }
  return { shape, data };
}
/** The gradient of the image inside of the padding. */
function inner({ shape: [n, h, w, c], data }: Input, by: number): Input {
  const shape = [n, h - 2 * by, w - 2 * by, c];
  const out = data.filter((_, i) => {
    const x = Math.floor(i / c) % w;
    const y = Math.floor(i / (c * w)) % h;
    return x >= by && x < w - by && y >= by && y < h - by;
  });
  return { shape, data: out };
}

const unaryOps: Record<string, (x: Value, options: Record<string, unknown>) => Value> = {
  relu: ops.relu,
  gelu: (x, o) => ops.gelu(x, o.approximate === "tanh"),
  sigmoid: ops.sigmoid,
  tanh: ops.tanh,
  softmax: ops.softmax,
  log_softmax: ops.logSoftmax,
  leaky_relu: (x, o) => ops.leakyRelu(x, o.negative_slope as number),
  silu: ops.silu,
  elu: (x, o) => ops.elu(x, o.alpha as number),
  softplus: ops.softplus,
};

/** A loss of ours as a function of [prediction, target] values, reduced as torch says. */
function lossCase(loss: losses.Loss, { inputs, options }: Case, cols: number): Mapped {
  const target = (options.target as number[] | undefined) ?? inputs.target.data;
  const shape = inputs.input.shape;
  const f: GraphFunction = ([prediction, t]) => {
    const { rows } = loss.trace({ prediction, target: t, weights: null });
    // Ours average over the outputs of a row; torch's sum does not.
    return options.reduction === "sum" ? ops.multiply(ops.sum(rows, "all"), cols) : ops.mean(rows, "all");
  };
  return { f, inputs: [inputs.input, { shape, data: target }], names: ["input"] };
}

function mapped(entry: Case): Mapped | undefined {
  const { op, inputs, options } = entry;
  const unary = unaryOps[op];
  if (unary) return { f: ([x]) => unary(x, options), inputs: [inputs.x], names: ["x"] };
  switch (op) {
    case "linear": {
      const list = inputs.bias ? [inputs.x, transposed(inputs.weight), inputs.bias] : [inputs.x, transposed(inputs.weight)];
      return {
        f: ([x, w, b]) => ops.dense(x, w, b ?? null),
        inputs: list,
        names: ["x", "weightT", "bias"].slice(0, list.length),
      };
    }
    case "conv2d": {
      const { stride = 1, dilation = 1, groups = 1 } = options as Record<string, number>;
      return {
        f: ([x, w, b]) => ops.conv2d(x, w, b, { strides: stride, dilationRate: dilation, groups }),
        inputs: [padded(permuted(inputs.x, LAST), options.padding as number), permuted(inputs.weight, KERNEL), inputs.bias],
        names: ["x", "weight", "bias"],
        images: true,
      };
    }
    case "max_pool2d":
    case "avg_pool2d": {
      const pool = op === "max_pool2d" ? ops.maxPool2d : ops.averagePool2d;
      const { kernel_size: size, stride: strides } = options as Record<string, number>;
      return { f: ([x]) => pool(x, size, { strides }), inputs: [permuted(inputs.x, LAST)], names: ["x"], images: true };
    }
    case "scaled_dot_product_attention":
      return {
        f: ([q, k, v]) => ops.attention(q, k, v, { causal: options.causal as boolean }),
        inputs: [inputs.q, inputs.k, inputs.v],
        names: ["q", "k", "v"],
      };
    case "matmul":
      return { f: ([a, b]) => ops.matmul(a, b), inputs: [inputs.a, inputs.b], names: ["a", "b"] };
    case "layer_norm":
      return {
        f: ([x, g, b]) => ops.layerNorm(x, g, b, options.eps as number),
        inputs: [inputs.x, inputs.weight, inputs.bias],
        names: ["x", "weight", "bias"],
      };
    case "batch_norm1d":
      if (!options.training) {
        const running = (name: string): Input => {
          const data = options[name] as number[];
          return { shape: [data.length], data };
        };
        return {
          f: ([x, g, b, mean, variance]) => {
            const values: Record<string, Value> = { gamma: g, beta: b, moving_mean: mean, moving_variance: variance };
            return layers.batchNormalization({ epsilon: options.eps as number }).call(x, (name) => values[name]);
          },
          inputs: [inputs.x, inputs.weight, inputs.bias, running("running_mean"), running("running_var")],
          names: ["x", "weight", "bias"],
          training: false,
        };
      }
      return {
        f: ([x, g, b]) => graphLayers.batchNorm(x, g, b, options.eps as number).y,
        inputs: [inputs.x, inputs.weight, inputs.bias],
        names: ["x", "weight", "bias"],
      };
    case "embedding": {
      const index = entry.int_inputs?.index as number[];
      return {
        f: ([table, i]) => graphLayers.embedding(table, i),
        inputs: [inputs.weight, { shape: [index.length], data: index }],
        names: ["weight"],
      };
    }
    case "mse_loss":
      return lossCase(losses.meanSquaredError(), entry, inputs.input.shape[1]);
    case "l1_loss":
      return lossCase(losses.meanAbsoluteError(), entry, inputs.input.shape[1]);
    case "huber_loss":
      return lossCase(losses.huber({ delta: options.delta as number }), entry, inputs.input.shape[1]);
    case "smooth_l1_loss":
      return lossCase(losses.smoothL1({ beta: options.beta as number }), entry, inputs.input.shape[1]);
    case "bce_with_logits":
      return lossCase(losses.binaryCrossentropy({ fromLogits: true }), entry, inputs.input.shape[1]);
    case "bce_loss":
      return lossCase(losses.binaryCrossentropy(), entry, inputs.input.shape[1]);
    default:
      return undefined;
  }
}

/** Tested apart, in cross-entropy.test.ts. */
const LEFT_OUT = new Set(["cross_entropy"]);

function inTorchsOrder({ op, options }: Case, name: string, found: Input): readonly number[] {
  if (name.endsWith("T")) return transposed(found).data;
  if (found.shape.length !== 4 || op === "scaled_dot_product_attention") return found.data;
  if (name === "weight") return permuted(found, TORCH_KERNEL).data;
  return permuted(op === "conv2d" ? inner(found, options.padding as number) : found, FIRST).data;
}

function expectClose(actual: readonly number[], expected: readonly number[], tolerance: number): void {
  expect(actual.length).toBe(expected.length);
  const worst = expected.reduce((most, y, i) => Math.max(most, Math.abs(actual[i] - y) / Math.max(1, Math.abs(y))), 0);
  expect(worst).toBeLessThanOrEqual(tolerance);
}

afterEach(() => setBackend("auto"));

describe("operations against PyTorch", () => {
  let tested = 0;
  cases.forEach((entry, index) => {
    const map = mapped(entry);
    if (!map) return;
    tested++;
    for (const backend of ["native", "reference"] as const) {
      it(`${entry.op} ${JSON.stringify(entry.options).slice(0, 60)} (case ${index}) on ${backend}`, () => {
        setBackend(backend, { exact: true });
        for (const dtype of ["float64", "float32"] as const) {
          const expected = dtype === "float64" ? entry.f64 : entry.f32;
          // float64: a few ulps over at most 64 terms of magnitude 10; float32: torch's own sums differ by that much.
          const tolerance = dtype === "float64" ? 1e-12 : 2e-5;
          const given = entry.dy === "ones" ? undefined : entry.dy;
          const dy = given && map.images ? permuted(given, LAST).data : given?.data;
          const { inputs, labels, training } = map;
          const { output, gradients } = runGraph(map.f, { dtype, inputs, dy, labels, training });
          const [n, c, h, w] = entry.output_shape;
          const asTorch = map.images ? permuted({ shape: [n, h, w, c], data: output }, FIRST).data : output;
          expectClose(asTorch, expected.output, tolerance);
          map.names.forEach((name, i) => {
            const found: Input = { shape: map.inputs[i].shape, data: gradients[i] };
            expectClose(inTorchsOrder(entry, name, found), expected.grads[name.replace("T", "")], tolerance);
          });
        }
      });
    }
  });

  it("covers every case that the library offers", () => {
    const named = cases.filter((entry) => mapped(entry) === undefined).map(({ op }) => op);
    expect(named.filter((op) => !LEFT_OUT.has(op))).toEqual([]);
    expect(tested).toBeGreaterThanOrEqual(36);
  });
});
