// Optimizer steps as both backends offer them: a plan prepared once from arrays, then one call per step.
import type { Dtype, FloatArray } from "../core/types.ts";
import type { GemmCall } from "./gemm.ts";

/** Rounds the exact double result of one operation to the element type. */
export type Round = (x: number) => number;

/**
 * An element-wise update rule. `name`, `slots` and `coefficients` are also told by the addon, and must agree; the lanes
 * are written here and, a second time, in native/kernels/optim.
 */
export interface ElementRule {
  readonly name: string;
  /** State arrays, each of the parameter's length. */
  readonly slots: readonly string[];
  /**
   * Where it is set, slot 0 is a ring of several rows of squared gradients, and this is the index of the coefficient that
   * names the row to replace; update() gets the sum of the rows in its place.
   */
  readonly history?: number;
  /** True where that ring holds the gradients: update() gets the sum of their squares, and their own sum behind the slots. */
  readonly keepsGradients?: boolean;
  /** The rule's own coefficients, in the order of the control row. */
  readonly coefficients: readonly string[];
  /**
   * One element: returns the new parameter and changes `s` in place. `c` are the rounded coefficients, `g` the prepared
   * gradient, `p` the parameter after decoupled decay. One `r()` around every operation.
   */
  update(r: Round, c: Float64Array, p: number, g: number, s: Float64Array): number;
}

/** sign(0) = 0 of its sign, sign(NaN) = NaN. */
export function sign(x: number): number {
  return x > 0 ? 1 : x < 0 ? -1 : x * 0;
}

/** Clamped to [−limit, limit]; NaN stays NaN. */
export function clamp(x: number, limit: number): number {
  return x > limit ? limit : x < -limit ? -limit : x;
}

/** A state array: of the parameter's dtype, or in fewer bits. */
export type SlotArray = FloatArray | Uint16Array | Int8Array;
export type SlotType = "parameter" | "float32" | "uint16" | "int8";

/** One parameter as a tensor rule sees it in the reference. */
export interface TensorStep {
  readonly p: FloatArray;
  readonly slots: readonly SlotArray[];
  readonly shape: readonly number[];
  readonly count: number;
  /** The parameter's number within its optimizer: its stream of random bits. */
  readonly stream: number;
  /** The rule's own coefficients rounded to the element type, and as they are in the control row. */
  readonly c: Float64Array;
  readonly row: Float64Array;
  /** Factor of the parameter before the update. */
  readonly keep: number;
  /** Rounds one operation; reads one operand (float32 subnormals are zero). */
  readonly r: Round;
  readonly read: Round;
  /** The prepared gradient of element i; depends on p[i], so take it before p[i] is written. */
  gradient(i: number): number;
  /** Σ term(i) in the contract's order, in float64. */
  reduce(count: number, term: (i: number) => number): number;
  gemm(call: GemmCall): void;
}

/** A rule that needs a whole tensor: its norms, its rows and columns, its blocks of state. Twins in native/optim/tensor. */
export interface TensorRule {
  readonly name: string;
  readonly slots: readonly string[];
  readonly coefficients: readonly string[];
  /** True where only float32 parameters can have this rule. */
  readonly float32Only?: boolean;
  /** Type and length of a state array for a parameter of this shape. */
  layout(slot: string, shape: readonly number[]): { readonly type: SlotType; readonly count: number };
  updateTensor(step: TensorStep): void;
}

export type StepRule = ElementRule | TensorRule;

/** What a rule looks like from outside; texts are names separated by blanks. */
export interface RuleDescription {
  readonly name: string;
  readonly slots: string;
  readonly coefficients: string;
}

export interface PlanTensor {
  readonly parameter: FloatArray;
  readonly slots: readonly SlotArray[];
  /** Default [length]. */
  readonly shape?: readonly number[];
  /** The parameter's number within its optimizer; default 0. */
  readonly stream?: number;
}

/** Parameters that share a rule, a dtype and one set of coefficients. */
export interface PlanCluster {
  readonly rule: StepRule;
  readonly dtype: Dtype;
  readonly tensors: readonly PlanTensor[];
  /** True where its gradients can be clipped by units; their tensors then have a shape. Default false. */
  readonly adaptive?: boolean;
}

/**
 * Coefficients that every rule has, before its own: factor of the gradient, bound of the scaled gradient, L1 and L2
 * penalty, and what the parameter is multiplied by before the update.
 */
export const COMMON_COEFFICIENTS = ["scale", "clip", "l1", "l2", "keep"] as const;
/** A cluster's part of the control row: active (0 or 1), the common coefficients, the rule's own. */
export const CLUSTER_HEAD = 1 + COMMON_COEFFICIENTS.length;

export type Prelude = "none" | "l2" | "full";

/** How much of the gradient's preparation a step needs; the same choice as in native/optim/plan.cc. */
export function preludeOf(scale: number, clip: number, l1: number, l2: number): Prelude {
  if (scale !== 1 || l1 !== 0 || clip !== Number.POSITIVE_INFINITY) return "full";
  return l2 !== 0 ? "l2" : "none";
}

/**
 * What a step does with the norms of its gradients, behind the clusters of a control row; the same as in
 * native/optim/guard.h. Where `on` is 0 the rest is not read; a limit of 0 is none.
 */
export const GUARD_HEAD = { on: 0, skip: 1, global: 2, measured: 3, width: 4 } as const;
/** The part of each cluster, after the head. */
export const GUARD_PART = { norm: 0, adaptive: 1, epsilon: 2, monitor: 3, width: 4 } as const;

/** Where the guard begins in a control row. */
export function guardStart(clusters: readonly { readonly rule: StepRule }[]): number {
  return clusters.reduce((width, { rule }) => width + CLUSTER_HEAD + rule.coefficients.length, 0);
}

/** Doubles in a control row. */
export function controlWidth(clusters: readonly { readonly rule: StepRule }[]): number {
  return guardStart(clusters) + GUARD_HEAD.width + GUARD_PART.width * clusters.length;
}

/** Units of adaptive clipping: the columns of the last dimension; a vector, or a tensor without elements, is one. */
export function unitsOf(shape: readonly number[]): number {
  return shape.length < 2 || shape.includes(0) ? 1 : shape[shape.length - 1]!;
}

/** A prepared step over all tensors of all clusters, in the order of the clusters. */
export interface StepPlan {
  readonly width: number;
  /** The row of scalars that run() reads; the memory is the backend's. */
  readonly control: Float64Array;
  /** Points every tensor at its parameter and gradient (of the same lengths as before; null where it has none). */
  bind(parameters: readonly FloatArray[], gradients: readonly (FloatArray | null)[]): void;
  /** One step; false where it was skipped. The caller has just checked that every bound array still has its length. */
  run(): boolean | undefined;
  /** Σ g² of each tensor with a gradient, without a step; true where all elements are finite. Check arrays as for run(). */
  measure(): boolean;
  /** Σ g² of each tensor in float64 as the last run() or measure() found it; NaN where it was not measured. */
  squares(): Float64Array;
  /** The native plan for the engine; null in the reference. */
  readonly handle: unknown;
  dispose(): void;
}

export interface OptimBackend {
  createStepPlan(clusters: readonly PlanCluster[]): StepPlan;
  /** The rules this backend was built with, or null where it takes any. */
  stepRules(): readonly RuleDescription[] | null;
}
