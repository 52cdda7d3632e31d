// What the training engine uses of an optimizer: plans over gradients that it owns, and the scalars of steps ahead, so
// that many steps run in one native call with one control row each. Not for users.
import type { StepPlan } from "../backend/optim.ts";
import type { FloatArray } from "../core/types.ts";
import type { Cluster } from "./core.ts";
import type { StepInput } from "./method.ts";
import { core, type Optimizer } from "./optimizer.ts";
import type { OptionValues } from "./options.ts";

/** A plan whose gradients are fixed, with what its control rows are written from. */
export interface BoundPlan {
  readonly plan: StepPlan;
  readonly clusters: readonly Cluster[];
  /** True once groups, options, state or gradients were changed such that the plan no longer fits: bind again. */
  readonly stale: boolean;
}

export interface RowOptions {
  /** Instead of the groups' learning rates and schedules. */
  readonly learningRate?: number;
  readonly loss?: number;
}

/**
 * A plan that updates the optimizer's parameters from `gradients`, which keep their place: one array per parameter, null
 * for parameters that are not trained. It is the plan of step() too, so that step() over the same gradients makes no other.
 * The caller keeps parameters and gradients alive and unmoved (owned memory), or checks them before each run.
 */
export function bindGradients<O extends OptionValues>(
  optimizer: Optimizer<O>,
  gradients: readonly (FloatArray | null)[],
): BoundPlan {
  const inside = optimizer[core];
  const inactive = gradients.map((gradient) => gradient === null);
  const plan = inside.prepare(gradients, inactive, true);
  const { clusters } = inside;
  return {
    plan,
    clusters,
    get stale() {
      return inside.planFor(gradients, true) !== plan;
    },
  };
}

/** Writes the scalars of the step that comes `ahead` steps after the current one (0: the coming step) into `row`. */
export function writeControl<O extends OptionValues>(
  optimizer: Optimizer<O>,
  { clusters }: BoundPlan,
  row: Float64Array,
  ahead: number,
  options: RowOptions = {},
): void {
  const inside = optimizer[core];
  let at = 0;
  for (const cluster of clusters) {
    const { group } = cluster;
    const { method } = group;
    const inputOf = (k: number, scalars: StepInput["scalars"]): StepInput => ({
      t: cluster.step + k + 1,
      rate: options.learningRate ?? inside.rateOf(group, inside.steps + k),
      scalars,
      loss: options.loss,
    });
    let scalars = cluster.scalars;
    if (method.advance)
      for (let k = 0; k < ahead; k++) scalars = method.advance(inside.valuesOf(group, inside.steps + k), inputOf(k, scalars));
    at = inside.writeCluster(cluster, inside.valuesOf(group, inside.steps + ahead), inputOf(ahead, scalars), row, at);
  }
  inside.writeGuard(clusters, row, at, false);
}

/** Counts `steps` applied steps: of `bound` where it is given, stale or not. The options are those of writeControl. */
export function advance<O extends OptionValues>(
  optimizer: Optimizer<O>,
  steps: number,
  options: RowOptions = {},
  bound?: BoundPlan,
): void {
  const inside = optimizer[core];
  for (let k = 0; k < steps; k++) inside.advance(options.loss, options.learningRate, bound?.clusters);
}

/** After a run of the plan: counts a step that was skipped at its end, and takes the norms of monitored groups. */
export function finishRun<O extends OptionValues>(optimizer: Optimizer<O>, { plan }: BoundPlan, skipped: boolean): void {
  const inside = optimizer[core];
  if (skipped) inside.skipped++;
  inside.observeNorms(plan);
}
