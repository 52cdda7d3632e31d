// Cosine annealing, once and with warm restarts (Loshchilov, Hutter: "SGDR", ICLR 2017).
import { cos } from "../core/scalar-math.ts";
import { atLeastOne, count, nonNegative, readOptions } from "./options.ts";
import { named, type Schedule } from "./schedule.ts";

/** From `start` (at 0) to `end` (at 1) along half a cosine. */
export function cosineBetween(start: number, end: number, fraction: number): number {
  return end + ((start - end) / 2) * (cos(Math.PI * fraction) + 1);
}

/**
 * From base to minRate along half a cosine in `steps` steps; then up again with the same period (PyTorch
 * `CosineAnnealingLR`). To stay at minRate instead, follow it in `sequential`.
 * @param options `steps` at least 1; `minRate` at least 0, default 0.
 */
export function cosine(options: { steps: number; minRate?: number }): Schedule {
  const { steps, minRate } = readOptions("cosine", options, { steps: count(), minRate: nonNegative(0) });
  return named("cosine", (step, base) => minRate + ((base - minRate) * (1 + cos((Math.PI * step) / steps))) / 2);
}

/**
 * Half cosines from base to minRate that begin anew: the first takes `firstPeriod` steps, each further one `periodFactor`
 * times as many (PyTorch `CosineAnnealingWarmRestarts`). The step may be fractional.
 * @param options `firstPeriod` at least 1; `periodFactor` at least 1, default 1; `minRate` at least 0, default 0.
 */
export function cosineWarmRestarts(options: { firstPeriod: number; periodFactor?: number; minRate?: number }): Schedule {
  const { firstPeriod, periodFactor, minRate } = readOptions("cosineWarmRestarts", options, {
    firstPeriod: count(),
    periodFactor: atLeastOne(1),
    minRate: nonNegative(0),
  });
  return named("cosineWarmRestarts", (step, base) => {
    let position = step;
    let period = firstPeriod;
    if (periodFactor === 1) position %= period;
    else {
      while (position >= period) {
        position -= period;
        period *= periodFactor;
      }
    }
    return minRate + ((base - minRate) * (1 + cos((Math.PI * position) / period))) / 2;
  });
}
