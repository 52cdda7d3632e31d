// Parameter groups: options of their own, readable and, where numeric, changeable between steps.
import { wrongKind, wrongValue } from "../core/errors.ts";
import { checkSchedule } from "../schedule/cursor.ts";
import type { AnySchedule, FeedbackState } from "../schedule/schedule.ts";
import type { CommonValues, Method, RuleTarget } from "./method.ts";
import { checkOption, type NumberOption, type OptionValue, type OptionValues } from "./options.ts";
import type { Param } from "./parameters.ts";

/** Parameters with options of their own. Options that are left out are the optimizer's. */
export interface ParamGroup {
  readonly params: readonly Param[];
  readonly name?: string;
  /** True: the group's parameters are not updated, at no cost. Can be changed later. Default false. */
  readonly frozen?: boolean;
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
  schedule: AnySchedule | undefined;
  /** What a feedback schedule remembers; null for other schedules and before its first observation. */
  feedback: FeedbackState | null;
  readonly params: number[];
  readonly view: OptimizerGroup;
}

/** At most one way of clipping per group: the order of two would matter. */
export function checkClips(owner: string, { clipNorm, clipValue }: Readonly<Record<string, OptionValue>>): void {
  if (clipNorm !== Number.POSITIVE_INFINITY && clipValue !== Number.POSITIVE_INFINITY)
    throw wrongValue(`${owner}.clipNorm`, "no clipValue beside it", clipNorm, "ERR_OPTION");
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
    const clipping = (key === "clipNorm" || key === "clipValue") && checked !== old;
    if (clipping || state.method.rule(state.values, PROBE) !== before) changed();
  };
}

/** A group's state with the accessors that the user sees; `changed` is called where the plan must be made anew. */
export function createGroup(
  method: Method,
  values: Record<string, OptionValue>,
  given: { name?: string; frozen?: boolean; schedule?: AnySchedule },
  params: number[],
  changed: () => void,
): GroupState {
  const view = {} as OptimizerGroup;
  const state: GroupState = {
    method,
    values,
    name: given.name,
    frozen: given.frozen ?? false,
    schedule: given.schedule,
    feedback: null,
    params,
    view,
  };
  const define = (key: string, get: () => unknown, set?: (value: unknown) => void): void => {
    Object.defineProperty(view, key, { enumerable: true, get, set });
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
    "schedule",
    () => state.schedule,
    (value) => {
      state.schedule = optionalSchedule(`${method.name}.schedule`, value);
      state.feedback = null;
    },
  );
  for (const key of Object.keys(method.options)) define(key, () => state.values[key], setter(state, key, changed));
  return state;
}

/** The schedule option: null and undefined mean none. */
export function optionalSchedule(argument: string, value: unknown): AnySchedule | undefined {
  if (value === undefined || value === null) return undefined;
  checkSchedule(argument, value);
  return value;
}
