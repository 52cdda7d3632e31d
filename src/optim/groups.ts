// Parameter groups: options of their own, readable and, where numeric, changeable between steps.
import { wrongKind, wrongValue } from "../core/errors.ts";
import { checkSchedule } from "../schedule/cursor.ts";
import type { AnySchedule, FeedbackState } from "../schedule/schedule.ts";
import type { CommonValues, Method, RuleTarget } from "./method.ts";
import { checkOption, type NumberOption, type OptionValue, type OptionValues, unknownOption } from "./options.ts";
import type { Param } from "./parameters.ts";

/** Parameters with options of their own. Options that are left out are the optimizer's. */
export interface ParamGroup {
  readonly params: readonly Param[];
  readonly name?: string;
  /** True: the group's parameters are not updated; nothing of them is read. Can be changed later. Default false. */
  readonly frozen?: boolean;
  /** True: `gradientNorm` of the group is taken in every step. Can be changed later. Default: the optimizer's `monitor`. */
  readonly monitor?: boolean;
  /** Scales the group's learningRate by the optimizer's steps (perEpoch() counts epochs instead). Can be changed later. */
  readonly schedule?: AnySchedule;
}

/** What optimizer.groups[i] offers beside the options themselves. */
export interface GroupBase {
  /** Name of the group's optimizer. */
  readonly optimizer: string;
  readonly name: string | undefined;
  /** Indices of its parameters in the order of step()'s gradients. */
  readonly params: readonly number[];
  frozen: boolean;
  monitor: boolean;
  /**
   * Euclidean norm of the group's gradients in the latest step, before clipping, in float64; undefined where `monitor` is
   * off, before the first step, and where the group was frozen. Not finite where a gradient was not.
   */
  readonly gradientNorm: number | undefined;
  schedule: AnySchedule | undefined;
}

/** Numeric options can be changed, and are checked like at construction; the others can be read. */
export type OptimizerGroup<O extends OptionValues = CommonValues> = GroupBase & {
  -readonly [K in keyof O as O[K] extends number ? K : never]: O[K];
} & { readonly [K in keyof O as O[K] extends number ? never : K]: O[K] };

export interface GroupState {
  readonly method: Method;
  readonly values: Record<string, OptionValue>;
  readonly name: string | undefined;
  frozen: boolean;
  monitor: boolean;
  gradientNorm: number | undefined;
  schedule: AnySchedule | undefined;
  /** What a feedback schedule remembers; null for other schedules and before its first observation. */
  feedback: FeedbackState | null;
  readonly params: number[];
  readonly view: OptimizerGroup;
}

const CLIPS = ["clipNorm", "clipValue", "clipAdaptive"] as const;

/** At most one way of clipping per group: the order of two would matter. */
export function checkClips(owner: string, values: Readonly<Record<string, OptionValue>>): void {
  const given = CLIPS.filter((key) => values[key] !== Number.POSITIVE_INFINITY);
  if (given.length > 1) throw wrongValue(`${owner}.${given[0]}`, `no ${given[1]} beside it`, values[given[0]!], "ERR_OPTION");
}

/** Options that select a rule do so for every parameter alike, so one stands for all. */
const PROBE: RuleTarget = { shape: [1], count: 1, dtype: "float32" };

function setter(state: GroupState, key: string, changed: () => void): (value: unknown) => void {
  const argument = `${state.method.name}.${key}`;
  const row = state.method.options[key] as NumberOption;
  if (row.kind !== "number" || row.fixed)
    return (value) => {
      throw wrongValue(argument, "no change: this option is fixed at construction", value, "ERR_OPTION");
    };
  return (value) => {
    const checked = checkOption(argument, row, value);
    const before = state.method.rule(state.values, PROBE);
    const old = state.values[key]!;
    state.values[key] = checked;
    try {
      state.method.check?.(state.values);
      checkClips(state.method.name, state.values);
    } catch (error) {
      state.values[key] = old;
      throw error;
    }
    const clipping = CLIPS.some((clip) => clip === key) && checked !== old;
    if (clipping || state.method.rule(state.values, PROBE) !== before) changed();
  };
}

/** A group's state with the accessors that the user sees; `changed` is called where the plan must be made anew. */
export function createGroup(
  method: Method,
  values: Record<string, OptionValue>,
  given: { name?: string; frozen?: boolean; monitor?: boolean; schedule?: AnySchedule },
  params: number[],
  changed: () => void,
): GroupState {
  const view = new Proxy({} as OptimizerGroup, {
    set(target, key, value) {
      if (!Object.hasOwn(target, key)) throw unknownOption(method.name, method.options, String(key));
      return Reflect.set(target, key, value);
    },
  });
  const state: GroupState = {
    method,
    values,
    name: given.name,
    frozen: given.frozen ?? false,
    monitor: given.monitor ?? false,
    gradientNorm: undefined,
    schedule: given.schedule,
    feedback: null,
    params,
    view,
  };
  const define = (key: string, get: () => unknown, set?: (value: unknown) => void, enumerable = true): void => {
    Object.defineProperty(view, key, { enumerable, get, set });
  };
  define("optimizer", () => method.name);
  define("name", () => state.name);
  define("params", () => state.params);
  define(
    "frozen",
    () => state.frozen,
    (value) => {
      if (typeof value !== "boolean") throw wrongKind(`${method.name}.frozen`, "true or false", value, "ERR_OPTION");
      if (value !== state.frozen) changed();
      state.frozen = value;
    },
  );
  define(
    "monitor",
    () => state.monitor,
    (value) => {
      if (typeof value !== "boolean") throw wrongKind(`${method.name}.monitor`, "true or false", value, "ERR_OPTION");
      state.monitor = value;
      state.gradientNorm = undefined;
    },
  );
  define("gradientNorm", () => state.gradientNorm);
  define(
    "schedule",
    () => state.schedule,
    (value) => {
      state.schedule = optionalSchedule(`${method.name}.schedule`, value);
      state.feedback = null;
    },
  );
  for (const [key, row] of Object.entries(method.options)) {
    define(key, () => state.values[key], setter(state, key, changed));
    const alias = row.kind === "number" ? row.alias : undefined;
    if (alias !== undefined) define(alias, () => state.values[key], setter(state, key, changed), false);
  }
  return state;
}

/** The schedule option: null and undefined mean none. */
export function optionalSchedule(argument: string, value: unknown): AnySchedule | undefined {
  if (value === undefined || value === null) return undefined;
  checkSchedule(argument, value);
  return value;
}
