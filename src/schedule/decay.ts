// Decays: the base rate times a factor that depends on the step alone. `step` counts from 0; "steps" are in the caller's
// unit (optimizer steps or epochs).
import { wrongKind, wrongValue } from "../core/errors.ts";
import { pow, powInteger } from "../core/scalar-math.ts";
import { count, fraction, nonNegative, positive, readOptions } from "./options.ts";
import { named, type Schedule } from "./schedule.ts";

/**
 * The base rate itself; with options, base · factor for the first `steps` steps and base after them (PyTorch `ConstantLR`).
 * @param options `factor` in [0, 1]; `steps` at least 1; both or none.
 */
export function constant(options?: { factor: number; steps: number }): Schedule {
  if (options === undefined) return named("constant", (_, base) => base);
  const { factor, steps } = readOptions("constant", options, { factor: fraction(), steps: count() });
  return named("constant", (step, base) => (step < steps ? base * factor : base));
}

/**
 * base · gamma^⌊step ÷ stepSize⌋ (PyTorch `StepLR`).
 * @param options `stepSize` at least 1; `gamma` at least 0, default 0.1.
 */
export function stepDecay(options: { stepSize: number; gamma?: number }): Schedule {
  const { stepSize, gamma } = readOptions("stepDecay", options, { stepSize: count(), gamma: nonNegative(0.1) });
  return named("stepDecay", (step, base) => base * powInteger(gamma, Math.floor(step / stepSize)));
}

/**
 * base · gamma^(number of milestones passed); a milestone listed twice counts twice (PyTorch `MultiStepLR`).
 * @param options `milestones`: steps, in any order; `gamma` at least 0, default 0.1.
 */
export function multiStep(options: { milestones: readonly number[]; gamma?: number }): Schedule {
  const { gamma, milestones } = readOptions("multiStep", options, {
    milestones: { type: "object", expected: "an array of steps", accepts: Array.isArray as (x: readonly number[]) => boolean },
    gamma: nonNegative(0.1),
  });
  const own = [...milestones];
  own.forEach((milestone, i) => {
    if (typeof milestone !== "number") throw wrongKind(`multiStep.milestones[${i}]`, "a number", milestone, "ERR_OPTION");
    if (!(milestone >= 0)) throw wrongValue(`multiStep.milestones[${i}]`, "a step of at least 0", milestone, "ERR_OPTION");
  });
  return named("multiStep", (step, base) => {
    let passed = 0;
    for (const milestone of own) if (milestone <= step) passed++;
    return base * powInteger(gamma, passed);
  });
}

/**
 * base · gamma^step (PyTorch `ExponentialLR`).
 * @param options `gamma` at least 0.
 */
export function exponential(options: { gamma: number }): Schedule {
  const { gamma } = readOptions("exponential", options, { gamma: nonNegative() });
  return named("exponential", (step, base) => base * powInteger(gamma, Math.floor(step)));
}

/**
 * base · (1 − step ÷ steps)^power, 0 from `steps` on (PyTorch `PolynomialLR`).
 * @param options `steps` at least 1; `power` above 0, default 1.
 */
export function polynomial(options: { steps: number; power?: number }): Schedule {
  const { steps, power } = readOptions("polynomial", options, { steps: count(), power: positive(1) });
  return named("polynomial", (step, base) => base * pow(1 - Math.min(step, steps) / steps, power));
}

/**
 * A factor that goes linearly from startFactor to endFactor over `steps` steps and stays there (PyTorch `LinearLR`).
 * @param options `steps` at least 1; `startFactor` and `endFactor` in [0, 1], defaults 1/3 and 1.
 */
export function linear(options: { steps: number; startFactor?: number; endFactor?: number }): Schedule {
  const { steps, startFactor, endFactor } = readOptions("linear", options, {
    steps: count(),
    startFactor: fraction(1 / 3),
    endFactor: fraction(1),
  });
  return named("linear", (step, base) => base * (startFactor + ((endFactor - startFactor) * Math.min(step, steps)) / steps));
}

/**
 * base ÷ (1 + decay · step ÷ stepSize): time-based decay (Keras `InverseTimeDecay`).
 * @param options `decay` at least 0; `stepSize` at least 1, default 1.
 */
export function inverseTime(options: { decay: number; stepSize?: number }): Schedule {
  const { decay, stepSize } = readOptions("inverseTime", options, { decay: nonNegative(), stepSize: count(1) });
  return named("inverseTime", (step, base) => base / (1 + (decay * step) / stepSize));
}

/**
 * Linear warm-up, then decay with the root of the step (Vaswani et al. 2017, normalised to peak at base):
 * base · min((step + 1) ÷ warmupSteps, √(warmupSteps ÷ (step + 1))).
 * @param options `warmupSteps` at least 1.
 */
export function inverseSqrt(options: { warmupSteps: number }): Schedule {
  const { warmupSteps } = readOptions("inverseSqrt", options, { warmupSteps: count() });
  return named("inverseSqrt", (step, base) => {
    const t = step + 1;
    return base * (t < warmupSteps ? t / warmupSteps : Math.sqrt(warmupSteps / t));
  });
}
