// The learning-rate range test (L. Smith: "Cyclical Learning Rates", 2017): train a little while the rate grows, watch
// where the loss falls fastest and where it explodes. Works with any step function; knows no model and no optimizer.
import { wrongKind, wrongValue } from "../core/errors.ts";
import { log, pow } from "../core/scalar-math.ts";
import { lineChart } from "./svg.ts";
import { textPlot } from "./text-plot.ts";

export interface FindLearningRateOptions {
  /** First rate, above 0; default 1e-7. */
  readonly start?: number;
  /** Last rate, above start; default 10. */
  readonly end?: number;
  /** Rates tried, spaced evenly on a logarithmic scale; at least 8, default 100. */
  readonly steps?: number;
  /** Weight of the past in the smoothed loss, in [0, 1); default 0.9. */
  readonly smoothing?: number;
  /** The test stops where the smoothed loss exceeds this multiple of the least one; above 1, default 4. */
  readonly divergence?: number;
}

/** Arrays have one entry per step that ran. */
export interface LearningRateCurve {
  readonly rates: readonly number[];
  readonly losses: readonly number[];
  /** Exponential moving average of the losses, bias-corrected. */
  readonly smoothed: readonly number[];
  /** True where the test ended early: the loss exploded or was not finite. */
  readonly diverged: boolean;
  /** The rate at which the smoothed loss falls fastest per factor of the rate: a good first choice. Null if it never falls. */
  readonly suggestion: number | null;
  /** The rate of the least smoothed loss: the upper end of what is useful. Null without a finite loss. */
  readonly minimum: number | null;
}

interface Settings extends Required<FindLearningRateOptions> {}

function settingsOf(options: FindLearningRateOptions): Settings {
  const { start = 1e-7, end = 10, steps = 100, smoothing = 0.9, divergence = 4 } = options;
  const check = (name: string, value: unknown, expected: string, valid: (x: number) => boolean): void => {
    const argument = `findLearningRate.${name}`;
    if (typeof value !== "number") throw wrongKind(argument, expected, value, "ERR_OPTION");
    if (!valid(value)) throw wrongValue(argument, expected, value, "ERR_OPTION");
  };
  check("start", start, "a finite number above 0", (x) => x > 0 && x < Infinity);
  check("end", end, "a finite number above start", (x) => x > start && x < Infinity);
  check("steps", steps, "an integer of at least 8", (x) => Number.isSafeInteger(x) && x >= 8);
  check("smoothing", smoothing, "a number in [0, 1)", (x) => x >= 0 && x < 1);
  check("divergence", divergence, "a number above 1", (x) => x > 1);
  return { start, end, steps, smoothing, divergence };
}

class RangeTest {
  readonly rates: number[] = [];
  readonly losses: number[] = [];
  readonly smoothed: number[] = [];
  diverged = false;
  readonly #settings: Settings;
  #average = 0;
  #weight = 0;
  #least = Infinity;

  constructor(options: FindLearningRateOptions) {
    this.#settings = settingsOf(options);
  }

  /** The next rate to try, or null at the end. */
  next(): number | null {
    const { start, end, steps } = this.#settings;
    const i = this.rates.length;
    return this.diverged || i >= steps ? null : start * pow(end / start, i / (steps - 1));
  }

  record(rate: number, loss: unknown): void {
    if (typeof loss !== "number") throw wrongKind("the step function's result", "the loss, a number", loss);
    const { smoothing, divergence } = this.#settings;
    this.#average = smoothing * this.#average + (1 - smoothing) * loss;
    this.#weight = smoothing * this.#weight + (1 - smoothing);
    const smooth = this.#average / this.#weight;
    this.rates.push(rate);
    this.losses.push(loss);
    this.smoothed.push(smooth);
    if (smooth < this.#least) this.#least = smooth;
    // A least loss near or below 0 gives no scale: then only what is not finite ends the test.
    this.diverged = !Number.isFinite(loss) || (this.#least > 0 && smooth > divergence * this.#least);
  }

  result(): LearningRateCurve {
    const { rates, losses, smoothed, diverged } = this;
    return { rates, losses, smoothed, diverged, ...suggest(rates, smoothed) };
  }
}

/** The steepest descent of the smoothed loss over the logarithm of the rate, before its minimum. */
function suggest(rates: readonly number[], smoothed: readonly number[]): { suggestion: number | null; minimum: number | null } {
  let least = -1;
  smoothed.forEach((loss, i) => {
    if (Number.isFinite(loss) && (least < 0 || loss < smoothed[least])) least = i;
  });
  let suggestion: number | null = null;
  let steepest = 0;
  // Slopes over a tenth of the curve: those of neighbours are mostly the noise of mini-batches. The first losses are left
  // out, because their average is one of few.
  const reach = Math.max(1, Math.floor(rates.length / 20));
  for (let i = 2 * reach; i + reach <= least; i++) {
    const slope = (smoothed[i + reach] - smoothed[i - reach]) / (log(rates[i + reach]) - log(rates[i - reach]));
    if (slope < steepest) {
      steepest = slope;
      suggestion = rates[i];
    }
  }
  return { suggestion, minimum: least < 0 ? null : rates[least] };
}

/**
 * Calls `step(rate, index)` with growing rates; it trains one mini-batch at that rate and returns the loss before the
 * update. The weights are changed: keep a copy, or build the model anew afterwards.
 *
 * ```ts
 * const curve = findLearningRate((rate) => {
 *   optimizer.groups[0].learningRate = rate;
 *   const { loss, gradients } = lossAndGradients(nextBatch());
 *   optimizer.step(gradients);
 *   return loss;
 * });
 * console.log(plotLearningRates(curve), curve.suggestion);
 * ```
 * @throws ERR_OPTION; ERR_DTYPE where the step function returns no number.
 */
export function findLearningRate(
  step: (learningRate: number, index: number) => number,
  options: FindLearningRateOptions = {},
): LearningRateCurve {
  if (typeof step !== "function") throw wrongKind("step", "a function", step);
  const test = new RangeTest(options);
  for (let rate = test.next(); rate !== null; rate = test.next()) test.record(rate, step(rate, test.rates.length));
  return test.result();
}

/** The same for a step function that returns a promise; one step at a time. */
export async function findLearningRateAsync(
  step: (learningRate: number, index: number) => Promise<number>,
  options: FindLearningRateOptions = {},
): Promise<LearningRateCurve> {
  if (typeof step !== "function") throw wrongKind("step", "a function", step);
  const test = new RangeTest(options);
  for (let rate = test.next(); rate !== null; rate = test.next()) test.record(rate, await step(rate, test.rates.length));
  return test.result();
}

const decimal = (rate: number): string => rate.toExponential(1);

/** The part of the smoothed curve worth drawing: what exploded would flatten the rest. */
function drawn({ smoothed, losses }: LearningRateCurve): number[] {
  const first = smoothed.find(Number.isFinite) ?? 0;
  const least = smoothed.reduce((a, b) => (b < a ? b : a), first);
  const most = first + (first - least);
  return losses.map((_, i) => (smoothed[i] <= Math.max(most, first) || smoothed[i] === least ? smoothed[i] : NaN));
}

/** The smoothed loss over the logarithm of the rate, for the terminal. */
export function plotLearningRates(curve: LearningRateCurve, size: { width?: number; height?: number } = {}): string {
  const { rates, suggestion } = curve;
  if (rates.length === 0) return "(no steps)";
  const labels = { first: `rate ${decimal(rates[0])}`, last: decimal(rates[rates.length - 1]) };
  const plot = textPlot([{ label: "loss", values: drawn(curve) }], { ...size, ...labels });
  return `${plot}\nsuggested learning rate: ${suggestion === null ? "none, the loss never fell" : suggestion.toPrecision(3)}`;
}

/** The same as SVG text. */
export function learningRatesSvg(curve: LearningRateCurve, size: { width?: number; height?: number } = {}): string {
  const { suggestion } = curve;
  const title =
    suggestion === null ? "Learning-rate range test" : `Learning-rate range test: ${suggestion.toPrecision(3)} suggested`;
  const x = curve.rates.map((rate) => log(rate) / Math.LN10);
  return lineChart([{ label: "smoothed loss", values: drawn(curve), color: "#2563eb" }], {
    title,
    x,
    xLabel: "log₁₀ of the learning rate",
    ...size,
  });
}
