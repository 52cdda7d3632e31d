// --schedule as text: "cosine", "step:every=10,factor=0.5". Lengths are in epochs; the schedules count updates.
import {
  type AnySchedule,
  cosine,
  exponential,
  linear,
  oneCycle,
  perEpoch,
  reduceOnPlateau,
  type Schedule,
  stepDecay,
  warmup,
} from "../schedule/index.ts";
import { suggestion, UsageError } from "./args.ts";

export interface ScheduleSpec {
  readonly name: string;
  readonly values: Readonly<Record<string, number>>;
}

/** What a schedule is made for. */
export interface ScheduleLength {
  readonly epochs: number;
  readonly updatesPerEpoch: number;
}

interface Setting {
  readonly default: number;
  readonly expected: string;
  accepts(value: number): boolean;
}

const rate = (value: number): Setting => ({ default: value, expected: "a number of at least 0", accepts: (v) => v >= 0 });
const factor = (value: number): Setting => ({
  default: value,
  expected: "a number above 0 and up to 1",
  accepts: (v) => v > 0 && v <= 1,
});
const reduction = (value: number): Setting => ({
  default: value,
  expected: "a number between 0 and 1",
  accepts: (v) => v > 0 && v < 1,
});
const epochs = (value: number, least: number): Setting => ({
  default: value,
  expected: `an integer of at least ${least}`,
  accepts: (v) => Number.isSafeInteger(v) && v >= least,
});

interface Row {
  readonly settings: Readonly<Record<string, Setting>>;
  make(values: Readonly<Record<string, number>>, length: ScheduleLength): AnySchedule;
}

/** Epochs of a linear warm-up before the schedule. */
const WARMUP = { warmup: epochs(0, 0) };

/** The schedule over the updates that its warm-up leaves. */
function warmed(
  { warmup: before = 0 }: Readonly<Record<string, number>>,
  length: ScheduleLength,
  after: (steps: number) => Schedule,
): Schedule {
  const steps = length.epochs * length.updatesPerEpoch;
  const first = Math.min(before * length.updatesPerEpoch, steps - 1);
  return first > 0 ? warmup({ steps: first, after: after(steps - first) }) : after(steps);
}

const SCHEDULES: Readonly<Record<string, Row>> = {
  cosine: {
    settings: { min: rate(0), ...WARMUP },
    make: (values, length) => warmed(values, length, (steps) => cosine({ steps, minRate: values.min! })),
  },
  linear: {
    settings: { end: { ...factor(0), expected: "a number in [0, 1]", accepts: (v) => v >= 0 && v <= 1 }, ...WARMUP },
    make: (values, length) => warmed(values, length, (steps) => linear({ steps, startFactor: 1, endFactor: values.end! })),
  },
  onecycle: {
    settings: { warmup: reduction(0.3) },
    make: ({ warmup: warmupFraction }, length) =>
      oneCycle({ totalSteps: length.epochs * length.updatesPerEpoch, warmupFraction: warmupFraction! }),
  },
  step: {
    settings: { every: epochs(10, 1), factor: factor(0.5), ...WARMUP },
    make: (values, length) =>
      warmed(values, length, () =>
        perEpoch(stepDecay({ stepSize: values.every!, gamma: values.factor! }), length.updatesPerEpoch),
      ),
  },
  exponential: {
    settings: { factor: factor(0.95), ...WARMUP },
    make: (values, length) =>
      warmed(values, length, () => perEpoch(exponential({ gamma: values.factor! }), length.updatesPerEpoch)),
  },
  plateau: {
    settings: { patience: epochs(5, 0), factor: reduction(0.5), min: rate(0) },
    make: ({ patience, factor: by, min }) => reduceOnPlateau({ patience: patience!, factor: by!, minRate: min! }),
  },
};

/** One line per schedule with its settings, for the help text. */
export function scheduleHelp(): string {
  return Object.entries(SCHEDULES)
    .map(([name, { settings }]) => `  ${name}:${Object.entries(settings).map(([key, row]) => `${key}=${row.default}`)}`)
    .join("\n");
}

/** @throws UsageError. */
export function parseSchedule(text: string): ScheduleSpec {
  const [name = "", rest, ...more] = text.trim().split(":");
  const names = Object.keys(SCHEDULES);
  const row = Object.hasOwn(SCHEDULES, name) ? SCHEDULES[name] : undefined;
  if (row === undefined)
    throw new UsageError(`--schedule: expected one of ${names.join(", ")}, received "${name}"${suggestion(name, names)}`);
  if (more.length > 0) throw new UsageError(`--schedule: expected "${name}:name=value,name=value", received "${text}"`);
  const values = Object.fromEntries(Object.entries(row.settings).map(([key, setting]) => [key, setting.default]));
  for (const part of rest === undefined ? [] : rest.split(",")) {
    const [key = "", value = ""] = part.split("=").map((word) => word.trim());
    const known = Object.keys(row.settings);
    const setting = Object.hasOwn(row.settings, key) ? row.settings[key] : undefined;
    if (setting === undefined)
      throw new UsageError(`--schedule ${name}: expected ${known.join(", ")}, received "${key}"${suggestion(key, known)}`);
    const number = value === "" ? Number.NaN : Number(value);
    if (!setting.accepts(number))
      throw new UsageError(`--schedule ${name}: ${key}: expected ${setting.expected}, received "${value}"`);
    values[key] = number;
  }
  return { name, values };
}

export function buildSchedule({ name, values }: ScheduleSpec, length: ScheduleLength): AnySchedule {
  return SCHEDULES[name]!.make(values, length);
}
