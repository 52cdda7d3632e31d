// What a step does with the norms of its gradients, in plain TypeScript: twin of native/optim/guard.cc.
import { intrinsicLength } from "../../core/checks.ts";
import { f32, operand32 } from "../../core/f32.ts";
import type { FloatArray } from "../../core/types.ts";
import { GUARD_HEAD, GUARD_PART, type PlanCluster, unitsOf } from "../optim.ts";
import { sumSquares } from "./reduce.ts";

/** How the gradients of one tensor are scaled: by one factor, and where it is clipped by units by one factor each. */
export interface Scaled {
  /** As a double; the coefficient is this rounded once. */
  readonly scale: number;
  /** Rounded; element i has the factor i mod their number. */
  readonly units: Float64Array | null;
}

/** PyTorch's factor: limit ÷ (norm + 1e-6) where that is below 1, NaN where the norm is. */
export function clipFactor(limit: number, norm: number): number {
  const factor = limit / (norm + 1e-6);
  return factor >= 1 ? 1 : factor;
}

/** Σ x² of every column of the last of `columns`, one ascending chain each; of a single one in the order of reductions. */
export function columnSquares(data: FloatArray, columns: number, single: boolean): Float64Array {
  if (columns === 1) return Float64Array.of(sumSquares(data));
  const sums = new Float64Array(columns);
  const count = intrinsicLength(data);
  for (let i = 0; i < count; i++) {
    const x = single ? operand32(data[i]!) : data[i]!;
    sums[i % columns]! += x * x;
  }
  return sums;
}

/** limit · max(‖w‖, ε) ÷ max(‖g‖, 1e-6) where ‖g‖ exceeds the numerator, else 1, from the squares of both. */
export function unitFactor(gradient: number, weights: number, limit: number, epsilon: number): number {
  const weight = Math.sqrt(weights);
  const norm = Math.sqrt(gradient);
  const most = limit * (weight > epsilon ? weight : epsilon);
  return norm > most ? most / (norm > 1e-6 ? norm : 1e-6) : 1;
}

export class Guard {
  readonly #clusters: readonly PlanCluster[];
  /** Tensors in the order of their parameters' numbers. */
  readonly #order: readonly { readonly tensor: number; readonly cluster: number }[];
  readonly squares: Float64Array;
  #finite = true;

  constructor(clusters: readonly PlanCluster[]) {
    this.#clusters = clusters;
    const tensors = clusters.flatMap((cluster, c) => cluster.tensors.map(({ stream = 0 }) => ({ stream, cluster: c })));
    this.squares = new Float64Array(tensors.length).fill(Number.NaN);
    this.#order = tensors.map((row, tensor) => ({ ...row, tensor })).sort((a, b) => a.stream - b.stream);
  }

  /** Σ g² of the tensors that `wants` names; true where all their elements are finite. */
  measure(gradients: readonly (FloatArray | null)[], wants: (tensor: number) => boolean): boolean {
    this.#finite = true;
    gradients.forEach((gradient, t) => {
      const wanted = gradient !== null && wants(t);
      const sum = wanted ? sumSquares(gradient) : Number.NaN;
      this.squares[t] = sum;
      // Only a sum that is not finite leaves a doubt, and in float64 it may come from an overflow of squares.
      if (wanted && !Number.isFinite(sum)) this.#finite &&= gradient.every(Number.isFinite);
    });
    return this.#finite;
  }

  /** How each tensor's gradient is scaled in a step with this row's guard; null where the step is to be skipped. */
  prepare(
    row: Float64Array,
    scales: readonly number[],
    active: readonly boolean[],
    parameters: readonly FloatArray[],
    gradients: readonly (FloatArray | null)[],
  ): Scaled[] | null {
    const clusterOf: number[] = [];
    for (const { tensor, cluster } of this.#order) clusterOf[tensor] = cluster;
    if (row[GUARD_HEAD.on] === 0) return clusterOf.map((c) => ({ scale: scales[c]!, units: null }));
    const part = (c: number) =>
      row.subarray(GUARD_HEAD.width + c * GUARD_PART.width, GUARD_HEAD.width + (c + 1) * GUARD_PART.width);
    const shapes = this.#clusters.flatMap(({ tensors }) => tensors.map(({ parameter, shape }) => shape ?? [parameter.length]));
    const columns = shapes.map(unitsOf);
    const global = row[GUARD_HEAD.global]!;
    const all = row[GUARD_HEAD.skip] !== 0 || global !== 0;
    const wants = (t: number): boolean => {
      const [norm, adaptive, , monitor] = part(clusterOf[t]!);
      return active[clusterOf[t]!]! && (all || norm !== 0 || monitor !== 0 || (adaptive !== 0 && columns[t] === 1));
    };
    if (row[GUARD_HEAD.measured] === 0) this.measure(gradients, wants);
    if (row[GUARD_HEAD.skip] !== 0 && !this.#finite) return null;
    const common = global === 0 ? 1 : clipFactor(global, Math.sqrt(this.#total(active)));
    return clusterOf.map((c, t): Scaled => {
      const scale = scales[c]! * common;
      const [norm, limit, epsilon] = part(c) as unknown as [number, number, number];
      if (!active[c]) return { scale, units: null };
      const own = norm === 0 ? scale : scale * clipFactor(norm, Math.sqrt(this.#ownSquares(c, t, clusterOf)));
      if (limit === 0 || !this.#clusters[c]!.adaptive) return { scale: own, units: null };
      const single = this.#clusters[c]!.dtype === "float32";
      const [weights, sums] = [parameters[t]!, gradients[t]].map((x) => (x ? columnSquares(x, columns[t]!, single) : []));
      const round = single ? f32 : (x: number): number => x;
      return {
        scale: own,
        units: Float64Array.from(sums!, (sum, u) => round(own * unitFactor(sum, weights![u]!, limit, epsilon))),
      };
    });
  }

  #total(active: readonly boolean[]): number {
    let total = 0;
    for (const { tensor, cluster } of this.#order) if (active[cluster]) total += this.squares[tensor]!;
    return total;
  }

  /** Of the tensor; of all tensors of a cluster whose rule needs whole ones. */
  #ownSquares(cluster: number, tensor: number, clusterOf: readonly number[]): number {
    if ("update" in this.#clusters[cluster]!.rule) return this.squares[tensor]!;
    const first = clusterOf.indexOf(cluster);
    let sum = this.squares[first]!;
    for (let t = first + 1; clusterOf[t] === cluster; t++) sum += this.squares[t]!;
    return sum;
  }
}
