// What a step does with its gradients' norms: clipping and the guard against non-finite values. The norms are reduced by
// the backend in the contract's order; the resulting factor is a coefficient of the update, so that no pass over memory is
// spent on scaling. Standalone functions over gradients are in the gradient tools, not here.
import type { FloatArray } from "../core/types.ts";
import type { OptimizerCore } from "./core.ts";
import { checkOption, flag, limit, number, type OptionTable } from "./options.ts";

/** Options of a whole optimizer, not of a group. */
export interface WholeOptions {
  /** All gradients together are scaled down to at most this Euclidean norm. Default Infinity: not. */
  clipGlobalNorm?: number;
  /** A step with a NaN or infinite gradient changes nothing but `skippedSteps`. Default false. */
  skipNonFinite?: boolean;
}

const table: OptionTable = {
  clipGlobalNorm: number(Number.POSITIVE_INFINITY, limit(), "highest norm of all gradients together"),
  skipNonFinite: flag(false, "skip steps with non-finite gradients"),
};

/** Checks one of the whole optimizer's options; ERR_OPTION. */
export function checkWhole<K extends keyof WholeOptions>(owner: string, key: K, value: unknown): Required<WholeOptions>[K] {
  return checkOption(`${owner}.${key}`, table[key]!, value) as Required<WholeOptions>[K];
}

/** Takes the whole optimizer's options out of what a constructor was given. */
export function splitWhole(owner: string, given: object | undefined): { whole: Required<WholeOptions>; rest: object } {
  const { clipGlobalNorm, skipNonFinite, ...rest } = (given ?? {}) as WholeOptions;
  return {
    whole: {
      clipGlobalNorm: checkWhole(owner, "clipGlobalNorm", clipGlobalNorm ?? Number.POSITIVE_INFINITY),
      skipNonFinite: checkWhole(owner, "skipNonFinite", skipNonFinite ?? false),
    },
    rest,
  };
}

/** PyTorch's factor: limit / (norm + 1e-6) where that is below 1. A NaN norm makes every gradient NaN, as it does there. */
export function clipFactor(squares: number, highest: number): number {
  const factor = highest / (Math.sqrt(squares) + 1e-6);
  return factor >= 1 ? 1 : factor;
}

function allFinite(gradient: FloatArray): boolean {
  for (let i = 0; i < gradient.length; i++) if (!Number.isFinite(gradient[i]!)) return false;
  return true;
}

/** True where a cluster's gradients are clipped by their own norm. */
export function clipsNorm(options: Readonly<Record<string, unknown>>): boolean {
  return options.clipNorm !== Number.POSITIVE_INFINITY;
}

/**
 * Measures the gradients where an option asks for it and sets each cluster's factor. Returns false where the step is to
 * be skipped. Squares are added over the parameters in the clusters' order.
 */
export function measureGradients(inside: OptimizerCore, gradients: readonly (FloatArray | null)[]): boolean {
  const { clipGlobalNorm, skipNonFinite } = inside.whole;
  const global = clipGlobalNorm !== Number.POSITIVE_INFINITY;
  let total = 0;
  for (const cluster of inside.clusters) {
    cluster.factor = 1;
    const own = clipsNorm(cluster.group.values);
    if (!cluster.active || (!own && !global && !skipNonFinite)) continue;
    let squares = 0;
    for (const index of cluster.members) squares += inside.backend.sumSquares(gradients[index]!);
    if (own) cluster.factor = clipFactor(squares, cluster.group.values.clipNorm as number);
    total += squares;
  }
  // Squares of float32 cannot overflow a double; those of float64 can, without any of them being infinite.
  if (skipNonFinite && !Number.isFinite(total)) {
    const active = inside.clusters.flatMap((cluster) => (cluster.active ? cluster.members : []));
    if (!active.every((index) => allFinite(gradients[index]!))) return false;
  }
  if (global) {
    const factor = clipFactor(total, clipGlobalNorm);
    for (const cluster of inside.clusters) cluster.factor *= factor;
  }
  return true;
}
