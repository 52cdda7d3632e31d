// Trajectories of PyTorch 1.13.1 (test/golden/optimizers.json): 20 steps, two groups, four tensors, float32 and float64.
import { afterAll, beforeAll, describe, test } from "vitest";
import * as downhill from "../../src/index.ts";
import { decode, expectClose, golden, gradientOf, optionsOf, rnd } from "./golden.ts";

interface Case {
  id: string;
  optimizer: string;
  seed: number;
  options: Record<string, unknown>;
  group1_overrides: Record<string, unknown>;
  grad_options: { zero_every?: number };
  traj_small_f32: number[][][];
  traj_small_f64: number[][][];
  params_f32_b64: Record<string, string[]>;
  params_f64_b64: Record<string, string[]>;
  max_abs_diff_f32_vs_f64_step20: number;
}

const data = golden<{ sizes: number[]; groups: number[][]; steps: number; cases: Case[] }>("optimizers.json");
type Constructor = new (params: object[], options: object) => downhill.Optimizer;
const classes = downhill as unknown as Record<string, Constructor>;

/** METHODS.md: 1e-11 against float64 (1e-7 where torch keeps scalars in float32), 4 × torch's own spread in float32. */
function toleranceOf({ optimizer, max_abs_diff_f32_vs_f64_step20: spread }: Case, single: boolean): number {
  if (single) return Math.max(4 * spread, 2e-6);
  return optimizer === "NAdam" || optimizer === "ASGD" ? 1e-7 : 1e-11;
}

function run(c: Case, single: boolean): void {
  const type = single ? Float32Array : Float64Array;
  const params = data.sizes.map((n, j) => new type(rnd(c.seed, 7 + j, n).map((x) => x * 2)));
  const groups = data.groups.map((members, k) => ({
    params: members.map((j) => params[j]),
    ...(k === 1 ? optionsOf(c.group1_overrides) : {}),
  }));
  const optimizer = new classes[c.optimizer]!(groups, optionsOf(c.options));
  const tolerance = toleranceOf(c, single);
  for (let t = 1; t <= data.steps; t++) {
    optimizer.step(data.sizes.map((n, j) => new type(gradientOf(c.seed, j, t, n, c.grad_options.zero_every))));
    const small = (single ? c.traj_small_f32 : c.traj_small_f64)[t - 1]!;
    for (const j of [0, 1]) expectClose(params[j]!, small[j]!, tolerance, `tensor ${j} after step ${t}`);
    const large = (single ? c.params_f32_b64 : c.params_f64_b64)[t];
    if (large)
      for (const j of [2, 3]) expectClose(params[j]!, decode(large[j - 2]!, single), tolerance, `tensor ${j} after step ${t}`);
  }
}

for (const backend of ["native", "reference"] as const) {
  describe(`${backend} backend`, () => {
    beforeAll(() => downhill.setBackend(backend));
    afterAll(() => downhill.setBackend("auto"));
    for (const c of data.cases) {
      for (const single of [true, false]) {
        test(`${c.id} ${JSON.stringify(c.options)} equals PyTorch's in ${single ? "float32" : "float64"}`, () => run(c, single));
      }
    }
  });
}
