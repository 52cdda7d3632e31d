// Every operation against PyTorch 1.13 (test/golden/layers.json): outputs and all gradients, float64 and float32, on both
// backends.
import { readFileSync } from "node:fs";
import { afterEach, describe, expect, it } from "vitest";
import { setBackend } from "../../src/backend/select.ts";
import type { Value } from "../../src/graph/graph.ts";
import * as graphLayers from "../../src/graph/layers.ts";
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

interface Mapped {
  readonly f: GraphFunction;
  readonly inputs: readonly Input[];
  /** Names of the torch gradients, one per input; transposed where marked. */
  readonly names: readonly string[];
  readonly labels?: readonly number[];
  readonly training?: boolean;
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
    case "matmul":
      return { f: ([a, b]) => ops.matmul(a, b), inputs: [inputs.a, inputs.b], names: ["a", "b"] };
    case "layer_norm":
      return {
        f: ([x, g, b]) => ops.layerNorm(x, g, b, options.eps as number),
        inputs: [inputs.x, inputs.weight, inputs.bias],
        names: ["x", "weight", "bias"],
      };
    case "batch_norm1d":
      if (!options.training) return undefined;
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
    case "bce_with_logits":
      return lossCase(losses.binaryCrossentropy({ fromLogits: true }), entry, inputs.input.shape[1]);
    case "bce_loss":
      return lossCase(losses.binaryCrossentropy(), entry, inputs.input.shape[1]);
    default:
      return undefined;
  }
}

/** Not offered by this library, or tested apart. */
const LEFT_OUT = new Set([
  "conv2d",
  "max_pool2d",
  "avg_pool2d",
  "scaled_dot_product_attention",
  "smooth_l1_loss",
  "cross_entropy",
]);

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
          const dy = entry.dy === "ones" ? undefined : entry.dy.data;
          const { output, gradients } = runGraph(map.f, { dtype, inputs: map.inputs, dy, labels: map.labels });
          expectClose(output, expected.output, tolerance);
          map.names.forEach((name, i) => {
            const wanted = expected.grads[name.replace("T", "")];
            const gradient = name.endsWith("T")
              ? transposed({ shape: map.inputs[i].shape, data: gradients[i] }).data
              : gradients[i];
            expectClose(gradient, wanted, tolerance);
          });
        }
      });
    }
  });

  it("covers every case that the library offers", () => {
    const named = cases.filter((entry) => mapped(entry) === undefined).map(({ op }) => op);
    expect(named.filter((op) => !LEFT_OUT.has(op))).toEqual(["batch_norm1d"]);
    expect(tested).toBeGreaterThanOrEqual(25);
  });
});
