// Every differentiable operation against central differences in float64, on both backends.
import { afterEach, describe, expect, it } from "vitest";
import { setBackend } from "../../src/backend/select.ts";
import { uniform } from "../../src/core/random.ts";
import type { Value } from "../../src/graph/graph.ts";
import * as graphLayers from "../../src/graph/layers.ts";
import * as losses from "../../src/nn/losses.ts";
import * as ops from "../../src/nn/ops.ts";
import { type GraphFunction, type Input, runGraph } from "./run-graph.ts";

/** Values in ±[0.1, 1.1): away from the kinks of relu, abs and the like. */
function input(stream: number, ...shape: number[]): Input {
  const count = shape.reduce((product, n) => product * n, 1);
  const data = Array.from({ length: count }, (_, i) => {
    const u = uniform(3, stream, i);
    return (i % 2 === 0 ? 1 : -1) * (0.1 + u);
  });
  return { shape, data };
}

const positive = (given: Input): Input => ({ shape: given.shape, data: given.data.map((v) => Math.abs(v) + 0.2) });

const unaries: Record<string, (x: Value) => Value> = {
  relu: ops.relu,
  leakyRelu: (x) => ops.leakyRelu(x, 0.2),
  elu: (x) => ops.elu(x, 1.3),
  silu: ops.silu,
  gelu: (x) => ops.gelu(x),
  "gelu, tanh formula": (x) => ops.gelu(x, true),
  sigmoid: ops.sigmoid,
  tanh: ops.tanh,
  softplus: ops.softplus,
  exp: ops.exp,
  square: ops.square,
  abs: ops.abs,
  negate: ops.negate,
  reciprocal: ops.reciprocal,
  "times a number": (x) => ops.multiply(x, 1.7),
  "number minus": (x) => ops.subtract(2, x),
  "number over": (x) => ops.divide(2, x),
  softmax: ops.softmax,
  logSoftmax: ops.logSoftmax,
  "mean over the last axis": (x) => ops.mean(x),
  "mean over the first": (x) => ops.mean(x, "first"),
  "sum of everything": (x) => ops.sum(x, "all"),
  reshape: (x) => ops.square(ops.reshape(x, [5, 3])),
  sliceColumns: (x) => ops.sliceColumns(x, 1, 4),
  "used twice": (x) => ops.add(ops.multiply(x, x), x),
  dropout: (x) => ops.dropout(x, 0.4),
};

const { add, subtract, multiply, divide, maximum, minimum } = ops;
const binaries: Record<string, (a: Value, b: Value) => Value> = { add, subtract, multiply, divide, maximum, minimum };

const positiveUnaries: Record<string, (x: Value) => Value> = { log: ops.log, sqrt: ops.sqrt, log1p: ops.log1p };

interface Case {
  readonly name: string;
  readonly f: GraphFunction;
  readonly inputs: Input[];
  /** Class indices, one per row. */
  readonly labels?: readonly number[];
  /** The loss traces its own gradient, that of the mean over these rows. */
  readonly rows?: number;
}

const ROWS = 3;
const CLASSES = 5;
const LABELS = [4, 0, 2];

/** Numbers in the graph, fixed: each its own, so that a swapped index shows. */
function constant(like: Value, shape: readonly number[], numbers: readonly number[]): Value {
  const { graph } = like;
  const filled = numbers.map((number) => {
    const one = graph.value([1, 1]);
    graph.emit({ op: "fill", operands: [one], writes: [0], ints: [1], reals: [number] });
    return one;
  });
  return ops.reshape(ops.concatenate(filled), shape);
}

/** Dense targets, all different, whose sums are not 1, so that the gradient's share of each row's sum shows. */
const TARGETS = Array.from({ length: ROWS * CLASSES }, (_, i) => uniform(4, 1, i));

const crossEntropyOptions: [string, losses.CrossEntropyOptions, (p: Value) => Value][] = [
  ["of logits", { fromLogits: true }, (p) => p],
  ["of logits, smoothed", { fromLogits: true, labelSmoothing: 0.2 }, (p) => p],
  ["of probabilities", { labelSmoothing: 0.1 }, ops.sigmoid],
];

const crossEntropies = [losses.sparseCategoricalCrossentropy, losses.categoricalCrossentropy].flatMap((make) =>
  crossEntropyOptions.flatMap(([what, options, predictionOf]) =>
    [false, true].map((weighted): Case => {
      const loss = make(options);
      const f: GraphFunction = ([p], labels) =>
        loss.trace({
          prediction: predictionOf(p),
          target: loss.targets === "classes" ? labels : constant(p, [ROWS, CLASSES], TARGETS),
          weights: weighted ? constant(p, [ROWS], [0.5, 2, 1.25]) : null,
        });
      const name = `${loss.name} ${what}${weighted ? ", weighted" : ""}`;
      return { name, f, inputs: [input(1, ROWS, CLASSES)], labels: LABELS, rows: ROWS };
    }),
  ),
);

const plain: [string, GraphFunction, Input[]][] = [
  ...Object.entries(unaries).map(([name, f]): [string, GraphFunction, Input[]] => [name, ([x]) => f(x), [input(1, 3, 5)]]),
  ...Object.entries(positiveUnaries).map(([name, f]): [string, GraphFunction, Input[]] => [
    name,
    ([x]) => f(x),
    [positive(input(1, 3, 5))],
  ]),
  ...Object.entries(binaries).flatMap(([name, f]) =>
    [[3, 5], [5], [3, 1], [1]].map((shape): [string, GraphFunction, Input[]] => [
      `${name} with [${shape}]`,
      ([a, b]) => f(a, b),
      [input(1, 3, 5), input(2, ...shape)],
    ]),
  ),
  ["divide of a row by everything", ([a, b]) => ops.divide(b, a), [input(1, 3, 5), input(2, 5)]],
  ["dense", ([x, w, b]) => ops.dense(x, w, b), [input(1, 3, 5), input(2, 5, 4), input(3, 4)]],
  ["dense with relu", ([x, w, b]) => ops.dense(x, w, b, "relu"), [input(1, 3, 5), input(2, 5, 4), input(3, 4)]],
  ["matmul", ([a, b]) => ops.matmul(a, b), [input(1, 3, 5), input(2, 5, 4)]],
  ["one shared kernel", ([x, w]) => ops.dense(ops.tanh(ops.dense(x, w)), w), [input(1, 3, 5), input(2, 5, 5)]],
  ["layerNorm", ([x, g, b]) => ops.layerNorm(x, g, b, 1e-3), [input(1, 3, 5), input(2, 5), input(3, 5)]],
  ["batchNorm", ([x, g, b]) => graphLayers.batchNorm(x, g, b, 1e-3).y, [input(1, 6, 5), input(2, 5), input(3, 5)]],
  ["concatenate", ([a, b]) => ops.square(ops.concatenate([a, b, a])), [input(1, 3, 5), input(2, 3, 2)]],
  ["batchMatmul", ([a, b]) => ops.batchMatmul(a, b), [input(1, 2, 3, 4), input(2, 2, 4, 5)]],
  ["batchMatmul, a transposed", ([a, b]) => ops.batchMatmul(a, b, { transA: true }), [input(1, 2, 4, 3), input(2, 2, 4, 5)]],
  ["batchMatmul, b transposed", ([a, b]) => ops.batchMatmul(a, b, { transB: true }), [input(1, 2, 3, 4), input(2, 2, 5, 4)]],
  [
    "batchMatmul, both transposed",
    ([a, b]) => ops.batchMatmul(a, b, { transA: true, transB: true }),
    [input(1, 2, 4, 3), input(2, 2, 5, 4)],
  ],
  ["attention", ([q, k, v]) => ops.attention(q, k, v), [input(1, 2, 3, 4), input(2, 2, 5, 4), input(3, 2, 5, 2)]],
  [
    "causal attention",
    ([q, k, v]) => ops.attention(q, k, v, { causal: true }),
    [input(1, 2, 4, 3), input(2, 2, 4, 3), input(3, 2, 4, 2)],
  ],
  ["conv2d", ([x, w, b]) => ops.conv2d(x, w, b), [input(1, 2, 4, 5, 2), input(2, 3, 2, 2, 3), input(3, 3)]],
  [
    "conv2d with steps, padding, dilation and groups",
    ([x, w, b]) => ops.conv2d(x, w, b, { strides: [2, 1], padding: "same", dilationRate: [1, 2], groups: 2 }),
    [input(1, 2, 4, 5, 4), input(2, 2, 2, 2, 4), input(3, 4)],
  ],
  ["conv2d with relu", ([x, w]) => ops.conv2d(x, w, null, { activation: "relu" }), [input(1, 1, 3, 3, 2), input(2, 2, 2, 2, 2)]],
  ["imagePatches", ([x]) => ops.square(ops.imagePatches(x, 2)), [input(1, 2, 4, 5, 2)]],
  [
    "imagePatches with steps, padding and dilation",
    ([x]) => ops.square(ops.imagePatches(x, [2, 3], { strides: [1, 2], padding: "same", dilationRate: 2 })),
    [input(1, 2, 4, 5, 2)],
  ],
  ["maxPool2d", ([x]) => ops.square(ops.maxPool2d(x, 2)), [input(1, 2, 4, 5, 2)]],
  ["maxPool2d that overlaps", ([x]) => ops.maxPool2d(x, 3, { strides: 1, padding: "same" }), [input(1, 2, 4, 5, 2)]],
  ["averagePool2d", ([x]) => ops.square(ops.averagePool2d(x, [2, 3])), [input(1, 2, 4, 5, 2)]],
  ["averagePool2d that overlaps", ([x]) => ops.averagePool2d(x, 3, { strides: 2, padding: "same" }), [input(1, 2, 4, 5, 2)]],
  [
    "embedding",
    ([t]) => graphLayers.embedding(t, t.graph.value([4], { home: { space: "parameters", offset: 0 } })),
    [{ shape: [4, 1], data: [2, 0, 2, 3] }],
  ],
  ...[
    losses.meanSquaredError(),
    losses.meanAbsoluteError(),
    losses.huber({ delta: 0.5 }),
    losses.smoothL1({ beta: 0.4 }),
    losses.hinge(),
    losses.logCosh(),
    losses.binaryCrossentropy({ fromLogits: true, labelSmoothing: 0.1 }),
  ].map((loss): [string, GraphFunction, Input[]] => [
    loss.name,
    ([p]) => loss.trace({ prediction: p, target: constantTarget(p), weights: null }).rows,
    [input(1, 3, 5)],
  ]),
  ...[losses.klDivergence(), losses.binaryCrossentropy()].map((loss): [string, GraphFunction, Input[]] => [
    `${loss.name} of probabilities`,
    ([p]) => loss.trace({ prediction: ops.softmax(p), target: constantTarget(p), weights: null }).rows,
    [input(1, 3, 5)],
  ]),
];

const cases: Case[] = [...plain.map(([name, f, inputs]): Case => ({ name, f, inputs })), ...crossEntropies];

/** Fixed targets in (0, 1), by the same shape. */
function constantTarget(p: Value): Value {
  const target = p.graph.value(p.shape);
  p.graph.emit({ op: "fill", operands: [target], writes: [0], ints: [15], reals: [0.31] });
  return target;
}

function dyOf(count: number): number[] {
  return Array.from({ length: count }, (_, i) => uniform(5, 9, i) - 0.4);
}

const H = 1e-5;

afterEach(() => setBackend("auto"));

describe("gradients equal central differences", () => {
  for (const backend of ["native", "reference"] as const) {
    for (const { name, f, inputs, labels, rows } of cases) {
      it(`${name} on ${backend}`, () => {
        setBackend(backend, { exact: true });
        const outputOf = (given: readonly Input[]) => runGraph(f, { dtype: "float64", inputs: given, labels });
        const { length } = outputOf(inputs).output;
        const dy = rows === undefined ? dyOf(length) : Array.from({ length }, () => 1 / rows);
        const { gradients } = runGraph(f, { dtype: "float64", inputs, labels, dy });
        // An embedding's indices are not differentiated; its table is, and it is the same array here.
        inputs.forEach(({ shape, data }, k) => {
          data.forEach((value, i) => {
            if (name === "embedding") return;
            const moved = (by: number) => {
              const at = inputs.map((given, j) => (j === k ? { shape, data: data.with(i, value + by) } : given));
              return outputOf(at).output.reduce((sum, y, o) => sum + y * dy[o], 0);
            };
            const difference = (moved(H) - moved(-H)) / (2 * H);
            // Truncation h²·f‴/6 and rounding 2⁻⁵²·|f|/h, both with f of order 100 at most.
            expect(Math.abs(gradients[k][i] - difference)).toBeLessThan(1e-7 * Math.max(1, Math.abs(difference)));
          });
        });
        if (name === "embedding") expect(gradients[0]).toEqual([dy[1], 0, dy[0] + dy[2], dy[3]]);
      });
    }
  }
});

describe("nothing that is differentiated lacks a case", () => {
  const has = (name: string) =>
    cases.some((one) => one.name === name || one.name.startsWith(`${name} `) || one.name.startsWith(`${name},`));
  /** Exports that make a loss of what they are given. */
  const makers = ["lossFrom", "lossOf"];

  it.each(Object.keys(ops))("the operation %s", (name) => expect(has(name)).toBe(true));
  it.each(Object.keys(losses).filter((name) => !makers.includes(name)))("the loss %s", (name) => expect(has(name)).toBe(true));
});
