// Cycles of the learning rate that move the momentum the other way (L. Smith: "Cyclical Learning Rates", 2017;
// "Super-Convergence", 2019).
import { wrongValue } from "../core/errors.ts";
import { powInteger } from "../core/scalar-math.ts";
import { cosineBetween } from "./cosine.ts";
import { atLeastOne, belowOne, choice, count, flag, fraction, nonNegative, optional, positive, readOptions } from "./options.ts";
import { named, type Schedule } from "./schedule.ts";

export interface OneCycleOptions {
  /** Steps of the whole cycle, at least 2. The last rate stays after them (PyTorch raises an error there). */
  totalSteps: number;
  /** The peak. Default: the group's base rate. */
  maxRate?: number;
  /** Part of the cycle that rises, in [0, 1]; default 0.3. */
  warmupFraction?: number;
  /** Shape of each phase; default "cosine". */
  anneal?: "cosine" | "linear";
  /** Move the momentum between maxMomentum and baseMomentum; default true. */
  cycleMomentum?: boolean;
  /** Momentum at the peak of the rate, in [0, 1); default 0.85. */
  baseMomentum?: number;
  /** Momentum at both ends, in [0, 1); default 0.95. */
  maxMomentum?: number;
  /** Peak ÷ first rate, at least 1; default 25. */
  divFactor?: number;
  /** First rate ÷ last rate, at least 1; default 1e4. */
  finalDivFactor?: number;
  /** Down to the first rate as fast as up, then to the last one; default false: straight to the last. */
  threePhase?: boolean;
}

/** One rise and one fall of the rate over the whole training (PyTorch `OneCycleLR`). */
export function oneCycle(options: OneCycleOptions): Schedule {
  const o = readOptions<Required<Omit<OneCycleOptions, "maxRate">> & { maxRate: number | undefined }>("oneCycle", options, {
    totalSteps: count(),
    maxRate: optional(positive()),
    warmupFraction: fraction(0.3),
    anneal: choice(["cosine", "linear"], "cosine"),
    cycleMomentum: flag(true),
    baseMomentum: belowOne(0.85),
    maxMomentum: belowOne(0.95),
    divFactor: atLeastOne(25),
    finalDivFactor: atLeastOne(1e4),
    threePhase: flag(false),
  });
  if (o.totalSteps < 2) throw wrongValue("oneCycle.totalSteps", "an integer of at least 2", o.totalSteps, "ERR_OPTION");
  const peak = o.warmupFraction * o.totalSteps - 1;
  const last = o.totalSteps - 1;
  const ends = o.threePhase ? [peak, 2 * o.warmupFraction * o.totalSteps - 2, last] : [peak, last];
  const between = o.anneal === "cosine" ? cosineBetween : (a: number, b: number, f: number): number => (b - a) * f + a;

  /** The value at `step` on the way through levels[0], levels[1], … whose ends are `ends`. */
  const follow = (step: number, levels: readonly number[]): number => {
    let start = 0;
    let phase = 0;
    while (phase < ends.length - 1 && step > ends[phase]) start = ends[phase++];
    // A phase of no length (warmupFraction 0 or 1) is over at once.
    const length = ends[phase] - start;
    const part = length > 0 ? Math.min(1, (step - start) / length) : 1;
    return between(levels[phase], levels[phase + 1], part);
  };

  const rate: Schedule = (step, base) => {
    const top = o.maxRate ?? base;
    const first = top / o.divFactor;
    const final = first / o.finalDivFactor;
    return follow(step, o.threePhase ? [first, top, first, final] : [first, top, final]);
  };
  const { baseMomentum: low, maxMomentum: high } = o;
  const levels = o.threePhase ? [high, low, high, high] : [high, low, high];
  return named("oneCycle", rate, o.cycleMomentum ? (step) => follow(step, levels) : undefined);
}

export interface CyclicOptions {
  /** The upper bound. */
  maxRate: number;
  /** The lower bound. Default: the group's base rate. */
  baseRate?: number;
  /** Steps from base to max, at least 1; default 2000. */
  stepsUp?: number;
  /** Steps back; default stepsUp. */
  stepsDown?: number;
  /** Same height always, half as high each cycle, or times gamma^step; default "triangular". */
  mode?: "triangular" | "triangular2" | "exponential";
  /** For "exponential", above 0; default 1. */
  gamma?: number;
  /** Move the momentum the other way; default true. */
  cycleMomentum?: boolean;
  /** In [0, 1); default 0.8. */
  baseMomentum?: number;
  /** In [0, 1); default 0.9. */
  maxMomentum?: number;
}

/** The rate goes up and down between two bounds along straight lines (PyTorch `CyclicLR`). */
export function cyclic(options: CyclicOptions): Schedule {
  const o = readOptions<Required<Omit<CyclicOptions, "baseRate">> & { baseRate: number | undefined }>("cyclic", options, {
    maxRate: positive(),
    baseRate: optional(nonNegative()),
    stepsUp: count(2000),
    stepsDown: count(options?.stepsUp ?? 2000),
    mode: choice(["triangular", "triangular2", "exponential"], "triangular"),
    gamma: positive(1),
    cycleMomentum: flag(true),
    baseMomentum: belowOne(0.8),
    maxMomentum: belowOne(0.9),
  });
  const total = o.stepsUp + o.stepsDown;
  const rising = o.stepsUp / total;
  /** Height in [0, 1] above the base. */
  const height = (step: number): number => {
    const cycle = Math.floor(1 + step / total);
    const x = 1 + step / total - cycle;
    const triangle = x <= rising ? x / rising : (x - 1) / (rising - 1);
    if (o.mode === "triangular2") return triangle / powInteger(2, cycle - 1);
    return o.mode === "exponential" ? triangle * powInteger(o.gamma, Math.floor(step)) : triangle;
  };
  const rate: Schedule = (step, base) => {
    const low = o.baseRate ?? base;
    return low + (o.maxRate - low) * height(step);
  };
  const momentum = (step: number): number => o.maxMomentum - (o.maxMomentum - o.baseMomentum) * height(step);
  return named("cyclic", rate, o.cycleMomentum ? momentum : undefined);
}
