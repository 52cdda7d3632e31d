// What a step does with its gradients' norms: clipping, the guard against non-finite values, the norm monitor. Here are the
// options and how they are written behind the clusters of a control row; the norms are taken and the factors computed in
// the one call that makes the step. Standalone functions over gradients are in the gradient tools, not here.
import { GUARD_HEAD, GUARD_PART } from "../backend/optim.ts";
import type { GroupState } from "./groups.ts";
import type { CommonValues } from "./method.ts";
import { checkOption, flag, limit, number, type OptionTable } from "./options.ts";

/** Options of a whole optimizer, not of a group. */
export interface WholeOptions {
  /** All gradients together are scaled down to at most this Euclidean norm. Default Infinity: not. */
  clipGlobalNorm?: number;
  /** A step with a NaN or infinite gradient changes nothing but `skippedSteps`. Default false. */
  skipNonFinite?: boolean;
  /** Every group that does not say otherwise has its gradient's norm in `groups[i].gradientNorm`. Default false. */
  monitor?: boolean;
}

const table: OptionTable = {
  clipGlobalNorm: number(Number.POSITIVE_INFINITY, limit(), "highest norm of all gradients together"),
  skipNonFinite: flag(false, "skip steps with non-finite gradients"),
  monitor: flag(false, "norms of the groups' gradients"),
};

/** Checks one of the whole optimizer's options; ERR_OPTION. */
export function checkWhole<K extends keyof WholeOptions>(owner: string, key: K, value: unknown): Required<WholeOptions>[K] {
  return checkOption(`${owner}.${key}`, table[key]!, value) as Required<WholeOptions>[K];
}

/** Takes the whole optimizer's options out of what a constructor was given. */
export function splitWhole(owner: string, given: object | undefined): { whole: Required<WholeOptions>; rest: object } {
  const { clipGlobalNorm, skipNonFinite, monitor, ...rest } = (given ?? {}) as WholeOptions;
  return {
    whole: {
      clipGlobalNorm: checkWhole(owner, "clipGlobalNorm", clipGlobalNorm ?? Number.POSITIVE_INFINITY),
      skipNonFinite: checkWhole(owner, "skipNonFinite", skipNonFinite ?? false),
      monitor: checkWhole(owner, "monitor", monitor ?? false),
    },
    rest,
  };
}

const none = Number.POSITIVE_INFINITY;

/** True where a group's gradients are clipped by their own norm. */
export function clipsNorm(options: Readonly<Record<string, unknown>>): boolean {
  return options.clipNorm !== none;
}

/** True where a group's gradients are clipped by units. */
export function clipsUnits(options: Readonly<Record<string, unknown>>): boolean {
  return options.clipAdaptive !== none;
}

/** True where a step has to look at its gradients before it updates anything. */
export function needsNorms(whole: Required<WholeOptions>, groups: readonly GroupState[]): boolean {
  if (whole.skipNonFinite || whole.clipGlobalNorm !== none) return true;
  for (const { values, monitor, frozen } of groups)
    if (!frozen && (monitor || clipsNorm(values) || clipsUnits(values))) return true;
  return false;
}

const limitOf = (limit: number): number => (limit === none ? 0 : limit);

/** Writes what the step does with norms at row[at…]; `measured`: they have been taken from these gradients already. */
export function writeGuard(
  whole: Required<WholeOptions>,
  groups: readonly GroupState[],
  clusters: readonly { readonly group: GroupState }[],
  row: Float64Array,
  at: number,
  measured: boolean,
): void {
  const on = needsNorms(whole, groups);
  row[at + GUARD_HEAD.on] = on ? 1 : 0;
  if (!on) return;
  row[at + GUARD_HEAD.skip] = whole.skipNonFinite ? 1 : 0;
  row[at + GUARD_HEAD.global] = limitOf(whole.clipGlobalNorm);
  row[at + GUARD_HEAD.measured] = measured ? 1 : 0;
  let part = at + GUARD_HEAD.width;
  for (const { group } of clusters) {
    const { clipNorm, clipAdaptive, clipAdaptiveEpsilon } = group.values as CommonValues;
    row[part + GUARD_PART.norm] = limitOf(clipNorm);
    row[part + GUARD_PART.adaptive] = limitOf(clipAdaptive);
    row[part + GUARD_PART.epsilon] = clipAdaptiveEpsilon;
    row[part + GUARD_PART.monitor] = group.monitor ? 1 : 0;
    part += GUARD_PART.width;
  }
}
