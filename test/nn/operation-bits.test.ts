// Native operations have the reference's bits on every ISA: special values, tails, both types. NaN equals NaN; zeros keep
// their sign.
import { afterEach, describe, expect, it } from "vitest";
import { loadAddon } from "../../src/backend/native/load.ts";
import { BINARY_KINDS, UNARY_KINDS } from "../../src/backend/program.ts";
import { setBackend } from "../../src/backend/select.ts";
import { normal, uniform } from "../../src/core/random.ts";
import type { Dtype } from "../../src/core/types.ts";
import { applyBinary, applyUnary } from "../../src/graph/elementwise.ts";
import * as graphLayers from "../../src/graph/layers.ts";
import * as ops from "../../src/nn/ops.ts";
import { type GraphFunction, type GraphRun, type Input, runGraph } from "./run-graph.ts";

function requireAddon() {
  const { addon } = loadAddon();
  if (!addon) throw new Error("these tests need the addon: npm run build");
  return addon;
}

const addon = requireAddon();
const isas = addon.isas();

const SPECIAL = [
  0,
  -0,
  1,
  -1,
  0.5,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
  1e-45,
  -1e-45,
  1e-39,
  -1.1754942e-38,
  1.17549435e-38,
  1e-30,
  -1e-20,
  3.4e38,
  -3.4e38,
  88.7,
  88.8,
  -87.3,
  -103.9,
  -104,
  0.34,
  -0.34,
  0.625,
  6.5,
  -6.6,
  20,
  709.7,
  -708.3,
  -708.4,
];

function values(count: number, stream: number): number[] {
  return Array.from({ length: count }, (_, i) => {
    if (i % 3 === 0) return SPECIAL[(i / 3 + stream) % SPECIAL.length];
    return normal(9, stream, i) * (i % 3 === 1 ? 3 : 2 ** Math.floor(uniform(9, stream + 99, i) * 40 - 20));
  });
}

const vector = (count: number, stream: number): Input => ({ shape: [count], data: values(count, stream) });
const matrix = (rows: number, cols: number, stream: number): Input => ({
  shape: [rows, cols],
  data: values(rows * cols, stream),
});
const tame = (rows: number, cols: number, stream: number): Input => ({
  shape: [rows, cols],
  data: Array.from({ length: rows * cols }, (_, i) => normal(4, stream, i) * 5),
});

afterEach(() => {
  setBackend("auto");
  addon.setIsa(isas[0]);
});

function expectSameBits(f: GraphFunction, inputs: readonly Input[], dtype: Dtype, dy: readonly number[]): void {
  setBackend("reference", { exact: true });
  const expected = runGraph(f, { dtype, inputs, dy });
  setBackend("native");
  for (const isa of isas) {
    addon.setIsa(isa);
    const actual = runGraph(f, { dtype, inputs, dy });
    // toEqual tells −0 from 0 and takes NaN for NaN.
    expect<GraphRun>(actual).toEqual(expected);
  }
}

describe.each(["float32", "float64"] as const)("%s operations", (dtype) => {
  it.each(UNARY_KINDS)("%s", (kind) => {
    for (const count of [1, 2, 15, 16, 17, 31, 33, 97, 257]) {
      expectSameBits(([x]) => applyUnary(kind, x, 0.3), [vector(count, count)], dtype, values(count, count + 1));
    }
  });

  it.each(BINARY_KINDS)("%s", (kind) => {
    for (const [rows, cols] of [
      [1, 1],
      [3, 17],
      [5, 33],
    ]) {
      const dy = values(rows * cols, 5);
      for (const other of [matrix(rows, cols, 2), vector(cols, 3), matrix(rows, 1, 4), vector(1, 6)]) {
        expectSameBits(([a, b]) => applyBinary(kind, a, b), [matrix(rows, cols, 1), other], dtype, dy);
        expectSameBits(([a, b]) => applyBinary(kind, b, a), [matrix(rows, cols, 1), other], dtype, dy);
      }
    }
  });

  const rowWise: [string, GraphFunction][] = [
    ["softmax", ([x]) => ops.softmax(x)],
    ["logSoftmax", ([x]) => ops.logSoftmax(x)],
    ["mean over the last axis", ([x]) => ops.mean(x)],
    ["mean over the first axis", ([x]) => ops.mean(x, "first")],
    ["sum of everything", ([x]) => ops.sum(x, "all")],
    ["dropout", ([x]) => ops.dropout(x, 0.37)],
  ];
  it.each(rowWise)("%s", (_, f) => {
    for (const [rows, cols] of [
      [1, 1],
      [2, 10],
      [3, 33],
      [2, 600],
      [1, 4100],
    ]) {
      const count = rows * cols;
      expectSameBits(f, [tame(rows, cols, 1)], dtype, tame(1, count, 2).data);
      expectSameBits(f, [matrix(rows, cols, 1)], dtype, values(count, 2));
    }
  });

  const normalised: [string, GraphFunction][] = [
    ["layerNorm", ([x, g, b]) => ops.layerNorm(x, g, b, 1e-3)],
    ["batchNorm", ([x, g, b]) => graphLayers.batchNorm(x, g, b, 1e-3).y],
  ];
  it.each(normalised)("%s", (_, f) => {
    for (const [rows, cols] of [
      [1, 1],
      [4, 7],
      [9, 16],
      [6, 33],
      [2, 129],
    ]) {
      const inputs = [tame(rows, cols, 1), vector(cols, 7), vector(cols, 8)];
      expectSameBits(f, inputs, dtype, tame(rows, cols, 2).data);
      expectSameBits(f, [matrix(rows, cols, 1), vector(cols, 7), vector(cols, 8)], dtype, values(rows * cols, 2));
    }
  });

  it("causal attention and products of many matrices", () => {
    // float64 products of the reference round twice where native ones are fused: integers are exact in both.
    const whole = (data: readonly number[]) => data.map((v) => (dtype === "float64" ? Math.round(v) : v));
    for (const [count, n, d] of [
      [1, 1, 1],
      [3, 7, 5],
      [20, 17, 8],
    ]) {
      const [q, k, v] = [1, 2, 3].map(
        (stream): Input => ({ shape: [count, n, d], data: whole(tame(count, n * d, stream).data) }),
      );
      const dy = whole(tame(1, count * n * n, 4).data);
      for (const options of [{ transA: true }, { transB: true }]) {
        expectSameBits(([a, b]) => ops.batchMatmul(a, b, options), [q, k], dtype, dy);
      }
      if (dtype === "float32") expectSameBits(([a, b, c]) => ops.attention(a, b, c, { causal: true }), [q, k, v], dtype, dy);
    }
  });

  const windows: [string, GraphFunction][] = [
    ["imagePatches", ([x]) => ops.imagePatches(x, [2, 3], { strides: [1, 2], padding: "same", dilationRate: 2 })],
    ["maxPool2d", ([x]) => ops.maxPool2d(x, 3, { strides: 2, padding: "same" })],
    ["averagePool2d", ([x]) => ops.averagePool2d(x, [2, 3], { strides: 1, padding: "same" })],
  ];
  it.each(windows)("%s", (_, f) => {
    for (const [rows, height, width, channels] of [
      [1, 3, 4, 1],
      [3, 7, 5, 2],
      [40, 9, 8, 3],
    ]) {
      const count = rows * height * width * channels;
      for (const data of [values(count, 3), tame(1, count, 4).data]) {
        expectSameBits(f, [{ shape: [rows, height, width, channels], data }], dtype, values(count * 6, 6));
      }
    }
  });
});
