// Lowering the rate when a metric stops improving.

import { wrongValue } from "../core/errors.ts";
import { choice, nonNegative, readOptions, wholeNumber } from "./options.ts";
import type { FeedbackSchedule, FeedbackState } from "./schedule.ts";

export interface PlateauOptions {
  /** Whether a smaller or a larger metric is better; default "min". */
  mode?: "min" | "max";
  /** What the rate is multiplied by, in [0, 1); default 0.1. */
  factor?: number;
  /** Observations without improvement that are tolerated; default 10. */
  patience?: number;
  /** How much better counts as better; default 1e-4. */
  threshold?: number;
  /** Whether the threshold is relative to the best metric; default "relative". */
  thresholdMode?: "relative" | "absolute";
  /** Observations after a reduction during which nothing counts; default 0. */
  cooldown?: number;
  /** The rate never goes below; default 0. */
  minRate?: number;
  /** A reduction by no more than this is not made; default 1e-8. */
  epsilon?: number;
}

/**
 * rate ← max(rate · factor, minRate) after more than `patience` observations in a row without improvement (PyTorch
 * `ReduceLROnPlateau`). A metric that is not a number counts as no improvement.
 */
export function reduceOnPlateau(options: PlateauOptions = {}): FeedbackSchedule {
  const o = readOptions<Required<PlateauOptions>>("reduceOnPlateau", options, {
    mode: choice(["min", "max"], "min"),
    factor: nonNegative(0.1),
    patience: wholeNumber(10),
    threshold: nonNegative(1e-4),
    thresholdMode: choice(["relative", "absolute"], "relative"),
    cooldown: wholeNumber(0),
    minRate: nonNegative(0),
    epsilon: nonNegative(1e-8),
  });
  if (o.factor >= 1) throw wrongValue("reduceOnPlateau.factor", "a number in [0, 1)", o.factor, "ERR_OPTION");
  const improves = (value: number, best: number | null): boolean => {
    if (best === null) return o.mode === "min" ? value < Infinity : value > -Infinity;
    if (o.mode === "min") return value < (o.thresholdMode === "relative" ? best * (1 - o.threshold) : best - o.threshold);
    return value > (o.thresholdMode === "relative" ? best * (1 + o.threshold) : best + o.threshold);
  };
  return {
    reads: "metric",
    start: (base) => ({ rate: base, best: null, bad: 0, cooldown: 0 }),
    rate: (state) => state.rate ?? 0,
    observe(state, value): FeedbackState {
      const better = improves(value, state.best);
      const best = better ? value : state.best;
      const cooling = (state.cooldown ?? 0) > 0;
      const bad = better || cooling ? 0 : (state.bad ?? 0) + 1;
      const cooldown = cooling ? (state.cooldown ?? 0) - 1 : 0;
      if (bad <= o.patience) return { rate: state.rate, best, bad, cooldown };
      const rate = state.rate ?? 0;
      const lower = Math.max(rate * o.factor, o.minRate);
      return { rate: rate - lower > o.epsilon ? lower : rate, best, bad: 0, cooldown: o.cooldown };
    },
  };
}
