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
    clusters: { rule: string; f64: boolean; tensors: PlanTensor[] }[],
    control: Float64Array,
  ): { handle: unknown; run: (control?: Float64Array) => void; owned: boolean };
  bindStepPlan(handle: unknown, parameters: readonly FloatArray[], gradients: readonly (FloatArray | null)[]): void;
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
    clusters.map(({ rule, dtype, tensors }) => ({ rule: rule.name, f64: dtype === "float64", tensors: [...tensors] })),
    control,
  );
  return {
    width,
    control,
    handle,
    bind: (parameters, gradients) => addon.bindStepPlan(handle, parameters, gradients),
    run: owned ? run : () => run(control),
    dispose: () => addon.disposeStepPlan(handle),
  };
}

export function nativeOptim(addon: OptimAddon & OwnedMemory): OptimBackend {
  return {
    createStepPlan: (clusters) => createPlan(addon, clusters),
    stepRules: () => addon.optimRules(),
  };
}
