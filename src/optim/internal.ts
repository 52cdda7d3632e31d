// What the training engine uses of an optimizer: plans over gradients that it owns, and the scalars of steps ahead, so
// that many steps run in one native call with one control row each. Not for users.
import type { StepPlan } from "../backend/optim.ts";
import { wrongValue } from "../core/errors.ts";
import type { FloatArray } from "../core/types.ts";
import type { Cluster } from "./core.ts";
import type { StepInput } from "./method.ts";
import { core, type Optimizer } from "./optimizer.ts";
import type { OptionValues } from "./options.ts";

/** A plan whose gradients are fixed, with what its control rows are written from. */
export interface BoundPlan extends StepPlan {
  readonly clusters: readonly Cluster[];
  /** The parameters, in the order of the plan's tensors. */
  readonly parameters: readonly FloatArray[];
  /** True once groups, options or state were changed such that the plan no longer fits: bind again. */
  readonly stale: boolean;
}

export interface RowOptions {
  /** Instead of the groups' learning rates and schedules. */
  readonly learningRate?: number;
  /** Factor of the gradients, 1 / accumulated mini-batches for their mean; default 1. */
  readonly gradientScale?: number;
  readonly loss?: number;
}

/**
 * A plan that updates the optimizer's parameters from `gradients`, which keep their place: one array per parameter, null
 * for parameters that are not trained. The caller keeps parameters and gradients alive and unmoved (owned memory), or
 * checks them before each run.
 */
export function bindGradients<O extends OptionValues>(
  optimizer: Optimizer<O>,
  gradients: readonly (FloatArray | null)[],
): BoundPlan {
  const inside = optimizer[core];
  if (inside.clips())
    throw wrongValue(
      inside.groups[0]!.method.name,
      "no clipNorm, clipGlobalNorm or skipNonFinite: training clips by its own option",
      "one",
      "ERR_OPTION",
    );
  inside.invalidate();
  const { clusters, plan } = inside.createPlan(gradients.map((gradient) => gradient === null));
  const order = clusters.flatMap(({ members }) => members);
  const parameters = order.map((index) => inside.parameters[index]!.data);
  plan.bind(
    parameters,
    order.map((index) => gradients[index] ?? null),
  );
  inside.clusters = clusters;
  return Object.defineProperties(plan, {
    clusters: { value: clusters },
    parameters: { value: parameters },
    stale: { get: () => inside.clusters !== clusters },
  }) as BoundPlan;
}

/** Writes the scalars of the step that comes `ahead` steps after the current one (0: the coming step) into `row`. */
export function writeControl<O extends OptionValues>(
  optimizer: Optimizer<O>,
  plan: BoundPlan,
  row: Float64Array,
  ahead: number,
  options: RowOptions = {},
): void {
  const inside = optimizer[core];
  let at = 0;
  for (const cluster of plan.clusters) {
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
    at = inside.writeCluster(
      cluster,
      inside.valuesOf(group, inside.steps + ahead),
      inputOf(ahead, scalars),
      row,
      at,
      options.gradientScale ?? 1,
    );
  }
}

/** Counts `steps` applied steps; `learningRates` are those of writeControl, where it was given any. */
export function advance<O extends OptionValues>(optimizer: Optimizer<O>, steps: number, options: RowOptions = {}): void {
  const inside = optimizer[core];
  for (let k = 0; k < steps; k++) inside.advance(options.loss, options.learningRate);
}
