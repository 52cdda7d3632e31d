// State dictionaries: plain data, complete enough to go on bit for bit. Loading checks everything before it changes anything.
import type { SlotArray, StepRule } from "../backend/optim.ts";
import { arrayKind, intrinsicLength } from "../core/checks.ts";
import { fault, wrongKind, wrongValue } from "../core/errors.ts";
import { checkFeedback } from "../schedule/cursor.ts";
import { type FeedbackState, isFeedback } from "../schedule/schedule.ts";
import { checkWhole, type WholeOptions } from "./clip.ts";
import { type OptimizerCore, type ParameterState, slotKind } from "./core.ts";
import { checkClips } from "./groups.ts";
import { checkOption, type OptionValue } from "./options.ts";

export type SlotValue = SlotArray | number;

export interface ParameterRecord {
  name?: string;
  shape: number[];
  dtype: string;
  /** Updates this parameter has had. */
  step: number;
  slots: Record<string, SlotValue>;
}

/** Everything an optimizer needs to go on; safe to structured-clone and to write to a checkpoint. */
export interface OptimizerState {
  format: 1;
  optimizer: string;
  groups: { name?: string; optimizer: string; options: Record<string, OptionValue>; params: number[] }[];
  params: ParameterRecord[];
  /** Options of the whole optimizer; absent where all are the defaults. A state without them leaves them alone. */
  options?: { clipGlobalNorm: number; skipNonFinite: boolean };
  counters: Record<string, number>;
  /** What the groups' feedback schedules remember; absent where none has observed anything. */
  schedules?: { groups: (FeedbackState | null)[] };
}

export function saveState(name: string, inside: OptimizerCore): OptimizerState {
  return {
    format: 1,
    optimizer: name,
    groups: inside.groups.map(({ name: groupName, method, values, params }) => ({
      ...(groupName === undefined ? {} : { name: groupName }),
      optimizer: method.name,
      options: { ...values },
      params: [...params],
    })),
    params: inside.parameters.map((parameter, index) => {
      const { step, scalars } = inside.countOf(index);
      const slots: Record<string, SlotValue> = { ...scalars };
      for (const [slot, data] of Object.entries(parameter.slots)) slots[slot] = data.slice();
      return { shape: [...parameter.shape], dtype: parameter.dtype, step, slots };
    }),
    ...(inside.whole.skipNonFinite || inside.whole.clipGlobalNorm !== Number.POSITIVE_INFINITY
      ? { options: { clipGlobalNorm: inside.whole.clipGlobalNorm, skipNonFinite: inside.whole.skipNonFinite } }
      : {}),
    counters: { steps: inside.steps, skipped: inside.skipped },
    ...(inside.groups.some(({ feedback }) => feedback !== null)
      ? { schedules: { groups: inside.groups.map(({ feedback }) => (feedback === null ? null : { ...feedback })) } }
      : {}),
  };
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null;

function malformed(what: string): never {
  throw fault("ERR_FORMAT", `state: ${what}`);
}

function checkCount(argument: string, value: unknown): number {
  if (!Number.isSafeInteger(value) || (value as number) < 0) malformed(`${argument} is not a whole number`);
  return value as number;
}

const KINDS = { float32: "Float32Array", float64: "Float64Array", uint16: "Uint16Array", int8: "Int8Array" } as const;

interface Loaded {
  readonly step: number;
  readonly scalars: Record<string, number>;
  readonly slots: Record<string, SlotArray>;
  readonly rule: StepRule;
}

/** One parameter's record against the parameter, given its rule with the loaded options. */
function checkParameter(argument: string, parameter: ParameterState, record: unknown, rule: StepRule): Loaded {
  const expected = rule.slots;
  if (!isRecord(record) || !isRecord(record.slots)) malformed(`${argument} is not a record of a parameter`);
  const { shape, dtype, step, slots } = record as unknown as ParameterRecord;
  if (!Array.isArray(shape) || shape.join() !== parameter.shape.join())
    throw wrongValue(`${argument}.shape`, `[${parameter.shape}]`, Array.isArray(shape) ? `[${shape}]` : shape, "ERR_SHAPE");
  if (dtype !== parameter.dtype) throw wrongKind(`${argument}.dtype`, parameter.dtype, dtype);
  const loaded: Loaded = { step: checkCount(`${argument}.step`, step), scalars: {}, slots: {}, rule };
  const numbers = Object.keys(parameter.group.method.scalars ?? {});
  // A parameter that has not been updated yet may have no state.
  const required = loaded.step === 0 ? numbers : [...expected, ...numbers];
  for (const name of required)
    if (!Object.hasOwn(slots, name)) throw wrongValue(`${argument}.slots`, `a slot ${name}`, "none", "ERR_STATE");
  for (const [name, value] of Object.entries(slots)) {
    const slot = `${argument}.slots.${name}`;
    if (numbers.includes(name)) {
      if (typeof value !== "number") throw wrongKind(slot, "a number", value, "ERR_STATE");
      loaded.scalars[name] = value;
    } else if (expected.includes(name)) {
      const { type, count } = slotKind(rule, name, parameter);
      const kind = KINDS[type];
      if (arrayKind(value) !== kind) throw wrongKind(slot, `a ${kind}`, value, "ERR_DTYPE");
      const length = intrinsicLength(value as SlotArray);
      if (length !== count) throw wrongValue(slot, `${count} elements`, length, "ERR_LENGTH");
      loaded.slots[name] = value as SlotArray;
    } else
      throw wrongValue(
        slot,
        `a slot of ${parameter.group.method.name} (${[...expected, ...numbers].join(", ")})`,
        name,
        "ERR_STATE",
      );
  }
  return loaded;
}

/** The options of the stored groups, checked against the optimizer's own groups. */
function checkGroups(inside: OptimizerCore, given: unknown): Record<string, OptionValue>[] {
  if (!Array.isArray(given)) malformed("groups is not an array");
  const stored = given as unknown[];
  if (stored.length !== inside.groups.length)
    throw wrongValue("state.groups", `${inside.groups.length} groups`, stored.length, "ERR_STATE");
  return stored.map((entry, k) => {
    const { method, params, values } = inside.groups[k]!;
    const argument = `state.groups[${k}]`;
    if (!isRecord(entry) || !isRecord(entry.options) || !Array.isArray(entry.params)) malformed(`groups[${k}] is not a group`);
    const { optimizer, options, params: indices } = entry as unknown as OptimizerState["groups"][number];
    if (optimizer !== method.name) throw wrongValue(`${argument}.optimizer`, `"${method.name}"`, optimizer, "ERR_STATE");
    if (indices.join() !== params.join()) throw wrongValue(`${argument}.params`, `[${params}]`, `[${indices}]`, "ERR_STATE");
    const loaded: Record<string, OptionValue> = {};
    for (const key of Object.keys(method.options)) {
      if (!Object.hasOwn(options, key)) throw wrongValue(`${argument}.options`, `an option ${key}`, "none", "ERR_STATE");
      loaded[key] = checkOption(`${argument}.options.${key}`, method.options[key]!, options[key]);
      const row = method.options[key]!;
      if (row.kind === "number" && row.fixed && loaded[key] !== values[key])
        throw wrongValue(`${argument}.options.${key}`, String(values[key]), loaded[key], "ERR_STATE");
    }
    for (const key of Object.keys(options))
      if (!Object.hasOwn(method.options, key))
        throw wrongValue(`${argument}.options.${key}`, `an option of ${method.name}`, key, "ERR_STATE");
    method.check?.(loaded);
    checkClips(argument, loaded);
    return loaded;
  });
}

/** The whole optimizer's options; those in force where the state has none. */
function checkOptions(inside: OptimizerCore, given: unknown): Pick<Required<WholeOptions>, "clipGlobalNorm" | "skipNonFinite"> {
  if (given === undefined) return inside.whole;
  if (!isRecord(given)) malformed("options is not an object");
  const { clipGlobalNorm, skipNonFinite, ...others } = given;
  const [extra] = Object.keys(others);
  if (extra !== undefined) throw wrongValue("state.options", "clipGlobalNorm and skipNonFinite", extra, "ERR_STATE");
  return {
    clipGlobalNorm: checkWhole("state.options", "clipGlobalNorm", clipGlobalNorm),
    skipNonFinite: checkWhole("state.options", "skipNonFinite", skipNonFinite),
  };
}

/** What feedback schedules remembered, checked against the groups' schedules. */
function checkSchedules(inside: OptimizerCore, given: unknown): (FeedbackState | null)[] {
  if (given === undefined) return inside.groups.map(() => null);
  const list = isRecord(given) ? given.groups : undefined;
  if (!Array.isArray(list) || list.length !== inside.groups.length) malformed("schedules has not one entry per group");
  return inside.groups.map(({ schedule }, k) => {
    const entry: unknown = (list as unknown[])[k];
    if (entry === null) return null;
    const argument = `state.schedules.groups[${k}]`;
    if (schedule === undefined || !isFeedback(schedule)) throw wrongKind(argument, "null", entry, "ERR_STATE");
    checkFeedback(argument, entry, schedule);
    return { ...entry };
  });
}

export function loadState(name: string, inside: OptimizerCore, given: OptimizerState): void {
  if (inside.lent) throw fault("ERR_BUSY", "loadStateDict: an asynchronous run is pending");
  const state: unknown = given;
  if (!isRecord(state)) throw wrongKind("state", "a state dictionary", state, "ERR_FORMAT");
  if (state.format !== 1) throw wrongValue("state.format", "1 (a newer version wrote this?)", state.format, "ERR_FORMAT");
  if (state.optimizer !== name) throw wrongValue("state.optimizer", `"${name}"`, state.optimizer, "ERR_STATE");
  if (!Array.isArray(state.params)) malformed("params is not an array");
  const records = state.params as unknown[];
  if (records.length !== inside.parameters.length)
    throw wrongValue("state.params", `${inside.parameters.length} parameters`, records.length, "ERR_STATE");
  const options = checkGroups(inside, state.groups);
  const whole = checkOptions(inside, state.options);
  const counters = isRecord(state.counters) ? state.counters : malformed("counters is not an object");
  const steps = checkCount("counters.steps", counters.steps);
  const skipped = checkCount("counters.skipped", counters.skipped ?? 0);
  const feedback = checkSchedules(inside, state.schedules);
  const loaded = inside.parameters.map((parameter, index) => {
    const { method } = parameter.group;
    const rule = method.rule(options[inside.groups.indexOf(parameter.group)]!, parameter);
    return checkParameter(`state.params[${index}]`, parameter, records[index], rule);
  });
  const made = inside.parameters.map((_, index) =>
    Object.fromEntries(
      Object.keys(loaded[index]!.slots).map((slot) => {
        const parameter = inside.parameters[index]!;
        const kind = slotKind(loaded[index]!.rule, slot, parameter);
        const now = parameter.slots[slot];
        return [slot, now && arrayKind(now) === KINDS[kind.type] && now.length === kind.count ? now : inside.newSlot(kind)];
      }),
    ),
  );
  inside.invalidate();
  inside.groups.forEach((group, k) => {
    Object.assign(group.values, options[k]);
    group.feedback = feedback[k]!;
  });
  inside.parameters.forEach((parameter, index) => {
    const { step, scalars, slots } = loaded[index]!;
    parameter.step = step;
    parameter.scalars = scalars;
    parameter.slots = made[index]!;
    for (const [slot, data] of Object.entries(slots)) parameter.slots[slot]!.set(data);
  });
  inside.whole.clipGlobalNorm = whole.clipGlobalNorm;
  inside.whole.skipNonFinite = whole.skipNonFinite;
  inside.steps = steps;
  inside.skipped = skipped;
}
