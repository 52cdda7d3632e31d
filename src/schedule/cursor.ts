// One group's schedule on its way: the step, and for feedback schedules the state. Plain data in and out.
import { wrongKind, wrongValue } from "../core/errors.ts";
import { type AnySchedule, type FeedbackSchedule, type FeedbackState, isFeedback } from "./schedule.ts";

/** What a checkpoint keeps of one group's schedule. */
export interface CursorState {
  readonly base: number;
  readonly step: number;
  readonly feedback: FeedbackState | null;
}

/** @throws ERR_OPTION unless `schedule` is a function or a feedback schedule. */
export function checkSchedule(argument: string, schedule: unknown): asserts schedule is AnySchedule {
  if (typeof schedule === "function") return;
  const candidate = schedule as Partial<FeedbackSchedule> | null;
  const complete = typeof candidate === "object" && [candidate?.start, candidate?.observe, candidate?.rate].every(isFunction);
  if (!complete) throw wrongKind(argument, "a schedule", schedule, "ERR_OPTION");
  if (candidate?.reads !== "metric" && candidate?.reads !== "squaredGradientNorm") {
    throw wrongValue(`${argument}.reads`, '"metric" or "squaredGradientNorm"', candidate?.reads, "ERR_OPTION");
  }
}

const isFunction = (value: unknown): boolean => typeof value === "function";

export class ScheduleCursor {
  readonly schedule: AnySchedule;
  /** The rate that the schedule scales. */
  base: number;
  /** Steps (or epochs) done. */
  step = 0;
  #feedback: FeedbackState | null;

  constructor(schedule: AnySchedule, base: number) {
    checkSchedule("schedule", schedule);
    this.schedule = schedule;
    this.base = base;
    this.#feedback = isFeedback(schedule) ? schedule.start(base) : null;
  }

  /** What the schedule wants to observe; null for a pure one. */
  get reads(): FeedbackSchedule["reads"] | null {
    return isFeedback(this.schedule) ? this.schedule.reads : null;
  }

  /** The rate of the step `ahead` steps from now; a feedback schedule keeps its rate until it observes again. */
  rate(ahead = 0): number {
    const { schedule } = this;
    if (isFeedback(schedule)) return schedule.rate(this.#feedback ?? schedule.start(this.base));
    return schedule(this.step + ahead, this.base);
  }

  /** The momentum of that step, undefined where the schedule leaves it alone. */
  momentum(ahead = 0): number | undefined {
    const { schedule } = this;
    return isFeedback(schedule) ? undefined : schedule.momentum?.(this.step + ahead);
  }

  advance(steps = 1): void {
    this.step += steps;
  }

  /** Hands a feedback schedule what it reads; nothing happens for a pure one. */
  observe(value: number): void {
    const { schedule } = this;
    if (isFeedback(schedule)) this.#feedback = schedule.observe(this.#feedback ?? schedule.start(this.base), value);
  }

  state(): CursorState {
    return { base: this.base, step: this.step, feedback: this.#feedback };
  }

  /** @throws ERR_STATE where the state is not one of this kind of schedule; nothing has changed then. */
  load(state: CursorState): void {
    checkCursorState("schedule state", state, this.schedule);
    this.base = state.base;
    this.step = state.step;
    this.#feedback = state.feedback === null ? null : { ...state.feedback };
  }
}

/** Throws ERR_STATE unless `state` has exactly the entries of the schedule's own states. */
export function checkFeedback(argument: string, state: unknown, schedule: FeedbackSchedule): asserts state is FeedbackState {
  if (typeof state !== "object" || state === null) throw wrongKind(argument, "an object of numbers", state, "ERR_STATE");
  const expected = Object.keys(schedule.start(1)).sort().join(", ");
  const received = Object.keys(state).sort().join(", ");
  if (received !== expected) throw wrongValue(argument, `the entries ${expected}`, received, "ERR_STATE");
  for (const [key, value] of Object.entries(state)) {
    if (value !== null && typeof value !== "number")
      throw wrongKind(`${argument}.${key}`, "a number or null", value, "ERR_STATE");
  }
}

/** Throws ERR_STATE unless `state` is a CursorState of this schedule. */
export function checkCursorState(argument: string, state: unknown, schedule: AnySchedule): asserts state is CursorState {
  if (typeof state !== "object" || state === null) throw wrongKind(argument, "an object", state, "ERR_STATE");
  const { base, step, feedback } = state as Partial<CursorState>;
  if (typeof base !== "number" || !Number.isFinite(base)) {
    throw wrongValue(`${argument}.base`, "a finite number", base, "ERR_STATE");
  }
  if (!Number.isSafeInteger(step) || (step as number) < 0) {
    throw wrongValue(`${argument}.step`, "an integer of at least 0", step, "ERR_STATE");
  }
  if (isFeedback(schedule)) checkFeedback(`${argument}.feedback`, feedback, schedule);
  else if (feedback !== null) throw wrongKind(`${argument}.feedback`, "null", feedback, "ERR_STATE");
}
