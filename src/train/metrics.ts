// Metrics of predictions against targets, in float64. Classification metrics take scores as the model gives them:
// [count, classes] probabilities or logits, or [count, 1] probabilities of class 1.
import { wrongKind, wrongValue } from "../core/errors.ts";
import { ConfusionMatrix } from "./confusion.ts";

/** Predictions and targets of `count` samples. */
export interface MetricInput {
  /** [count, width], row-major. */
  readonly outputs: ArrayLike<number>;
  /** Class indices [count], or values [count, width] (one-hot rows or regression targets). */
  readonly targets: ArrayLike<number>;
  readonly width: number;
}

export type Metric = (input: MetricInput) => number;

function countOf({ outputs, targets, width }: MetricInput): number {
  if (outputs === null || typeof outputs !== "object") throw wrongKind("outputs", "an array", outputs);
  if (targets === null || typeof targets !== "object") throw wrongKind("targets", "an array", targets);
  const count = outputs.length / width;
  if (!Number.isInteger(count)) throw wrongValue("outputs", `a length that ${width} divides`, outputs.length, "ERR_LENGTH");
  if (targets.length !== count && targets.length !== outputs.length)
    throw wrongValue("targets", `${count} labels or ${outputs.length} values`, targets.length, "ERR_LENGTH");
  return count;
}

/** The first index of the largest of `width` values from `offset`; a NaN never wins. */
export function argmax(values: ArrayLike<number>, offset: number, width: number): number {
  let best = 0;
  for (let j = 1; j < width; j++)
    if (values[offset + j]! > values[offset + best]! || Number.isNaN(values[offset + best])) best = j;
  return best;
}

/** Predicted classes: argmax of each row, or for one output 1 where it is at least ½. */
export function predictedClasses(outputs: ArrayLike<number>, width: number): Int32Array {
  const count = outputs.length / width;
  return Int32Array.from({ length: count }, (_, i) =>
    width === 1 ? Number(outputs[i]! >= 0.5) : argmax(outputs, i * width, width),
  );
}

/** Target classes, from class indices or one-hot rows. */
export function targetClasses(targets: ArrayLike<number>, count: number, width: number): Int32Array {
  if (width > 1 && targets.length === count * width)
    return Int32Array.from({ length: count }, (_, i) => argmax(targets, i * width, width));
  return Int32Array.from(targets);
}

function confusion(input: MetricInput): ConfusionMatrix {
  const count = countOf(input);
  const classes = Math.max(input.width, 2);
  return ConfusionMatrix.from(
    targetClasses(input.targets, count, input.width),
    predictedClasses(input.outputs, input.width),
    classes,
  );
}

/** Share of samples whose predicted class is the target class, in [0, 1]; NaN without samples. */
export const accuracy: Metric = (input) => confusion(input).accuracy();

/** Share of samples whose target class is among the `k` largest outputs (ties count for the lower index). */
export function topKAccuracy(k: number): Metric {
  return (input) => {
    const count = countOf(input);
    const { outputs, width } = input;
    const classes = targetClasses(input.targets, count, width);
    let hits = 0;
    for (let i = 0; i < count; i++) {
      const score = outputs[i * width + classes[i]!]!;
      let above = 0;
      for (let j = 0; j < width; j++) {
        const other = outputs[i * width + j]!;
        if (other > score || (other === score && j < classes[i]!)) above++;
      }
      if (above < k && !Number.isNaN(score)) hits++;
    }
    return hits / count;
  };
}

/** Of the samples predicted as a class, the share that is; macro mean over classes, class 1 alone for two classes. */
export const precision: Metric = (input) => confusion(input).precision();
/** Of the samples of a class, the share predicted as it; averaged as precision. */
export const recall: Metric = (input) => confusion(input).recall();
/** Harmonic mean of precision and recall per class; averaged as precision. */
export const f1: Metric = (input) => confusion(input).f1();

/**
 * Area under the ROC curve: the probability that a sample of class 1 scores above one of class 0, ties counting half.
 * For two outputs the score is the second minus the first. NaN where one class is missing.
 */
export const auc: Metric = (input) => {
  const count = countOf(input);
  const { outputs, width } = input;
  if (width > 2) throw wrongValue("width", "one or two outputs for auc", width, "ERR_SHAPE");
  const classes = targetClasses(input.targets, count, width);
  const score = (i: number) => (width === 1 ? outputs[i]! : outputs[2 * i + 1]! - outputs[2 * i]!);
  const order = Array.from({ length: count }, (_, i) => i).sort((a, b) => score(a) - score(b));
  let rankSum = 0;
  let positives = 0;
  for (let begin = 0; begin < count; ) {
    let end = begin + 1;
    while (end < count && score(order[end]!) === score(order[begin]!)) end++;
    const rank = (begin + 1 + end) / 2;
    for (let i = begin; i < end; i++) {
      if (classes[order[i]!] !== 1) continue;
      rankSum += rank;
      positives++;
    }
    begin = end;
  }
  const negatives = count - positives;
  return (rankSum - (positives * (positives + 1)) / 2) / (positives * negatives);
};

function values(input: MetricInput): number {
  countOf(input);
  const { outputs, targets } = input;
  if (targets.length !== outputs.length) throw wrongValue("targets", `${outputs.length} values`, targets.length, "ERR_LENGTH");
  return outputs.length;
}

/** Mean of squared differences over all elements. */
export const meanSquaredError: Metric = (input) => {
  const n = values(input);
  let sum = 0;
  for (let i = 0; i < n; i++) {
    const d = input.outputs[i]! - input.targets[i]!;
    sum += d * d;
  }
  return sum / n;
};

/** Mean of absolute differences over all elements. */
export const meanAbsoluteError: Metric = (input) => {
  const n = values(input);
  let sum = 0;
  for (let i = 0; i < n; i++) sum += Math.abs(input.outputs[i]! - input.targets[i]!);
  return sum / n;
};

/** Coefficient of determination 1 − Σ(y − ŷ)²/Σ(y − ȳ)² per output column, averaged; NaN for constant targets. */
export const r2: Metric = (input) => {
  const n = values(input);
  const { outputs, targets, width } = input;
  const count = n / width;
  let sum = 0;
  for (let j = 0; j < width; j++) {
    let mean = 0;
    for (let i = j; i < n; i += width) mean += targets[i]!;
    mean /= count;
    let residual = 0;
    let total = 0;
    for (let i = j; i < n; i += width) {
      const e = targets[i]! - outputs[i]!;
      const d = targets[i]! - mean;
      residual += e * e;
      total += d * d;
    }
    sum += total === 0 ? Number.NaN : 1 - residual / total;
  }
  return sum / width;
};

/** Every metric by the name that compile() and history use. */
export const metrics = {
  accuracy,
  top5Accuracy: topKAccuracy(5),
  precision,
  recall,
  f1,
  auc,
  meanSquaredError,
  meanAbsoluteError,
  r2,
} as const satisfies Readonly<Record<string, Metric>>;

export type MetricName = keyof typeof metrics;
