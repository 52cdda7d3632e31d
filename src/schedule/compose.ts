// Schedules made of functions and of other schedules.
import { wrongKind, wrongValue } from "../core/errors.ts";
import { named, type Schedule } from "./schedule.ts";

function checkFactor(owner: string, factor: unknown): void {
  if (typeof factor !== "function") throw wrongKind(owner, "a function of the step", factor, "ERR_OPTION");
}

/** base · factor(step) (PyTorch `LambdaLR`). */
export function lambda(factor: (step: number) => number): Schedule {
  checkFactor("lambda", factor);
  return named("lambda", (step, base) => base * factor(step));
}

/**
 * base · factor(1) · factor(2) · … · factor(step) (PyTorch `MultiplicativeLR`). `factor` must be pure: the product is
 * remembered, so that going on by one step costs one call.
 */
export function multiplicative(factor: (step: number) => number): Schedule {
  checkFactor("multiplicative", factor);
  let at = 0;
  let product = 1;
  return named("multiplicative", (step, base) => {
    if (step < at) {
      at = 0;
      product = 1;
    }
    while (at < Math.floor(step)) product *= factor(++at);
    return base * product;
  });
}

/**
 * A schedule of epochs for callers that count steps: schedule(⌊step ÷ stepsPerEpoch⌋).
 * @param stepsPerEpoch at least 1.
 */
export function perEpoch(schedule: Schedule, stepsPerEpoch: number): Schedule {
  const [part] = checkSchedules("perEpoch", [schedule]);
  if (!(Number.isSafeInteger(stepsPerEpoch) && stepsPerEpoch >= 1)) {
    throw wrongValue("perEpoch stepsPerEpoch", "an integer of at least 1", stepsPerEpoch, "ERR_OPTION");
  }
  const momentum = part.momentum;
  return named(
    "perEpoch",
    (step, base) => part(Math.floor(step / stepsPerEpoch), base),
    momentum && ((step) => momentum(Math.floor(step / stepsPerEpoch))),
  );
}

function checkSchedules(owner: string, schedules: readonly Schedule[]): Schedule[] {
  if (!Array.isArray(schedules)) throw wrongKind(owner, "an array of schedules", schedules, "ERR_OPTION");
  if (schedules.length === 0) throw wrongValue(owner, "at least one schedule", schedules, "ERR_OPTION");
  schedules.forEach((schedule: unknown, i) => {
    if (typeof schedule !== "function") throw wrongKind(`${owner}[${i}]`, "a schedule of the step", schedule, "ERR_OPTION");
  });
  return [...schedules];
}

/**
 * One schedule after another: schedules[i] begins at milestones[i − 1] and counts its own steps from there (PyTorch
 * `SequentialLR`).
 * @param milestones ascending steps of at least 1, one fewer than schedules.
 */
export function sequential(schedules: readonly Schedule[], milestones: readonly number[]): Schedule {
  const parts = checkSchedules("sequential", schedules);
  if (!Array.isArray(milestones)) throw wrongKind("sequential milestones", "an array of steps", milestones, "ERR_OPTION");
  if (milestones.length !== parts.length - 1) {
    throw wrongValue("sequential milestones", `${parts.length - 1} steps`, milestones, "ERR_OPTION");
  }
  const starts = [0, ...milestones];
  starts.forEach((start, i) => {
    if (i > 0 && !(Number.isSafeInteger(start) && start > starts[i - 1])) {
      throw wrongValue(`sequential milestones[${i - 1}]`, `an integer above ${starts[i - 1]}`, start, "ERR_OPTION");
    }
  });
  const partAt = (step: number): number => {
    let part = 0;
    while (part + 1 < starts.length && step >= starts[part + 1]) part++;
    return part;
  };
  const rate: Schedule = (step, base) => parts[partAt(step)](step - starts[partAt(step)], base);
  if (!parts.some((part) => part.momentum)) return named("sequential", rate);
  // A part without a momentum keeps what the nearest one with it had at its end.
  return named("sequential", rate, (step) => {
    let part = partAt(step);
    let end = step;
    while (part > 0 && !parts[part].momentum) end = starts[part--];
    const own = parts[part].momentum;
    if (own) return own(end - starts[part]);
    return parts.find((p) => p.momentum)?.momentum?.(0) ?? 0;
  });
}

/**
 * All at once: the rate of each schedule is the base of the next one, so factors multiply (PyTorch `ChainedScheduler`).
 * The momentum is that of the last schedule that has one.
 */
export function chained(schedules: readonly Schedule[]): Schedule {
  const parts = checkSchedules("chained", schedules);
  const momentum = parts.findLast((part) => part.momentum)?.momentum;
  return named("chained", (step, base) => parts.reduce((rate, part) => part(step, rate), base), momentum);
}
