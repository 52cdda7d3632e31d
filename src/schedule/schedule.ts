// What a schedule is. Two kinds: pure functions of the step, and feedback schedules that also read a number of the run.

/**
 * The learning rate as a pure function of the step (or epoch: the caller's unit), counted from 0, and of the group's base
 * rate. Any `(step, base) => rate` is a schedule; a checkpoint needs nothing but the step.
 */
export interface Schedule {
  (step: number, base: number): number;
  /** The momentum (or β₁) that goes with the step, where the schedule cycles it. */
  readonly momentum?: (step: number) => number;
}

/** What a feedback schedule remembers: plain numbers, null for "nothing yet". JSON keeps it exactly. */
export type FeedbackState = Readonly<Record<string, number | null>>;

/** A schedule that reads the run. Its functions are pure too: the state goes in and comes out. */
export interface FeedbackSchedule {
  /** "metric": a validation figure after an epoch. "squaredGradientNorm": Σ g² over the group, before the update. */
  readonly reads: "metric" | "squaredGradientNorm";
  /** The state before anything was observed; its rate is `base`. */
  start(base: number): FeedbackState;
  /** The state after observing `value`. */
  observe(state: FeedbackState, value: number): FeedbackState;
  rate(state: FeedbackState): number;
}

export type AnySchedule = Schedule | FeedbackSchedule;

export function isFeedback(schedule: AnySchedule): schedule is FeedbackSchedule {
  return typeof schedule !== "function";
}

/** Names a function, so that errors, logs and debuggers say which schedule it is. */
export function named(name: string, rate: Schedule, momentum?: (step: number) => number): Schedule {
  Object.defineProperty(rate, "name", { value: name });
  return momentum ? Object.assign(rate, { momentum }) : rate;
}

/** The rates of steps first … first + count − 1, for callers that hand many steps down at once. */
export function rates(
  schedule: Schedule,
  base: number,
  first: number,
  count: number,
  out = new Float64Array(count),
): Float64Array {
  for (let i = 0; i < count; i++) out[i] = schedule(first + i, base);
  return out;
}
