// The confusion matrix of a classifier and the scores that follow from it.
import { checkInteger } from "../core/checks.ts";
import { wrongValue } from "../core/errors.ts";

export class ConfusionMatrix {
  readonly classes: number;
  /** [classes, classes]: row = target class, column = predicted class. */
  readonly counts: Float64Array;

  constructor(classes: number) {
    checkInteger("classes", classes, 1);
    this.classes = classes;
    this.counts = new Float64Array(classes * classes);
  }

  /** @throws RangeError ERR_LENGTH, ERR_RANGE for a class outside [0, classes). */
  static from(targets: ArrayLike<number>, predictions: ArrayLike<number>, classes: number): ConfusionMatrix {
    if (targets.length !== predictions.length)
      throw wrongValue("predictions", `${targets.length} classes`, predictions.length, "ERR_LENGTH");
    const matrix = new ConfusionMatrix(classes);
    for (let i = 0; i < targets.length; i++) matrix.add(targets[i]!, predictions[i]!);
    return matrix;
  }

  /** Counts one sample. */
  add(target: number, prediction: number): void {
    for (const [argument, value] of [
      ["target", target],
      ["prediction", prediction],
    ] as const) {
      if (!(Number.isInteger(value) && value >= 0 && value < this.classes))
        throw wrongValue(argument, `a class in [0, ${this.classes})`, value);
    }
    this.counts[target * this.classes + prediction]!++;
  }

  count(target: number, prediction: number): number {
    return this.counts[target * this.classes + prediction]!;
  }

  /** Share of samples on the diagonal. */
  accuracy(): number {
    let right = 0;
    let total = 0;
    for (let i = 0; i < this.counts.length; i++) total += this.counts[i]!;
    for (let k = 0; k < this.classes; k++) right += this.count(k, k);
    return right / total;
  }

  private scores(k: number): { precision: number; recall: number; f1: number } {
    let predicted = 0;
    let actual = 0;
    for (let j = 0; j < this.classes; j++) {
      predicted += this.count(j, k);
      actual += this.count(k, j);
    }
    const right = this.count(k, k);
    // Like scikit-learn: what divides by zero counts as 0.
    return {
      precision: predicted === 0 ? 0 : right / predicted,
      recall: actual === 0 ? 0 : right / actual,
      f1: predicted + actual === 0 ? 0 : (2 * right) / (predicted + actual),
    };
  }

  /** Mean over the classes that occur as target or prediction (scikit-learn's "macro"); class 1 alone for two classes. */
  private averaged(score: "precision" | "recall" | "f1"): number {
    if (this.classes === 2) return this.scores(1)[score];
    let sum = 0;
    let seen = 0;
    for (let k = 0; k < this.classes; k++) {
      let occurs = 0;
      for (let j = 0; j < this.classes; j++) occurs += this.count(k, j) + this.count(j, k);
      if (occurs === 0) continue;
      sum += this.scores(k)[score];
      seen++;
    }
    return sum / seen;
  }

  precision(): number {
    return this.averaged("precision");
  }

  recall(): number {
    return this.averaged("recall");
  }

  f1(): number {
    return this.averaged("f1");
  }

  /** A table for the terminal: a row per target class, a column per predicted class, recall at the end of each row. */
  toString(names: readonly string[] = Array.from({ length: this.classes }, (_, k) => String(k))): string {
    const width = Math.max(5, ...names.map((name) => name.length + 1), ...Array.from(this.counts, (n) => String(n).length + 1));
    const label = Math.max(6, ...names.map((name) => name.length));
    const head = "target".padStart(label) + " │" + names.map((name) => name.padStart(width)).join("") + "  recall";
    const rule = "─".repeat(label + 1) + "┼" + "─".repeat(width * this.classes + 8);
    const rows = names.map((name, k) => {
      const cells = names.map((_, j) => (this.count(k, j) === 0 ? "·" : String(this.count(k, j))).padStart(width));
      const recall = `${(100 * this.scores(k).recall).toFixed(1)}%`.padStart(8);
      return `${name.padStart(label)} │${cells.join("")}${recall}`;
    });
    return [head, rule, ...rows].join("\n");
  }

  /** Rows of counts, for JSON. */
  toJSON(): number[][] {
    return Array.from({ length: this.classes }, (_, k) => [...this.counts.subarray(k * this.classes, (k + 1) * this.classes)]);
  }
}
