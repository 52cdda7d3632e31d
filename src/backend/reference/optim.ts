// Element-wise optimizer steps in plain TypeScript: this defines the bits.
import { intrinsicLength } from "../../core/checks.ts";
import { fault } from "../../core/errors.ts";
import { f32, operand32 } from "../../core/f32.ts";
import type { Dtype, FloatArray } from "../../core/types.ts";
import type { GemmBackend } from "../gemm.ts";
import {
  CLUSTER_HEAD,
  clamp,
  controlWidth,
  type ElementRule,
  guardStart,
  type OptimBackend,
  type PlanCluster,
  type PlanTensor,
  type Prelude,
  preludeOf,
  type Round,
  type StepPlan,
  sign,
  type TensorRule,
} from "../optim.ts";
import { Guard, type Scaled } from "./guard.ts";
import { reduceTerms } from "./reduce.ts";

const exact: Round = (x) => x;

interface Common {
  readonly prelude: Prelude;
  readonly scale: number;
  readonly clip: number;
  readonly l1: number;
  readonly l2: number;
  readonly keep: number;
}

function prepared(r: Round, c: Common, g: number, p: number): number {
  if (c.prelude === "none") return g;
  if (c.prelude === "l2") return r(g + r(c.l2 * p));
  return r(r(clamp(r(g * c.scale), c.clip) + r(c.l2 * p)) + r(c.l1 * sign(p)));
}

interface Ring {
  readonly data: FloatArray;
  readonly row: number;
  readonly count: number;
}

/** Puts g² into row `row` of the ring of squares of element i and adds all rows in ascending order. */
function historySum(r: Round, read: Round, { data, row, count }: Ring, i: number, g: number): number {
  const rows = intrinsicLength(data) / count;
  data[(row % rows) * count + i] = r(g * g);
  let sum = read(data[i]!);
  for (let k = 1; k < rows; k++) sum = r(sum + read(data[k * count + i]!));
  return sum;
}

/** The same with a ring of gradients: the sum of their squares, and their own. */
function historySums(r: Round, read: Round, { data, row, count }: Ring, i: number, g: number): [number, number] {
  const rows = intrinsicLength(data) / count;
  data[(row % rows) * count + i] = g;
  let sum = read(data[i]!);
  let squares = r(sum * sum);
  for (let k = 1; k < rows; k++) {
    const x = read(data[k * count + i]!);
    squares = r(squares + r(x * x));
    sum = r(sum + x);
  }
  return [squares, sum];
}

function updateElements(
  rule: ElementRule,
  r: Round,
  read: Round,
  common: Common,
  own: Float64Array,
  p: FloatArray,
  g: FloatArray,
  slots: readonly FloatArray[],
): void {
  const s = new Float64Array(slots.length + 1);
  const first = rule.history ? 1 : 0;
  const count = intrinsicLength(p);
  const ring = rule.history ? { data: slots[0]!, row: own[rule.history]!, count } : null;
  for (let i = 0; i < count; i++) {
    for (let j = first; j < slots.length; j++) s[j] = read(slots[j]![i]!);
    const x = read(p[i]!);
    const gradient = prepared(r, common, read(g[i]!), x);
    if (ring && rule.keepsGradients) [s[0], s[slots.length]] = historySums(r, read, ring, i, gradient);
    else if (ring) s[0] = historySum(r, read, ring, i, gradient);
    p[i] = rule.update(r, own, r(x * common.keep), gradient, s);
    for (let j = first; j < slots.length; j++) slots[j]![i] = s[j]!;
  }
}

function updateWhole(
  rule: TensorRule,
  r: Round,
  read: Round,
  common: Common,
  own: Float64Array,
  row: Float64Array,
  p: FloatArray,
  g: FloatArray,
  tensor: PlanTensor,
  gemm: GemmBackend["gemm"],
): void {
  const count = intrinsicLength(p);
  if (count === 0) return;
  rule.updateTensor({
    p,
    slots: tensor.slots,
    shape: tensor.shape ?? [count],
    count,
    stream: tensor.stream ?? 0,
    c: own,
    row,
    keep: common.keep,
    r,
    read,
    gradient: (i) => prepared(r, common, read(g[i]!), read(p[i]!)),
    reduce: reduceTerms,
    gemm,
  });
}

function rounded(row: Float64Array, dtype: Dtype): Float64Array {
  return dtype === "float32" ? Float64Array.from(row, Math.fround) : row.slice();
}

/** The gradient with its units' factors, or as it is. */
function unitScaled(r: Round, read: Round, gradient: FloatArray, units: Float64Array | null): FloatArray {
  if (!units) return gradient;
  return Float64Array.from(gradient, (x, i) => r(read(x) * units[i % units.length]!));
}

class ReferencePlan implements StepPlan {
  readonly handle = null;
  readonly width: number;
  readonly control: Float64Array;
  readonly #clusters: readonly PlanCluster[];
  readonly #gemm: GemmBackend["gemm"];
  readonly #guard: Guard;
  #parameters: readonly FloatArray[] = [];
  #gradients: readonly (FloatArray | null)[] = [];
  #disposed = false;

  constructor(clusters: readonly PlanCluster[], gemm: GemmBackend["gemm"]) {
    this.#clusters = clusters;
    this.#gemm = gemm;
    this.#guard = new Guard(clusters);
    this.width = controlWidth(clusters);
    this.control = new Float64Array(this.width);
  }

  bind(parameters: readonly FloatArray[], gradients: readonly (FloatArray | null)[]): void {
    this.#parameters = [...parameters];
    this.#gradients = [...gradients];
  }

  measure(): boolean {
    this.#refuseDisposed();
    return this.#guard.measure(this.#gradients, () => true);
  }

  squares(): Float64Array {
    return this.#guard.squares;
  }

  run(): boolean | undefined {
    return this.runWith(this.control);
  }

  #refuseDisposed(): void {
    if (this.#disposed) throw fault("ERR_STATE", "step: the plan was disposed");
  }

  /** One step with the scalars of any row, false where it was skipped; the training engine passes one row per step. */
  runWith(control: Float64Array): boolean | undefined {
    this.#refuseDisposed();
    let at = 0;
    let index = 0;
    const rows = this.#clusters.map(({ rule, tensors }) => {
      const row = control.subarray(at, at + CLUSTER_HEAD + rule.coefficients.length);
      at += row.length;
      const first = index;
      index += tensors.length;
      const bound = tensors.every(({ parameter }, k) => this.#gradients[first + k] || intrinsicLength(parameter) === 0);
      return { row, first, active: row[0] !== 0 && bound };
    });
    const scaled = this.#guard.prepare(
      control.subarray(guardStart(this.#clusters), this.width),
      rows.map(({ row }) => row[1]!),
      rows.map(({ active }) => active),
      this.#parameters,
      this.#gradients,
    );
    if (scaled === null) return false;
    this.#clusters.forEach((cluster, c) => {
      if (rows[c]!.active) this.#update(cluster, rows[c]!.row, rows[c]!.first, scaled);
    });
    return undefined;
  }

  #update({ rule, dtype, tensors }: PlanCluster, row: Float64Array, first: number, scaled: readonly Scaled[]): void {
    const [r, read] = dtype === "float32" ? [f32, operand32] : [exact, exact];
    const [clip, l1, l2, keep, ...own] = rounded(row.subarray(2), dtype) as unknown as [
      number,
      number,
      number,
      number,
      ...number[],
    ];
    const coefficients = Float64Array.from(own);
    const exactRow = row.slice(CLUSTER_HEAD);
    tensors.forEach((tensor, k) => {
      const given = this.#gradients[first + k];
      const p = this.#parameters[first + k]!;
      if (!given) return;
      const { scale: whole, units } = scaled[first + k]!;
      const scale = units ? 1 : r(whole);
      const common = { prelude: preludeOf(scale, clip, l1, l2), scale, clip, l1, l2, keep };
      const g = unitScaled(r, read, given, units);
      if ("update" in rule) updateElements(rule, r, read, common, coefficients, p, g, tensor.slots as readonly FloatArray[]);
      else updateWhole(rule, r, read, common, coefficients, exactRow, p, g, tensor, this.#gemm);
    });
  }

  dispose(): void {
    this.#disposed = true;
    this.#parameters = [];
    this.#gradients = [];
  }
}

export type { ReferencePlan };

export function referenceOptim(gemm: GemmBackend["gemm"]): OptimBackend {
  return {
    createStepPlan: (clusters) => new ReferencePlan(clusters, gemm),
    stepRules: () => null,
  };
}
