// Operations that layers are made of: dense products, softmax, normalisation, dropout, embedding.
import { wrongValue } from "../core/errors.ts";
import { applyUnary } from "./elementwise.ts";
import { type Graph, rowsAndCols, sizeOf, type Value } from "./graph.ts";
import { columnSum } from "./reduce.ts";

interface Product {
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly transA?: boolean;
  readonly transB?: boolean;
  readonly bias?: Value | null;
  readonly relu?: boolean;
}

function emitGemm(graph: Graph, a: Value, b: Value, c: Value, product: Product): void {
  const { m, n, k, transA = false, transB = false, bias = null, relu = false } = product;
  const ints = [m, n, k, Number(transA), Number(transB), Number(relu)];
  graph.emit({ op: "gemm", operands: [a, b, c, bias], writes: [2], ints });
}

/**
 * x·w + b, with ReLU where asked, in one product: x [..., in], w [in, out], b [out]. The gradient of x is not computed
 * where nothing below needs it.
 */
export function dense(x: Value, w: Value, b: Value | null = null, activation: "none" | "relu" = "none"): Value {
  const { graph } = x;
  const [m, k] = rowsAndCols(x);
  const [inputs, n] = w.shape;
  if (w.shape.length !== 2 || inputs !== k) throw wrongValue("w", `a shape of [${k}, units]`, `[${w.shape}]`, "ERR_SHAPE");
  if (b && sizeOf(b.shape) !== n) throw wrongValue("b", `a length of ${n}`, `[${b.shape}]`, "ERR_SHAPE");
  const inputsOf = b ? [x, w, b] : [x, w];
  const y = graph.value([...x.shape.slice(0, -1), n], { needsGradient: inputsOf.some((v) => v.needsGradient) });
  emitGemm(graph, x, w, y, { m, n, k, bias: b, relu: activation === "relu" });
  return graph.differentiable(y, inputsOf, (dy) => {
    const dz = activation === "relu" ? reluGradient(y, dy) : dy;
    const dw = w.needsGradient ? graph.value(w.shape) : null;
    if (dw) emitGemm(graph, x, dz, dw, { m: k, n, k: m, transA: true });
    const db = b?.needsGradient ? columnSum(dz, 1, b.shape) : null;
    const dx = x.needsGradient ? graph.value(x.shape) : null;
    if (dx) emitGemm(graph, dz, w, dx, { m, n: k, k: n, transB: true });
    return b ? [dx, dw, db] : [dx, dw];
  });
}

function reluGradient(y: Value, dy: Value): Value {
  const dz = y.graph.value(y.shape);
  y.graph.emit({ op: "unaryGradient", operands: [y, dy, dz], writes: [2], ints: [0, sizeOf(y.shape)], reals: [0] });
  return dz;
}

/** a·b of two matrices, [m, k] and [k, n]. */
export function matmul(a: Value, b: Value): Value {
  return dense(a, b);
}

function rowWise(x: Value, forward: "softmax" | "logSoftmax", backward: "softmaxGradient" | "logSoftmaxGradient"): Value {
  const { graph } = x;
  const ints = rowsAndCols(x);
  const y = graph.value(x.shape, { needsGradient: x.needsGradient });
  graph.emit({ op: forward, operands: [x, y], writes: [1], ints });
  return graph.differentiable(y, [x], (dy) => {
    const dx = graph.value(x.shape);
    graph.emit({ op: backward, operands: [y, dy, dx], writes: [2], ints });
    return [dx];
  });
}

/** Softmax over the last axis. */
export const softmax = (x: Value): Value => rowWise(x, "softmax", "softmaxGradient");
/** Logarithm of softmax over the last axis, without overflow. */
export const logSoftmax = (x: Value): Value => rowWise(x, "logSoftmax", "logSoftmaxGradient");

/**
 * Drops elements with probability `rate` and scales the others by 1/(1 − rate), in training; the identity otherwise. Masks
 * are not stored: the backward pass draws them again.
 */
export function dropout(x: Value, rate: number): Value {
  const { graph } = x;
  if (!(rate >= 0 && rate < 1)) throw wrongValue("rate", "a number in [0, 1)", rate, "ERR_OPTION");
  if (!graph.training || rate === 0) return x;
  const stream = graph.nextStream();
  const apply = (from: Value, needsGradient: boolean): Value => {
    const y = graph.value(x.shape, { needsGradient });
    const [rows, cols] = [x.shape[0], sizeOf(x.shape.slice(1))];
    graph.emit({ op: "dropout", operands: [from, y], writes: [1], ints: [rows, cols, stream], reals: [rate] });
    return y;
  };
  return graph.differentiable(apply(x, x.needsGradient), [x], (dy) => [apply(dy, false)]);
}

/** Normalises each row of the last axis to mean 0 and variance 1, then scales by gamma and adds beta, both [n]. */
export function layerNorm(x: Value, gamma: Value, beta: Value, epsilon: number): Value {
  const { graph } = x;
  const ints = rowsAndCols(x);
  const inputs = [x, gamma, beta];
  const y = graph.value(x.shape, { needsGradient: inputs.some((v) => v.needsGradient) });
  graph.emit({ op: "layerNorm", operands: [x, gamma, beta, y], writes: [3], ints, reals: [epsilon] });
  return graph.differentiable(y, inputs, (dy) => {
    const dx = graph.value(x.shape);
    const products = graph.value(x.shape);
    graph.emit({
      op: "layerNormGradient",
      operands: [x, gamma, dy, dx, products],
      writes: [3, 4],
      ints,
      reals: [epsilon],
    });
    return [dx, columnSum(products, 1, gamma.shape), columnSum(dy, 1, beta.shape)];
  });
}

/** The batch's mean and variance (with n − 1), [n], beside the normalised values. */
export interface BatchNormResult {
  readonly y: Value;
  readonly mean: Value;
  readonly variance: Value;
}

/** Normalises each column over the batch, then scales by gamma and adds beta, both [n]. */
export function batchNorm(x: Value, gamma: Value, beta: Value, epsilon: number): BatchNormResult {
  const { graph } = x;
  const ints = rowsAndCols(x);
  const inputs = [x, gamma, beta];
  const y = graph.value(x.shape, { needsGradient: inputs.some((v) => v.needsGradient) });
  const mean = graph.value(gamma.shape);
  const variance = graph.value(gamma.shape);
  graph.emit({
    op: "batchNorm",
    operands: [x, gamma, beta, y, mean, variance],
    writes: [3, 4, 5],
    ints,
    reals: [epsilon],
  });
  graph.differentiable(y, inputs, (dy) => {
    const dx = graph.value(x.shape);
    const dgamma = graph.value(gamma.shape);
    const dbeta = graph.value(beta.shape);
    graph.emit({
      op: "batchNormGradient",
      operands: [x, gamma, dy, dx, dgamma, dbeta],
      writes: [3, 4, 5],
      ints,
      reals: [epsilon],
    });
    return [dx, dgamma, dbeta];
  });
  return { y, mean, variance };
}

/** running ← running·decay + batch·(1 − decay), after the pass, in the order of a batch's parts. */
export function updateRunning(running: Value, batch: Value, decay: number): void {
  running.graph.emit({
    op: "blend",
    operands: [running, batch],
    writes: [0],
    ints: [sizeOf(running.shape)],
    reals: [decay, 1 - decay],
    phase: 1,
  });
}

/** Rows of `table` [vocabulary, units] named by `index` (class indices stored as floats): [...index.shape, units]. */
export function embedding(table: Value, index: Value): Value {
  const { graph } = table;
  const [rows, cols] = table.shape;
  const ints = [rows, cols, sizeOf(index.shape)];
  const y = graph.value([...index.shape, cols], { needsGradient: table.needsGradient });
  graph.emit({ op: "embedding", operands: [table, index, y], writes: [2], ints });
  return graph.differentiable(y, [table, index], (dy) => {
    const dtable = graph.value(table.shape);
    graph.emit({ op: "embeddingGradient", operands: [index, dy, dtable], writes: [2], ints });
    return [dtable, null];
  });
}

/** Flattened and negated copies are cheap; a copy is needed where a value must have storage of its own. */
export const copy = (x: Value): Value => applyUnary("copy", x);
