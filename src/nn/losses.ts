// Losses: one number per sample over graph values, weighted and averaged by the trainer. Names and defaults as in Keras.
import { wrongKind, wrongValue } from "../core/errors.ts";
import {
  abs,
  add,
  exp,
  log,
  log1p,
  maximum,
  minimum,
  multiply,
  negate,
  softplus,
  square,
  subtract,
} from "../graph/elementwise.ts";
import { rowsAndCols, sizeOf, type Value } from "../graph/graph.ts";
import { mean, reshape, sum } from "../graph/reduce.ts";
import { logitsOf } from "./activations.ts";

/** What a loss returns to the trainer. */
export interface TracedLoss {
  /** One value per row, weights included. */
  readonly rows: Value;
  /** 1 or 0 per row, or null where the loss has no classes. */
  readonly hits: Value | null;
  /** Gradients that are known without the tape: values and their gradients, already divided by the rows. */
  readonly seeds: readonly (readonly [Value, Value])[] | null;
}

export interface LossInput {
  readonly prediction: Value;
  readonly target: Value;
  /** One weight per row, or null. */
  readonly weights: Value | null;
}

export interface Loss {
  readonly name: string;
  /** "classes": integer labels; "values": floats of the output's shape. */
  readonly targets: "classes" | "values";
  trace(input: LossInput): TracedLoss;
}

/** A loss of your own: one value per row ([rows]), or values whose mean over the last axis is taken ([rows, n]). */
export type LossFunction = (prediction: Value, target: Value) => Value;

function perRow(values: Value): Value {
  const rows = values.shape[0];
  if (values.shape.length === 0) throw wrongValue("loss", "one value per row", "a single value", "ERR_SHAPE");
  const flat = values.shape.length > 2 ? reshape(values, [rows, sizeOf(values.shape.slice(1))]) : values;
  return flat.shape.length === 1 ? flat : mean(flat);
}

function hitsOf(prediction: Value, target: Value, threshold: number): Value {
  const { graph } = prediction;
  const [rows, cols] = rowsAndCols(prediction);
  const hits = graph.value([rows]);
  const op = target.kind === "int32" ? "hitsSparse" : "hitsDense";
  graph.emit({ op, operands: [prediction, target, hits], writes: [2], ints: [rows, cols], reals: [threshold] });
  return hits;
}

function weighted(rows: Value, weights: Value | null): Value {
  return weights ? multiply(rows, weights) : rows;
}

/** A loss from a function over graph values, its targets floats of the output's shape. */
export function lossFrom(name: string, rows: LossFunction, threshold?: number): Loss {
  return {
    name,
    targets: "values",
    trace: ({ prediction, target, weights }) => ({
      rows: weighted(perRow(rows(prediction, target)), weights),
      hits: threshold === undefined ? null : hitsOf(prediction, target, threshold),
      seeds: null,
    }),
  };
}

/** (p − t)², averaged over the outputs of a sample. */
export const meanSquaredError = (): Loss => lossFrom("meanSquaredError", (p, t) => square(subtract(p, t)));
/** |p − t|, averaged over the outputs of a sample. */
export const meanAbsoluteError = (): Loss => lossFrom("meanAbsoluteError", (p, t) => abs(subtract(p, t)));

/** ½d² for |d| ≤ delta, else delta·(|d| − ½delta), averaged over the outputs; delta > 0, default 1. */
export function huber(options: { readonly delta?: number } = {}): Loss {
  const { delta = 1 } = options;
  if (!(delta > 0 && Number.isFinite(delta))) throw wrongValue("huber.delta", "a positive number", delta, "ERR_OPTION");
  return lossFrom("huber", (p, t) => {
    const d = abs(subtract(p, t));
    const inside = minimum(d, delta);
    // With q = min(|d|, δ): ½q² + δ·(|d| − q).
    return add(multiply(square(inside), 0.5), multiply(subtract(d, inside), delta));
  });
}

/** ½d²/beta for |d| ≤ beta, else |d| − ½beta, averaged over the outputs; beta > 0, default 1. Huber's divided by beta. */
export function smoothL1(options: { readonly beta?: number } = {}): Loss {
  const { beta = 1 } = options;
  if (!(beta > 0 && Number.isFinite(beta))) throw wrongValue("smoothL1.beta", "a positive number", beta, "ERR_OPTION");
  return lossFrom("smoothL1", (p, t) => {
    const d = abs(subtract(p, t));
    const inside = minimum(d, beta);
    return add(multiply(square(inside), 0.5 / beta), subtract(d, inside));
  });
}

export interface CrossEntropyOptions {
  /** True: predictions are logits. Default false; a softmax or sigmoid as last layer is undone, not computed twice. */
  readonly fromLogits?: boolean;
  /** ε in [0, 1): targets become (1 − ε)·t + ε/classes (binary: ½ε). Default 0. */
  readonly labelSmoothing?: number;
}

function smoothingOf(name: string, { labelSmoothing = 0 }: CrossEntropyOptions): number {
  if (!(labelSmoothing >= 0 && labelSmoothing < 1)) {
    throw wrongValue(`${name}.labelSmoothing`, "a number in [0, 1)", labelSmoothing, "ERR_OPTION");
  }
  return labelSmoothing;
}

/** Keras' clipping of probabilities before a logarithm. */
const TINY_PROBABILITY = 1e-7;

function clipped(p: Value): Value {
  return minimum(maximum(p, TINY_PROBABILITY), 1 - TINY_PROBABILITY);
}

/** Logits of a prediction: itself, what its softmax was made from, or log p, whose softmax is p. */
function softmaxLogits(prediction: Value, fromLogits: boolean): Value {
  if (fromLogits) return prediction;
  const known = logitsOf(prediction);
  return known?.kind === "softmax" ? known.value : log(clipped(prediction));
}

function crossEntropy(op: "crossEntropySparse" | "crossEntropyDense", options: CrossEntropyOptions, smoothing: number) {
  return ({ prediction, target, weights }: LossInput): TracedLoss => {
    const x = softmaxLogits(prediction, options.fromLogits ?? false);
    if (x.shape.length !== 2) throw wrongValue("loss", "outputs of shape [classes]", `[${x.shape.slice(1)}]`, "ERR_SHAPE");
    const { graph } = x;
    const ints = rowsAndCols(x);
    const rows = graph.value([ints[0]]);
    const hits = graph.value([ints[0]]);
    const gradient = graph.training ? graph.value(x.shape) : null;
    graph.emit({
      op,
      operands: [x, target, weights, rows, hits, gradient],
      writes: gradient ? [3, 4, 5] : [3, 4],
      ints,
      reals: [1 / ints[0], smoothing],
    });
    return { rows, hits, seeds: gradient ? [[x, gradient]] : [] };
  };
}

/** −log p[label] with integer labels; softmax and loss are one operation. */
export function sparseCategoricalCrossentropy(options: CrossEntropyOptions = {}): Loss {
  const smoothing = smoothingOf("sparseCategoricalCrossentropy", options);
  const trace = crossEntropy("crossEntropySparse", options, smoothing);
  return { name: "sparseCategoricalCrossentropy", targets: "classes", trace };
}

/** −Σ t·log p with a distribution (one-hot or not) per sample. */
export function categoricalCrossentropy(options: CrossEntropyOptions = {}): Loss {
  const smoothing = smoothingOf("categoricalCrossentropy", options);
  const trace = crossEntropy("crossEntropyDense", options, smoothing);
  return { name: "categoricalCrossentropy", targets: "values", trace };
}

/** −t·log p − (1 − t)·log(1 − p), averaged over the outputs; targets in [0, 1]. */
export function binaryCrossentropy(options: CrossEntropyOptions = {}): Loss {
  const smoothing = smoothingOf("binaryCrossentropy", options);
  return {
    name: "binaryCrossentropy",
    targets: "values",
    trace({ prediction, target, weights }) {
      const t = smoothing === 0 ? target : add(multiply(target, 1 - smoothing), 0.5 * smoothing);
      const known = logitsOf(prediction);
      const z = options.fromLogits ? prediction : known?.kind === "sigmoid" ? known.value : undefined;
      // log(1 + exp(z)) − z·t is the same for z = logit(p), without overflow.
      const rows = z ? subtract(softplus(z), multiply(z, t)) : binaryFromProbability(clipped(prediction), t);
      const hits = z ? hitsOf(z, target, 0) : hitsOf(prediction, target, 0.5);
      return { rows: weighted(perRow(rows), weights), hits, seeds: null };
    },
  };
}

function binaryFromProbability(p: Value, t: Value): Value {
  const yes = multiply(t, log(p));
  const no = multiply(subtract(1, t), log(subtract(1, p)));
  return negate(add(yes, no));
}

/** max(0, 1 − t·p), averaged over the outputs; targets −1 or 1 (0 counts as −1). */
export function hinge(): Loss {
  return lossFrom("hinge", (p, t) => {
    // 0 becomes −1, ±1 stay: 2·[t > 0] − 1 by max(t, 0) for the targets that are allowed.
    const sign = subtract(multiply(maximum(t, 0), 2), 1);
    return maximum(subtract(1, multiply(sign, p)), 0);
  });
}

/** Σ t·log(t/p) over the outputs, both clipped to [1e-7, 1]. */
export function klDivergence(): Loss {
  return lossFrom("klDivergence", (prediction, target) => {
    const p = minimum(maximum(prediction, TINY_PROBABILITY), 1);
    const t = minimum(maximum(target, TINY_PROBABILITY), 1);
    return sum(multiply(t, subtract(log(t), log(p))));
  });
}

/** log cosh(p − t), averaged over the outputs. */
export function logCosh(): Loss {
  return lossFrom("logCosh", (p, t) => {
    const d = abs(subtract(p, t));
    return subtract(add(d, log1p(exp(multiply(d, -2)))), Math.LN2);
  });
}

const NAMED: Readonly<Record<string, () => Loss>> = {
  meanSquaredError,
  mse: meanSquaredError,
  meanAbsoluteError,
  mae: meanAbsoluteError,
  huber,
  smoothL1,
  sparseCategoricalCrossentropy,
  categoricalCrossentropy,
  binaryCrossentropy,
  hinge,
  klDivergence,
  logCosh,
};

/** A loss by name (tfjs: "meanSquaredError"; Keras: "mean_squared_error"), a loss, or a function over graph values. */
export function lossOf(given: unknown): Loss {
  if (typeof given === "function") return lossFrom(given.name || "custom", given as LossFunction);
  if (typeof given === "object" && given !== null && typeof (given as Loss).trace === "function") return given as Loss;
  if (typeof given !== "string") throw wrongKind("loss", "a name, a loss or a function", given, "ERR_OPTION");
  const name = given.replace(/_(.)/g, (_, letter: string) => letter.toUpperCase());
  if (!Object.hasOwn(NAMED, name)) throw wrongValue("loss", `one of ${Object.keys(NAMED).join(", ")}`, given, "ERR_OPTION");
  return NAMED[name]();
}
