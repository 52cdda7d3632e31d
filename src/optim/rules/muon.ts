// Muon: the momentum of a matrix, orthogonalised by Newton–Schulz. Twin of native/optim/tensor/muon.cc.

import type { TensorRule, TensorStep } from "../../backend/optim.ts";
import { elementCount } from "../../core/shape.ts";
import type { FloatArray } from "../../core/types.ts";
import { type CommonValues, commonOptions, type Method } from "../method.ts";
import { above, atLeast, choice, flag, number, numbers, wholeNumber, within } from "../options.ts";
import { adam, momentOptions, writeAdam } from "./adam.ts";

type Gemm = Pick<Parameters<TensorStep["gemm"]>[0], "m" | "n" | "k" | "a" | "b" | "c" | "transA" | "transB" | "alpha" | "beta">;

/** A product of dense matrices. */
function multiply({ gemm }: TensorStep, call: Gemm): void {
  const { m, n, k, transA, transB } = call;
  gemm({
    ...call,
    lda: transA ? m : k,
    ldb: transB ? k : n,
    ldc: n,
    bias: null,
    activation: "none",
    residual: null,
    ldr: 0,
  });
}

/**
 * `steps` times X ← aX + (bA + cA²)X with A = XXᵀ, from the side where A is the smaller. Gives the last X.
 */
function newtonSchulz(step: TensorStep, first: FloatArray, steps: number): FloatArray {
  const [rows, columns] = step.shape as [number, number];
  const [a, b, c] = [step.c[6]!, step.c[7]!, step.c[8]!];
  const wide = rows <= columns;
  const order = wide ? rows : columns;
  const make = step.p instanceof Float32Array ? (n: number) => new Float32Array(n) : (n: number) => new Float64Array(n);
  const [gram, polynomial] = [make(order * order), make(order * order)];
  let [x, next]: [FloatArray, FloatArray] = [first, make(step.count)];
  for (let k = 0; k < steps; k++) {
    const inner = wide ? columns : rows;
    multiply(step, { m: order, n: order, k: inner, a: x, b: x, c: gram, transA: !wide, transB: wide, alpha: 1, beta: 0 });
    polynomial.set(gram);
    const square = { m: order, n: order, k: order, a: gram, b: gram, c: polynomial, transA: false, transB: false };
    multiply(step, { ...square, alpha: c, beta: b });
    next.set(x);
    const [left, right] = wide ? [polynomial, x] : [x, polynomial];
    const product = { m: rows, n: columns, k: order, a: left, b: right, c: next, transA: false, transB: false };
    multiply(step, { ...product, alpha: 1, beta: a });
    [x, next] = [next, x];
  }
  return x;
}

export const muon: TensorRule = {
  name: "muon",
  slots: ["v"],
  coefficients: ["momentum", "gain", "nesterov", "rate", "steps", "epsilon", "a", "b", "c", "adjust"],
  layout: (_slot, shape) => ({ type: "parameter", count: elementCount(shape) }),
  updateTensor(step) {
    const { r, read, c, row, p, count, keep } = step;
    const [rows, columns] = step.shape as [number, number];
    const [momentum, gain, nesterov] = [c[0]!, c[1]!, c[2]! !== 0];
    const v = step.slots[0]!;
    const x = p instanceof Float32Array ? new Float32Array(count) : new Float64Array(count);
    for (let i = 0; i < count; i++) {
      const g = step.gradient(i);
      const mean = r(r(momentum * read(v[i]!)) + r(gain * g));
      v[i] = mean;
      x[i] = nesterov ? r(r(momentum * mean) + r(gain * g)) : mean;
    }
    const norm = Math.sqrt(step.reduce(count, (i) => x[i]! * x[i]!));
    const divisor = r(norm > row[5]! ? norm : row[5]!);
    for (let i = 0; i < count; i++) x[i] = r(x[i]! / divisor);
    const u = newtonSchulz(step, x, row[4]!);
    // "original" max(1, rows ÷ columns), "match_rms_adamw" .2² max(rows, columns): both under the root.
    const ratio = rows > columns ? rows / columns : 1;
    const adjust = row[9] === 0 ? Math.sqrt(ratio) : 0.2 * Math.sqrt(rows > columns ? rows : columns);
    const rate = r(row[3]! * adjust);
    for (let i = 0; i < count; i++) p[i] = r(r(read(p[i]!) * keep) - r(rate * read(u[i]!)));
  },
};

export const ADJUSTMENTS = ["original", "match_rms_adamw"] as const;

type Values = CommonValues & {
  momentum: number;
  nesterov: boolean;
  nsSteps: number;
  nsCoefficients: readonly number[];
  adjustLearningRate: string;
  adamwScale: number;
  beta1: number;
  beta2: number;
  epsilon: number;
  nsEpsilon: number;
};

export const muonMethod: Method<Values> = {
  name: "Muon",
  options: {
    ...commonOptions(0.001, { weightDecay: 0.1, decoupled: true }),
    momentum: number(0.95, within(0, 1), "decay rate of the mean gradient of a matrix"),
    nesterov: flag(true, "look ahead: mix the gradient into the mean once more"),
    nsSteps: number(5, wholeNumber(0), "Newton–Schulz iterations"),
    nsCoefficients: numbers([3.4445, -4.775, 2.0315], "a, b, c of X ← aX + (bA + cA²)X, A = XXᵀ"),
    adjustLearningRate: choice(
      "original",
      ADJUSTMENTS,
      "factor of the rate by shape: √max(1, rows/columns), or .2·√max(rows, columns)",
    ),
    nsEpsilon: number(1e-7, above(0), "bounds the norm that the matrix is divided by"),
    adamwScale: number(1, atLeast(0), "factor of the learning rate where AdamW updates"),
    ...momentOptions(),
  },
  rule: (_options, { shape }) => (shape.length === 2 ? muon : adam),
  coefficients(options, input, c, at, { rule }) {
    if (rule !== muon) {
      writeAdam(options, { ...input, rate: input.rate * options.adamwScale }, c, at);
      return;
    }
    c[at] = options.momentum;
    c[at + 1] = 1 - options.momentum;
    c[at + 2] = options.nesterov ? 1 : 0;
    c[at + 3] = input.rate;
    c[at + 4] = options.nsSteps;
    c[at + 5] = options.nsEpsilon;
    for (let k = 0; k < 3; k++) c[at + 6 + k] = options.nsCoefficients[k]!;
    c[at + 9] = options.adjustLearningRate === "original" ? 0 : 1;
  },
};
