// Optimizer plans of the addon.
import { fault } from "../../core/errors.ts";
import type { FloatArray } from "../../core/types.ts";
import {
  controlWidth,
  type OptimBackend,
  type PlanCluster,
  type PlanTensor,
  type RuleDescription,
  type StepPlan,
} from "../optim.ts";

export interface OptimAddon {
  optimRules(): RuleDescription[];
  createStepPlan(
    clusters: { rule: string; f64: boolean; adaptive: boolean; tensors: PlanTensor[] }[],
    control: Float64Array,
  ): { handle: unknown; run: (control?: Float64Array) => boolean | undefined; owned: boolean };
  bindStepPlan(handle: unknown, parameters: readonly FloatArray[], gradients: readonly (FloatArray | null)[]): void;
  measureStepPlan(handle: unknown, squares: Float64Array): boolean;
  stepPlanSquares(handle: unknown, squares: Float64Array): void;
  disposeStepPlan(handle: unknown): void;
}

interface OwnedMemory {
  allocate(bytes: number): ArrayBuffer | null;
}

function createPlan(addon: OptimAddon & OwnedMemory, clusters: readonly PlanCluster[]): StepPlan {
  const width = controlWidth(clusters);
  const memory = addon.allocate(width * 8);
  if (memory === null) throw fault("ERR_OUT_OF_MEMORY", "createStepPlan: no memory for the control row");
  const control = new Float64Array(memory, 0, width);
  const { handle, run, owned } = addon.createStepPlan(
    clusters.map(({ rule, dtype, adaptive, tensors }) => ({
      rule: rule.name,
      f64: dtype === "float64",
      adaptive: adaptive ?? false,
      tensors: [...tensors],
    })),
    control,
  );
  const squares = new Float64Array(clusters.reduce((count, { tensors }) => count + tensors.length, 0));
  return {
    width,
    control,
    handle,
    bind: (parameters, gradients) => addon.bindStepPlan(handle, parameters, gradients),
    run: owned ? run : () => run(control),
    measure: () => addon.measureStepPlan(handle, squares),
    squares() {
      addon.stepPlanSquares(handle, squares);
      return squares;
    },
    dispose: () => addon.disposeStepPlan(handle),
  };
}

export function nativeOptim(addon: OptimAddon & OwnedMemory): OptimBackend {
  return {
    createStepPlan: (clusters) => createPlan(addon, clusters),
    stepRules: () => addon.optimRules(),
  };
}
