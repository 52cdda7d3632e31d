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

function make(c: Case, theta: FloatArray): downhill.Optimizer | undefined {
  const o = c.options;
  switch (c.method) {
    case "gradient-descent":
      return new downhill.SGD([theta], o) as downhill.Optimizer;
    case "momentum-ema":
      return new downhill.MomentumEMA([theta], o);
    case "adagrad":
      return new downhill.Adagrad([theta], o);
    case "adam":
      return new downhill.Adam([theta], o);
    default:
      return undefined;
  }
}

/** Float32 follows a float64 trajectory to about 40 steps × 2⁻²⁴ × the size of the values; literal forms amplify it. */
function run(c: Case, single: boolean): void {
  const theta = single ? Float32Array.from(theta0) : Float64Array.from(theta0);
  const optimizer = make(c, theta)!;
  const exact = Float64Array.from(theta0);
  c.trajectory.forEach((expected, t) => {
    const at = single ? exact : theta;
    const gradient = lambda.map((l, i) => l * at[i]!);
    optimizer.step([single ? Float32Array.from(gradient) : Float64Array.from(gradient)], { loss: lossOf(at) });
    exact.set(expected);
    expectClose(theta, expected, single ? 2e-5 : 1e-9, `θ after step ${t + 1}`);
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
