// The optimizer that users see: checks what it is given, then runs one plan over all parameters of all groups.

import type { StepPlan } from "../backend/optim.ts";
import { currentBackend } from "../backend/select.ts";
import { wrongKind, wrongValue } from "../core/errors.ts";
import { elementCount } from "../core/shape.ts";
import type { FloatArray, Tensor } from "../core/types.ts";
import type { FeedbackState } from "../schedule/schedule.ts";
import { checkWhole, splitWhole, type WholeOptions } from "./clip.ts";
import { OptimizerCore } from "./core.ts";
import { checkClips, createGroup, type OptimizerGroup, optionalSchedule, type ParamGroup } from "./groups.ts";
import type { CommonValues, Method } from "./method.ts";
import { type OptionValue, type OptionValues, resolveOptions } from "./options.ts";
import { checkParam, MemoryMap, type Param } from "./parameters.ts";
import { checkRules } from "./rules/registry.ts";
import { loadState, type OptimizerState, saveState } from "./state.ts";

/** Key of an optimizer's inside, for this package's own modules. */
export const core: unique symbol = Symbol("downhill.optimizer.core");

export interface StepOptions {
  /** The loss of this step; methods that are normalised by it need it. */
  readonly loss?: number;
}

const GROUP_KEYS = new Set(["params", "name", "frozen", "monitor", "schedule", "optimizer"]);
let checkedBackend: object | undefined;

/** Throws where the backend's rules are not this package's; looks once per backend. */
function checkedCurrentBackend(): ReturnType<typeof currentBackend> {
  const backend = currentBackend();
  if (checkedBackend !== backend) {
    const told = backend.stepRules();
    if (told) checkRules(told);
    checkedBackend = backend;
  }
  return backend;
}

/** Which method and option values a group has; MultiOptimizer's groups choose their own. */
export interface MethodOf {
  (group: object, argument: string): { method: Method; base: OptionValues };
  /** The whole optimizer's options. */
  readonly whole?: Required<WholeOptions>;
}

function isGroup(value: unknown): value is ParamGroup {
  return typeof value === "object" && value !== null && !ArrayBuffer.isView(value) && "params" in value;
}

/**
 * Base of every optimizer. Parameters are changed in place; each parameter has state arrays and a step count of its own.
 * Made by the classes beside it (Adam, SGD, …), which document their options.
 */
export class Optimizer<O extends OptionValues = CommonValues> {
  /** @internal */
  readonly [core]: OptimizerCore;
  readonly #name: string;
  readonly #methodOf: MethodOf;
  #memory = new MemoryMap([]);
  /** What step() was given last, the arrays in it, and whether some were tensors, whose data may be another next time. */
  #given: unknown[] = [];
  #gradients: (FloatArray | null)[] = [];
  #hasTensors = false;

  /** `places`: for each parameter in the order of the groups its place among the gradients; by default that order itself. */
  protected constructor(
    name: string,
    methodOf: MethodOf,
    params: readonly Param[] | readonly ParamGroup[],
    places?: readonly number[],
  ) {
    this.#name = name;
    this.#methodOf = methodOf;
    this[core] = new OptimizerCore(checkedCurrentBackend(), methodOf.whole ?? splitWhole(name, undefined).whole);
    if (!Array.isArray(params)) throw wrongKind("params", "an array of parameters or groups", params);
    const list = params as readonly (Param | ParamGroup)[];
    const groups = list.length > 0 && list.every(isGroup) ? list : [{ params: list as readonly Param[] }];
    this.#add(groups, places);
  }

  /** The class's name; "MultiOptimizer" where the groups have their own. */
  get name(): string {
    return this.#name;
  }

  /** The parameter groups, in order. Numeric options may be changed between steps. */
  get groups(): readonly OptimizerGroup<O>[] {
    return this[core].groups.map(({ view }) => view as unknown as OptimizerGroup<O>);
  }

  /** Steps that were applied. */
  get steps(): number {
    return this[core].steps;
  }

  /** Steps that were skipped because a gradient was not finite (`skipNonFinite`). */
  get skippedSteps(): number {
    return this[core].skipped;
  }

  /** Highest norm of all gradients together; Infinity where they are not clipped. Can be changed. */
  get clipGlobalNorm(): number {
    return this[core].whole.clipGlobalNorm;
  }
  set clipGlobalNorm(value: number) {
    this[core].whole.clipGlobalNorm = checkWhole(this.#name, "clipGlobalNorm", value);
  }

  /** Whether steps with NaN or infinite gradients are skipped. Can be changed. */
  get skipNonFinite(): boolean {
    return this[core].whole.skipNonFinite;
  }
  set skipNonFinite(value: boolean) {
    this[core].whole.skipNonFinite = checkWhole(this.#name, "skipNonFinite", value);
  }

  /**
   * Appends a group; its parameters come last in the order of the gradients.
   * @throws ERR_DUPLICATE, ERR_ALIAS, ERR_DTYPE, ERR_DETACHED, ERR_SHAPE, ERR_OPTION; the optimizer is then unchanged.
   */
  addGroup(group: ParamGroup): void {
    if (!isGroup(group)) throw wrongKind("group", "an object with params", group);
    this.#add([group]);
  }

  #add(given: readonly ParamGroup[], places?: readonly number[]): void {
    const inside = this[core];
    const first = inside.groups.length;
    const added = given.map((group, k) => {
      const argument = `groups[${first + k}]`;
      const { method, base } = this.#methodOf(group, argument);
      const own = Object.fromEntries(Object.entries(group).filter(([key]) => !GROUP_KEYS.has(key)));
      const values = resolveOptions(method.name, method.options, own, base);
      method.check?.(values);
      checkClips(method.name, values);
      const { params, name, frozen, monitor = inside.whole.monitor, schedule } = group;
      if (name !== undefined && typeof name !== "string") throw wrongKind(`${argument}.name`, "a string", name, "ERR_OPTION");
      if (frozen !== undefined && typeof frozen !== "boolean")
        throw wrongKind(`${argument}.frozen`, "true or false", frozen, "ERR_OPTION");
      if (typeof monitor !== "boolean") throw wrongKind(`${argument}.monitor`, "true or false", monitor, "ERR_OPTION");
      if (!Array.isArray(params)) throw wrongKind(`${argument}.params`, "an array of parameters", params);
      return { method, values, name, frozen, monitor, schedule: optionalSchedule(`${argument}.schedule`, schedule), params };
    });
    let next = inside.parameters.length;
    const checked = added.map((entry) => ({
      entry,
      params: entry.params.map((param) => {
        const index = places?.[next] ?? next;
        next++;
        return { index, ...checkParam(`params[${index}]`, param) };
      }),
    }));
    const arrays = inside.parameters.map(({ data }) => data);
    for (const { params } of checked) for (const { index, data } of params) arrays[index] = data;
    const memory = new MemoryMap(arrays);
    inside.invalidate();
    this.#memory = memory;
    this.#given = [];
    for (const { entry, params } of checked) {
      const state = createGroup(
        entry.method,
        entry.values,
        entry,
        params.map(({ index }) => index),
        () => inside.invalidate(),
      );
      inside.groups.push(state);
      for (const { index, data, shape, dtype } of params) {
        const count = elementCount(shape);
        const scalars = { ...entry.method.scalars };
        inside.parameters[index] = { data, shape, dtype, count, group: state, step: 0, scalars, slots: {} };
      }
    }
  }

  /**
   * Updates every parameter from its gradient, in one call. `gradients` has one entry per parameter over all groups;
   * null leaves the parameter, its state and its step count as they are. What stands for a frozen group is not looked at.
   * @throws ERR_LENGTH, ERR_DTYPE, ERR_DETACHED, ERR_SHAPE, ERR_ALIAS (a gradient overlaps a parameter), ERR_OPTION; nothing
   * is changed then.
   */
  step(gradients: readonly (Param | null)[], options?: StepOptions): void {
    const inside = this[core];
    const loss = options === undefined ? undefined : this.#loss(options);
    if (this.#changed(gradients)) this.#bind(gradients);
    const plan = inside.planFor(this.#gradients) ?? inside.prepare(this.#gradients, this.#inactive(), true);
    const reads = inside.readsGradients();
    if (reads) {
      inside.verifyBound(this.#gradients);
      if (!plan.measure() && inside.whole.skipNonFinite) {
        this.#skip(plan);
        return;
      }
    }
    const before = reads ? this.#observeGradients(plan) : null;
    try {
      inside.writeControl(plan.control, loss, reads);
      inside.verifyBound(this.#gradients);
    } catch (error) {
      before?.forEach((feedback, k) => {
        inside.groups[k]!.feedback = feedback;
      });
      throw error;
    }
    if (plan.run() === false) {
      this.#skip(plan);
      return;
    }
    inside.advance(loss);
    inside.observeNorms(plan);
  }

  #skip(plan: StepPlan): void {
    this[core].skipped++;
    this[core].observeNorms(plan);
  }

  /** Hands Σ g² of each group to schedules that read it; returns what they remembered before. */
  #observeGradients(plan: StepPlan): (FeedbackState | null)[] {
    const inside = this[core];
    const squares = plan.squares();
    const before = inside.groups.map(({ feedback }) => feedback);
    inside.observe("squaredGradientNorm", (group) => inside.squaresOf(group, squares));
    return before;
  }

  /**
   * Tells schedules that read a metric (reduceOnPlateau) its value, once per epoch.
   * @throws ERR_OPTION where it is not a number.
   */
  observeMetric(metric: number): void {
    if (typeof metric !== "number") throw wrongKind("metric", "a number", metric, "ERR_OPTION");
    this[core].observe("metric", () => metric);
  }

  #loss({ loss }: StepOptions): number | undefined {
    if (loss !== undefined && typeof loss !== "number") throw wrongKind("options.loss", "a number", loss, "ERR_OPTION");
    return loss;
  }

  #inactive(): boolean[] {
    return this.#gradients.map((gradient) => gradient === null);
  }

  #changed(gradients: readonly (Param | null)[]): boolean {
    const given = this.#given;
    const count = given.length;
    if (!Array.isArray(gradients) || gradients.length !== count) return true;
    // A group may have been thawed, whose gradients nobody has looked at.
    if (this[core].planFor(this.#gradients) === undefined) return true;
    // By fours: a thousand comparisons take .7 instead of 1 µs.
    let i = 0;
    for (; i + 4 <= count; i += 4) {
      if (gradients[i] !== given[i] || gradients[i + 1] !== given[i + 1]) return true;
      if (gradients[i + 2] !== given[i + 2] || gradients[i + 3] !== given[i + 3]) return true;
    }
    for (; i < count; i++) if (gradients[i] !== given[i]) return true;
    if (this.#hasTensors) {
      const arrays = this.#gradients;
      for (let i = 0; i < count; i++) {
        const tensor = given[i] as Param | null;
        if (tensor !== null && arrays[i] !== null && tensor !== arrays[i] && (tensor as Tensor).data !== arrays[i]) return true;
      }
    }
    return count === 0;
  }

  #bind(gradients: readonly (Param | null)[]): void {
    const inside = this[core];
    if (!Array.isArray(gradients)) throw wrongKind("gradients", "an array of gradients", gradients);
    const given = [...gradients] as (Param | null)[];
    if (given.length !== inside.parameters.length)
      throw wrongValue("gradients", `${inside.parameters.length} entries, one per parameter`, given.length, "ERR_LENGTH");
    const arrays = given.map((gradient, i) =>
      gradient === null || inside.parameters[i]!.group.frozen ? null : this.#checkGradient(i, gradient),
    );
    const same = arrays.length === this.#gradients.length && arrays.every((array, i) => array === this.#gradients[i]);
    // Reading a tensor may have run a getter: look again at all arrays, now that no more code runs.
    inside.verify(arrays);
    if (!same || !inside.planFor(this.#gradients)) {
      inside.prepare(
        arrays,
        arrays.map((array) => array === null),
        true,
      );
      this.#gradients = arrays;
    }
    this.#given = given;
    this.#hasTensors = given.some((gradient, i) => arrays[i] !== null && !ArrayBuffer.isView(gradient));
  }

  #checkGradient(i: number, given: Param): FloatArray {
    const name = `gradients[${i}]`;
    const gradient = checkParam(name, given);
    const parameter = this[core].parameters[i]!;
    if (gradient.dtype !== parameter.dtype)
      throw wrongKind(name, parameter.dtype === "float32" ? "a Float32Array" : "a Float64Array", gradient.data);
    const count = elementCount(gradient.shape);
    if (count !== parameter.count) throw wrongValue(name, `${parameter.count} elements`, count, "ERR_LENGTH");
    const other = this.#memory.overlapping(gradient.data);
    if (other >= 0) throw wrongValue(name, "memory of its own", `an overlap with params[${other}]`, "ERR_ALIAS");
    return gradient.data;
  }

  /** A copy of everything that a later run needs to go on bit for bit: options, step counts, state arrays. */
  stateDict(): OptimizerState {
    return saveState(this.#name, this[core]);
  }

  /**
   * Takes over a state of the same optimizer over parameters of the same shapes.
   * @throws ERR_FORMAT for another version or a malformed state, ERR_STATE for another optimizer, other groups, missing or
   * extra slots, ERR_SHAPE, ERR_DTYPE, ERR_LENGTH, ERR_BUSY while a trainer's asynchronous run is pending; nothing is
   * changed then.
   */
  loadStateDict(state: OptimizerState): void {
    loadState(this.#name, this[core], state);
  }

  /** Releases the prepared plan and its hold on memory; a later step makes it again. */
  dispose(): void {
    this[core].invalidate();
    this.#given = [];
    this.#gradients = [];
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}

/** The methodOf of an optimizer whose groups share one method. */
export function oneMethod(method: Method, options: object | undefined): MethodOf {
  if (options !== undefined && (typeof options !== "object" || options === null))
    throw wrongKind("options", "an object", options, "ERR_OPTION");
  const { whole, rest } = splitWhole(method.name, options);
  const base: Record<string, OptionValue> = resolveOptions(method.name, method.options, rest);
  method.check?.(base);
  const methodOf = (group: object, argument: string): { method: Method; base: OptionValues } => {
    if ("optimizer" in group && group.optimizer !== undefined && group.optimizer !== method.name)
      throw wrongValue(`${argument}.optimizer`, `"${method.name}" (MultiOptimizer mixes methods)`, group.optimizer, "ERR_OPTION");
    return { method, base };
  };
  return Object.assign(methodOf, { whole });
}
