// The forms of the texts (test/golden/textbook.json): float64 trajectories on a diagonal quadratic, |x − y| ≤ 1e-9 · max(1, |y|).
import { afterAll, beforeAll, describe, test } from "vitest";
import * as downhill from "../../src/index.ts";
import { expectClose, golden } from "./golden.ts";

interface Case {
  method: string;
  options: Record<string, unknown>;
  trajectory: number[][];
  losses: number[];
}

const data = golden<{ lambda: number[]; theta0: number[]; steps: number; cases: Case[] }>("textbook.json");
const { lambda, theta0 } = data;
type FloatArray = downhill.FloatArray;

const lossOf = (theta: ArrayLike<number>): number => lambda.reduce((sum, l, i) => sum + 0.5 * l * theta[i]! * theta[i]!, 0);

function make(c: Case, theta: FloatArray): downhill.Optimizer {
  const o = c.options;
  switch (c.method) {
    case "gradient-descent":
      return new downhill.SGD([theta], o) as downhill.Optimizer;
    case "momentum-ema":
      return new downhill.MomentumEMA([theta], o);
    case "momentum-accelerator-literal":
      return new downhill.MomentumAccelerator([theta], { ...o, mode: "literal" });
    case "rmsprop-epsilon-inside":
      return new downhill.RMSprop([theta], { ...o, epsilonInside: true } as downhill.RMSpropOptions);
    case "rmsprop-loss-normalized":
      return new downhill.RMSpropLossNormalized([theta], o as downhill.RMSpropLossNormalizedOptions);
    case "adagrad":
      return new downhill.Adagrad([theta], o);
    case "adam":
      return new downhill.Adam([theta], o);
    default:
      throw new Error(`no class for ${c.method}`);
  }
}

/**
 * float32 follows to three roundings per step of the largest term that enters θ's running sum. That term is the step
 * itself, or in the literal accelerator the change of the step, αĝ, which is 30 times θ before it cancels.
 */
function singleTolerance(trajectory: readonly number[][]): number {
  const all = [theta0, ...trajectory];
  let largest = 1;
  for (let t = 2; t < all.length; t++)
    for (let i = 0; i < theta0.length; i++)
      largest = Math.max(
        largest,
        Math.abs(all[t]![i]! - 2 * all[t - 1]![i]! + all[t - 2]![i]!) / Math.max(1, Math.abs(all[t]![i]!)),
      );
  return 3 * data.steps * 2 ** -24 * largest;
}

function run(c: Case, single: boolean): void {
  const theta = single ? Float32Array.from(theta0) : Float64Array.from(theta0);
  const optimizer = make(c, theta);
  const tolerance = single ? singleTolerance(c.trajectory) : 1e-9;
  const exact = Float64Array.from(theta0);
  c.trajectory.forEach((expected, t) => {
    const at = single ? exact : theta;
    const gradient = lambda.map((l, i) => l * at[i]!);
    optimizer.step([single ? Float32Array.from(gradient) : Float64Array.from(gradient)], { loss: lossOf(at) });
    exact.set(expected);
    expectClose(theta, expected, tolerance, `θ after step ${t + 1}`);
  });
}

for (const backend of ["native", "reference"] as const) {
  describe(`${backend} backend`, () => {
    beforeAll(() => downhill.setBackend(backend));
    afterAll(() => downhill.setBackend("auto"));
    for (const c of data.cases) {
      if (c.method === "gradient-norm-ratio") continue; // a schedule: test/schedule
      for (const single of [false, true])
        test(`${c.method} ${JSON.stringify(c.options)} follows the text in ${single ? "float32" : "float64"}`, () =>
          run(c, single));
    }
  });
}
