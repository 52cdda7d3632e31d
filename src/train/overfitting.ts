// Training against validation loss: where they part, and what that says in words.
import type { History } from "./history.ts";

export interface OverfittingReport {
  readonly verdict: "overfitting" | "underfitting" | "good" | "no validation" | "too short" | "diverged";
  /** Index of the recorded epoch with the lowest validation loss, −1 without. */
  readonly bestEpoch: number;
  /** Epochs after the best one. */
  readonly epochsSinceBest: number;
  readonly trainLoss: number;
  readonly validationLoss: number;
  /** Validation minus training loss at the last epoch. */
  readonly gap: number;
  /** Share by which the last validation loss lies above the best one. */
  readonly rise: number;
  /** One or two sentences for people. */
  readonly text: string;
}

/** A validation loss that rose by more than this share since its best counts as overfitting. */
const RISE = 0.02;
/** Losses that still fell by more than this share over the last quarter of the epochs count as underfitting. */
const STILL_FALLING = 0.05;

function verdictOf(loss: readonly number[], validation: readonly number[], best: number): OverfittingReport["verdict"] {
  const last = loss.length - 1;
  if (last < 0 || loss.some((value) => !Number.isFinite(value))) return "diverged";
  if (validation.length === 0) return "no validation";
  if (best < 0) return "diverged";
  if (last < 2) return "too short";
  const rise = validation[last]! / validation[best]! - 1;
  if (best < last && rise > RISE && loss[last]! < loss[best]!) return "overfitting";
  const quarter = Math.max(last - Math.max(1, Math.round(last / 4)), 0);
  if (best === last && 1 - validation[last]! / validation[quarter]! > STILL_FALLING) return "underfitting";
  return "good";
}

/** Judges a training by its recorded "loss" and "val_loss". */
export function overfittingReport(history: History): OverfittingReport {
  const loss = history.history.loss ?? [];
  const validation = history.history.val_loss ?? [];
  const bestEpoch = history.best("val_loss", "min");
  const trainLoss = loss.at(-1) ?? Number.NaN;
  const validationLoss = validation.at(-1) ?? Number.NaN;
  const rise = bestEpoch < 0 ? Number.NaN : validationLoss / validation[bestEpoch]! - 1;
  const verdict = verdictOf(loss, validation, bestEpoch);
  const epoch = history.epoch[bestEpoch] ?? bestEpoch;
  const percent = (share: number) => `${(100 * share).toFixed(0)} %`;
  const texts: Record<OverfittingReport["verdict"], string> = {
    overfitting:
      `Overfitting since epoch ${epoch + 1}: the training loss fell on, the validation loss rose by ${percent(rise)}. ` +
      "Use early stopping, dropout, weight decay or more data.",
    underfitting: "Both losses were still falling: more epochs, a higher learning rate or a larger model should help.",
    good: "No sign of overfitting: the validation loss stays near its best.",
    "no validation": "No validation data: give validationSplit or validationData to see whether the model generalises.",
    "too short": "Fewer than three epochs: too short to judge.",
    diverged: "The loss is not finite: lower the learning rate, clip gradients or check the data.",
  };
  return {
    verdict,
    bestEpoch,
    epochsSinceBest: bestEpoch < 0 ? 0 : validation.length - 1 - bestEpoch,
    trainLoss,
    validationLoss,
    gap: validationLoss - trainLoss,
    rise,
    text: texts[verdict],
  };
}
