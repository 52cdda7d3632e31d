// What an optimizer keeps: parameters with their state, clusters of parameters that share one set of coefficients, and
// the plan that updates all of them in one call.
import type { Backend } from "../backend/backend.ts";
import { CLUSTER_HEAD, type SlotArray, type StepPlan, type StepRule } from "../backend/optim.ts";
import { checkFloatArray, intrinsicLength } from "../core/checks.ts";
import { wrongValue } from "../core/errors.ts";
import type { Dtype, FloatArray } from "../core/types.ts";
import { type FeedbackSchedule, isFeedback } from "../schedule/schedule.ts";
import { BoundArrays } from "./bound-arrays.ts";
import { clipsNorm, clipsUnits, type WholeOptions, writeGuard } from "./clip.ts";
import type { GroupState } from "./groups.ts";
import type { CommonValues, Scalars, StepInput } from "./method.ts";
import { checkOption } from "./options.ts";

export interface ParameterState {
  readonly data: FloatArray;
  readonly shape: readonly number[];
  readonly dtype: Dtype;
  readonly count: number;
  readonly group: GroupState;
  /** Updates this parameter has had. */
  step: number;
  scalars: Scalars;
  slots: Record<string, SlotArray>;
}

/** Parameters of one group, dtype, step count and rule: one set of coefficients serves them. */
export interface Cluster {
  readonly group: GroupState;
  readonly dtype: Dtype;
  readonly rule: StepRule;
  readonly members: number[];
  step: number;
  scalars: Scalars;
  active: boolean;
}

export interface SlotKind {
  readonly type: keyof typeof SLOT_ARRAYS;
  readonly count: number;
}

const SLOT_ARRAYS = { float32: Float32Array, float64: Float64Array, uint16: Uint16Array, int8: Int8Array } as const;

/** What memory the state array `name` of a parameter is. */
export function slotKind(rule: StepRule, name: string, { shape, count, dtype, group }: ParameterState): SlotKind {
  if ("layout" in rule) {
    const layout = rule.layout(name, shape);
    return { type: layout.type === "parameter" ? dtype : layout.type, count: layout.count };
  }
  const isHistory = rule.history !== undefined && name === rule.slots[0];
  return { type: dtype, count: count * (isHistory ? group.method.historyRows!(group.values) : 1) };
}

/** The smallest normal float32; a coefficient below it would be flushed to zero. */
const MIN_NORMAL = 1.1754943508222875e-38;

export class OptimizerCore {
  readonly backend: Backend;
  readonly groups: GroupState[] = [];
  readonly parameters: ParameterState[] = [];
  /** step() calls that were applied; what schedules count. */
  steps = 0;
  /** step() calls that were skipped because a gradient was not finite. */
  skipped = 0;
  /** True while an asynchronous run of a trainer makes the updates. */
  lent = false;
  /** Options of the whole optimizer. */
  readonly whole: Required<WholeOptions>;
  clusters: Cluster[] = [];
  #plan: StepPlan | undefined;
  /** For each tensor of the plan, the index of its parameter. */
  #order: number[] = [];
  #inactive: readonly boolean[] = [];
  /** Watches the arrays that the plan is bound to. */
  readonly #watch = new BoundArrays();
  /** For each parameter its tensor in the plan, −1 where it has no gradient or is frozen. */
  #places: number[] = [];
  /** The gradients that the plan is bound to. */
  #bound: readonly (FloatArray | null)[] | undefined;

  constructor(backend: Backend, whole: Required<WholeOptions>) {
    this.backend = backend;
    this.whole = whole;
  }

  /** Drops the plan; the next use makes it anew. Counts are kept, and state that the options still need. */
  invalidate(): void {
    this.#keepCounts();
    this.#plan?.dispose();
    this.#plan = undefined;
    this.#bound = undefined;
    this.clusters = [];
    for (const parameter of this.parameters) {
      const { slots } = parameter.group.method.rule(parameter.group.values, parameter);
      for (const name of Object.keys(parameter.slots)) if (!slots.includes(name)) delete parameter.slots[name];
    }
  }

  /** Writes the clusters' counts back to the parameters. */
  #keepCounts(clusters: readonly Cluster[] = this.clusters): void {
    for (const cluster of clusters) {
      for (const index of cluster.members) {
        this.parameters[index]!.step = cluster.step;
        this.parameters[index]!.scalars = cluster.scalars;
      }
    }
  }

  /** The step count of a parameter. */
  countOf(index: number): { step: number; scalars: Scalars } {
    this.#keepCounts();
    const { step, scalars } = this.parameters[index]!;
    return { step, scalars };
  }

  /** Zeroed state memory. */
  newSlot({ type, count }: SlotKind): SlotArray {
    const kind = SLOT_ARRAYS[type];
    return new kind(this.backend.allocate(count * kind.BYTES_PER_ELEMENT), 0, count);
  }

  /** Makes state arrays that the parameter's rule needs and does not have yet; `made` receives how to take them back. */
  #ensureSlots(parameter: ParameterState, rule: StepRule, made: (() => void)[]): void {
    const { method, values } = parameter.group;
    for (const name of rule.slots) {
      if (parameter.slots[name]) continue;
      const slot = this.newSlot(slotKind(rule, name, parameter));
      const initial = method.initial?.(name, values) ?? 0;
      if (initial === "parameter") slot.set(parameter.data);
      else if (initial !== 0) slot.fill(initial);
      parameter.slots[name] = slot;
      made.push(() => delete parameter.slots[name]);
    }
  }

  /** Clusters of all parameters that are not frozen; those of `inactive` ones have active = false. */
  #clustersFor(inactive: readonly boolean[], made: (() => void)[]): Cluster[] {
    const clusters: Cluster[] = [];
    const byKey = new Map<string, Cluster>();
    this.parameters.forEach((parameter, index) => {
      const { group, dtype, step, scalars } = parameter;
      if (group.frozen) return;
      const rule = group.method.rule(group.values, parameter);
      this.#ensureSlots(parameter, rule, made);
      // A rule that needs whole tensors takes one factor: clipped by its own norm, each parameter is alone.
      const alone = "layout" in rule && clipsNorm(group.values) ? index : "";
      const key = `${alone} ${this.groups.indexOf(group)} ${dtype} ${rule.name} ${step} ${!inactive[index]} ${JSON.stringify(scalars)}`;
      let cluster = byKey.get(key);
      if (!cluster) {
        cluster = { group, dtype, rule, members: [], step, scalars, active: !inactive[index] };
        byKey.set(key, cluster);
        clusters.push(cluster);
      }
      cluster.members.push(index);
    });
    return clusters;
  }

  /**
   * Clusters for gradients of which `inactive` are null, and a plan of its own over them; state arrays are made where
   * there are none. Where memory is short nothing has changed.
   */
  createPlan(inactive: readonly boolean[]): { readonly clusters: Cluster[]; readonly plan: StepPlan } {
    const made: (() => void)[] = [];
    try {
      const clusters = this.#clustersFor(inactive, made);
      return { clusters, plan: this.#planOf(clusters) };
    } catch (error) {
      for (const takeBack of made) takeBack();
      throw error;
    }
  }

  #planOf(clusters: readonly Cluster[]): StepPlan {
    return this.backend.createStepPlan(
      clusters.map(({ group, rule, dtype, members }) => ({
        rule,
        dtype,
        adaptive: clipsUnits(group.values),
        tensors: members.map((index) => {
          const { data, slots, shape } = this.parameters[index]!;
          return { parameter: data, slots: rule.slots.map((name) => slots[name]!), shape, stream: index };
        }),
      })),
    );
  }

  /**
   * The plan for gradients of which `inactive` are null, bound to `gradients` where it had to be made or `rebind` is set.
   * State arrays are made before anything changes.
   */
  prepare(gradients: readonly (FloatArray | null)[], inactive: readonly boolean[], rebind: boolean): StepPlan {
    const stale =
      this.#plan === undefined ||
      inactive.some((off, i) => off !== (this.#inactive[i] ?? false) && !this.parameters[i]!.group.frozen);
    if (stale || this.#plan === undefined) {
      this.#keepCounts();
      const { clusters, plan } = this.createPlan(inactive);
      this.#plan?.dispose();
      this.#plan = plan;
      this.clusters = clusters;
      this.#order = clusters.flatMap(({ members }) => members);
      this.#inactive = [...inactive];
      this.#places = this.parameters.map(() => -1);
      this.#order.forEach((index, place) => {
        if (!inactive[index]) this.#places[index] = place;
      });
    }
    if (stale || rebind) {
      this.#plan.bind(
        this.#order.map((index) => this.parameters[index]!.data),
        this.#order.map((index) => gradients[index] ?? null),
      );
      this.#watch.set(
        this.#order.flatMap((index) => {
          const { data, count } = this.parameters[index]!;
          const gradient = gradients[index];
          return gradient
            ? [
                { array: data, count },
                { array: gradient, count },
              ]
            : [{ array: data, count }];
        }),
      );
      this.#bound = gradients;
    }
    return this.#plan;
  }

  /** The plan, if it is bound to these gradients: the same array, or where `deep` one of the same gradients. */
  planFor(gradients: readonly (FloatArray | null)[], deep = false): StepPlan | undefined {
    if (this.#bound === gradients) return this.#plan;
    const bound = this.#bound;
    if (!deep || !bound || bound.length !== gradients.length) return undefined;
    for (let i = 0; i < gradients.length; i++)
      if (bound[i] !== gradients[i] && !this.parameters[i]!.group.frozen) return undefined;
    return this.#plan;
  }

  /** verify() of the arrays that the plan is bound to, at a nanosecond each. */
  verifyBound(gradients: readonly (FloatArray | null)[]): void {
    if (!this.#watch.isUnchanged()) this.verify(gradients);
  }

  /** The learning rate of a group after `steps` steps of this optimizer. */
  rateOf(group: GroupState, steps: number): number {
    const base = group.values.learningRate as number;
    if (group.schedule === undefined) return base;
    const { schedule } = group;
    const rate = isFeedback(schedule) ? schedule.rate(group.feedback ?? schedule.start(base)) : schedule(steps, base);
    if (!(rate >= 0 && rate < Number.POSITIVE_INFINITY))
      throw wrongValue("schedule", "a finite rate of at least 0", rate, "ERR_OPTION");
    return rate;
  }

  /** The options in force after `steps` steps: the group's own, with the momentum (or β₁) of a schedule that cycles it. */
  valuesOf(group: GroupState, steps: number): CommonValues {
    const values = group.values as CommonValues;
    const { schedule } = group;
    if (schedule === undefined || isFeedback(schedule) || schedule.momentum === undefined) return values;
    const key = "momentum" in values ? "momentum" : "beta1";
    // Without momentum there is no velocity that a cycled one could act on.
    if (!(key in values) || values[key] === 0) return values;
    const momentum = checkOption(`${group.method.name}.schedule.momentum`, group.method.options[key]!, schedule.momentum(steps));
    return { ...values, [key]: momentum };
  }

  /** True where a group's schedule reads the gradient's norm. */
  readsGradients(): boolean {
    for (const { schedule, frozen } of this.groups)
      if (!frozen && schedule !== undefined && isFeedback(schedule) && schedule.reads === "squaredGradientNorm") return true;
    return false;
  }

  /** Hands a value to every group's schedule that reads this kind. */
  observe(reads: FeedbackSchedule["reads"], read: (group: GroupState) => number): void {
    for (const group of this.groups) {
      const { schedule } = group;
      if (group.frozen || schedule === undefined || !isFeedback(schedule) || schedule.reads !== reads) continue;
      group.feedback = schedule.observe(group.feedback ?? schedule.start(group.values.learningRate as number), read(group));
    }
  }

  /** Advances nothing; throws before anything is written to parameters or state. */
  writeCluster(cluster: Cluster, o: CommonValues, input: StepInput, row: Float64Array, at: number): number {
    const { group, rule, dtype } = cluster;
    const width = CLUSTER_HEAD + rule.coefficients.length;
    row[at] = cluster.active ? 1 : 0;
    row[at + 1] = o.maximize ? -1 : 1;
    row[at + 2] = o.clipValue;
    row[at + 3] = o.l1;
    row[at + 4] = o.decoupled ? o.l2 : o.l2 + o.weightDecay;
    row[at + 5] = o.decoupled && !group.method.ownDecay ? 1 - input.rate * o.weightDecay : 1;
    group.method.coefficients(o, input, row, at + CLUSTER_HEAD, cluster);
    if (dtype === "float32") {
      for (let k = at + 1; k < at + width; k++) {
        const x = row[k]!;
        if (x < MIN_NORMAL && x > -MIN_NORMAL && x !== 0) {
          const name =
            k < at + CLUSTER_HEAD ? "a common coefficient" : `the coefficient ${rule.coefficients[k - at - CLUSTER_HEAD]}`;
          throw wrongValue(group.method.name, `coefficients that float32 has as normal numbers`, `${x} as ${name}`, "ERR_OPTION");
        }
      }
    }
    return at + width;
  }

  /** Writes what a step does with its gradients' norms, at row[at…]. */
  writeGuard(clusters: readonly Cluster[], row: Float64Array, at: number, measured: boolean): void {
    writeGuard(this.whole, this.groups, clusters, row, at, measured);
  }

  /** Fills the control row of the coming step. `measured`: the plan has just taken the norms of these gradients. */
  writeControl(row: Float64Array, loss: number | undefined, measured: boolean): void {
    let at = 0;
    for (const cluster of this.clusters) {
      const { group, step, scalars } = cluster;
      if (loss === undefined && group.method.needsLoss)
        throw wrongValue(`${group.method.name}.step: options.loss`, "the loss", loss, "ERR_OPTION");
      at = this.writeCluster(
        cluster,
        this.valuesOf(group, this.steps),
        { t: step + 1, rate: this.rateOf(group, this.steps), scalars, loss },
        row,
        at,
      );
    }
    this.writeGuard(this.clusters, row, at, measured);
  }

  /** Σ g² of a group's gradients, by parameter, as the plan found it last. */
  squaresOf(group: GroupState, squares: Float64Array): number {
    let sum = 0;
    for (const index of group.params) {
      const place = this.#places[index]!;
      if (place >= 0) sum += squares[place]!;
    }
    return sum;
  }

  /** Takes the monitored groups' norms after a step, applied or skipped. */
  observeNorms(plan: StepPlan): void {
    let squares: Float64Array | undefined;
    for (const group of this.groups) {
      if (!group.monitor) continue;
      squares ??= plan.squares();
      group.gradientNorm = group.frozen ? undefined : Math.sqrt(this.squaresOf(group, squares));
    }
  }

  /** Counts one applied step, of clusters that may have been dropped since it was prepared. */
  advance(loss: number | undefined, learningRate?: number, clusters: readonly Cluster[] = this.clusters): void {
    for (const cluster of clusters) {
      if (!cluster.active) continue;
      const { method } = cluster.group;
      if (method.advance) {
        const rate = learningRate ?? this.rateOf(cluster.group, this.steps);
        const input = { t: cluster.step + 1, rate, scalars: cluster.scalars, loss };
        cluster.scalars = method.advance(this.valuesOf(cluster.group, this.steps), input);
      }
      cluster.step++;
    }
    if (clusters !== this.clusters) this.#keepCounts(clusters);
    this.steps++;
  }

  /**
   * Throws unless every parameter and gradient still has the memory that the plan was bound to. Runs no code but
   * intrinsic getters, so nothing can change between it and the call that follows.
   */
  verify(gradients: readonly (FloatArray | null)[]): void {
    const { parameters } = this;
    for (let i = 0; i < parameters.length; i++) {
      const { data, count } = parameters[i]!;
      const gradient = gradients[i]!;
      if (intrinsicLength(data) !== count || (gradient !== null && intrinsicLength(gradient) !== count) || count === 0)
        this.#refuse(i, gradient);
    }
  }

  #refuse(index: number, gradient: FloatArray | null): void {
    const { data, count, group } = this.parameters[index]!;
    if (group.frozen) return;
    for (const [name, array] of [
      [`params[${index}]`, data],
      [`gradients[${index}]`, gradient],
    ] as const) {
      if (array === null) continue;
      checkFloatArray(name, array);
      if (intrinsicLength(array) !== count) throw wrongValue(name, `${count} elements`, intrinsicLength(array), "ERR_LENGTH");
    }
  }

  dispose(): void {
    this.#plan?.dispose();
    this.#plan = undefined;
    this.#bound = undefined;
  }
}
