// Drives the learning rates (and momenta) of an optimizer's groups along schedules. For loops that call step() themselves;
// a group's own `schedule` option and fit() do the same on their own.
import { wrongKind, wrongValue } from "../core/errors.ts";
import { type CursorState, checkCursorState, checkSchedule, ScheduleCursor } from "./cursor.ts";
import type { AnySchedule } from "./schedule.ts";

/** What of a parameter group a schedule sets. */
export interface ScheduledGroup {
  learningRate: number;
  momentum?: number;
  beta1?: number;
}

export interface AttachOptions {
  /** Whether afterStep() or afterEpoch() moves the schedules; default "step". */
  per?: "step" | "epoch";
}

export interface DriverState {
  readonly format: 1;
  readonly per: "step" | "epoch";
  readonly groups: readonly (CursorState | null)[];
}

export interface ScheduleDriver {
  /** Steps or epochs done, as `per` says. */
  readonly step: number;
  /** The rates now in force, one per group. */
  readonly rates: readonly number[];
  /** Before each update: Σ g² over all gradients, for schedules that read the gradient. */
  beforeStep(squaredGradientNorm: number): void;
  /** After each update. With `metric`, schedules that read one observe it (only where they run per step). */
  afterStep(metric?: number): void;
  /** After each epoch, with the validation metric for schedules that read one. */
  afterEpoch(metric?: number): void;
  stateDict(): DriverState;
  /** @throws ERR_STATE; nothing has changed then. */
  loadStateDict(state: DriverState): void;
}

function schedulesOf(
  optimizer: { readonly groups: readonly ScheduledGroup[] },
  schedule: AnySchedule | readonly (AnySchedule | null)[],
) {
  const groups = optimizer?.groups;
  if (!Array.isArray(groups)) throw wrongKind("optimizer", "an optimizer with groups", optimizer);
  const list = Array.isArray(schedule)
    ? (schedule as readonly (AnySchedule | null)[])
    : groups.map(() => schedule as AnySchedule);
  if (list.length !== groups.length) {
    throw wrongValue("schedule", `one schedule (or null) for each of ${groups.length} groups`, list, "ERR_OPTION");
  }
  list.forEach((item, i) => {
    if (item !== null) checkSchedule(Array.isArray(schedule) ? `schedule[${i}]` : "schedule", item);
  });
  return list;
}

/**
 * Puts the groups of an optimizer under a schedule each (one for all, or an array with null for groups that keep their
 * rate). The present learning rates become the base rates, and the rates of step 0 are set at once.
 *
 * ```ts
 * const driver = attach(optimizer, warmup({ steps: 100, after: cosine({ steps: 900 }) }));
 * for (…) { optimizer.step(gradients); driver.afterStep(); }
 * ```
 * A schedule that cycles the momentum sets `momentum`, or `beta1` where the group has no momentum.
 * @throws ERR_OPTION for what is no schedule or an unknown `per`.
 */
export function attach(
  optimizer: { readonly groups: readonly ScheduledGroup[] },
  schedule: AnySchedule | readonly (AnySchedule | null)[],
  options: AttachOptions = {},
): ScheduleDriver {
  const per = options.per ?? "step";
  if (per !== "step" && per !== "epoch") throw wrongValue("attach.per", '"step" or "epoch"', per, "ERR_OPTION");
  const { groups } = optimizer ?? {};
  const cursors = schedulesOf(optimizer, schedule).map((item, i) => item && new ScheduleCursor(item, groups[i].learningRate));
  let done = 0;

  const apply = (): void => {
    cursors.forEach((cursor, i) => {
      if (cursor === null) return;
      const group = groups[i];
      group.learningRate = cursor.rate();
      const momentum = cursor.momentum();
      if (momentum === undefined) return;
      if (group.momentum !== undefined) group.momentum = momentum;
      else if (group.beta1 !== undefined) group.beta1 = momentum;
    });
  };
  const observe = (reads: "metric" | "squaredGradientNorm", value: number | undefined): void => {
    for (const cursor of cursors) if (value !== undefined && cursor?.reads === reads) cursor.observe(value);
  };
  const move = (metric: number | undefined): void => {
    done++;
    for (const cursor of cursors) cursor?.advance();
    observe("metric", metric);
    apply();
  };
  apply();
  return {
    get step() {
      return done;
    },
    get rates() {
      return groups.map((group) => group.learningRate);
    },
    beforeStep(squaredGradientNorm) {
      if (typeof squaredGradientNorm !== "number") {
        throw wrongKind("squaredGradientNorm", "a number", squaredGradientNorm);
      }
      observe("squaredGradientNorm", squaredGradientNorm);
      apply();
    },
    afterStep(metric) {
      if (per === "step") move(metric);
    },
    afterEpoch(metric) {
      if (per === "epoch") move(metric);
      else if (metric !== undefined) {
        observe("metric", metric);
        apply();
      }
    },
    stateDict: () => ({ format: 1, per, groups: cursors.map((cursor) => cursor?.state() ?? null) }),
    loadStateDict(state) {
      if (state?.format !== 1) throw wrongValue("state.format", "1", state?.format, "ERR_STATE");
      if (state.per !== per) throw wrongValue("state.per", `"${per}"`, state.per, "ERR_STATE");
      if (!Array.isArray(state.groups) || state.groups.length !== cursors.length) {
        throw wrongValue("state.groups", `${cursors.length} groups`, state.groups, "ERR_STATE");
      }
      cursors.forEach((cursor, i) => {
        const saved: unknown = state.groups[i];
        if (cursor) checkCursorState(`state.groups[${i}]`, saved, cursor.schedule);
        else if (saved !== null) throw wrongKind(`state.groups[${i}]`, "null", saved, "ERR_STATE");
      });
      cursors.forEach((cursor, i) => {
        cursor?.load(state.groups[i] as CursorState);
      });
      done = cursors.find((cursor) => cursor !== null)?.step ?? 0;
      apply();
    },
  };
}
