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

/** No rule of the texts rounds more often than this between two values that it stores: Adam's parameter takes eight. */
const ROUNDINGS = 8;

/** θ after every step of the float64 form, with all of one stored value moved by `relative` after step `at`. */
function perturbed(c: Case, slot: string | null, at: number, relative: number): Float64Array[] {
  const theta = Float64Array.from(theta0);
  const optimizer = make(c, theta);
  return c.trajectory.map((_, t) => {
    const exact = t === 0 ? theta0 : c.trajectory[t - 1]!;
    optimizer.step([Float64Array.from(lambda, (l, i) => l * exact[i]!)], { loss: lossOf(exact) });
    if (t === at && slot === null) theta.set(theta.map((x) => x * (1 + relative)));
    else if (t === at) {
      const state = optimizer.stateDict();
      const value = state.params[0]!.slots[slot!] as Float64Array;
      value.set(value.map((x) => x * (1 + relative)));
      optimizer.loadStateDict(state);
    }
    return theta.slice();
  });
}

/**
 * How far float32 may be from float64: one rounding of 2⁻²⁴ of each stored value (θ and every state array) after each
 * step, carried to every later step by the method itself, as measured on its float64 form; the magnitudes added up over
 * values and steps, times the roundings behind one stored value. The gradients are those of the exact trajectory.
 */
function singleTolerances(c: Case): number[] {
  const exact = perturbed(c, null, -1, 0);
  const theta = Float64Array.from(theta0);
  const probe = make(c, theta);
  probe.step([Float64Array.from(lambda, (l, i) => l * theta0[i]!)], { loss: lossOf(theta0) });
  const { slots } = probe.stateDict().params[0]!;
  const stored = [null, ...Object.keys(slots).filter((slot) => typeof slots[slot] === "object")];
  const sums = c.trajectory.map(() => 0);
  // Large enough to be seen above float64's own roundings, small enough to be linear.
  const relative = 2 ** -30;
  for (const slot of stored)
    for (let at = 0; at < c.trajectory.length; at++)
      perturbed(c, slot, at, relative).forEach((moved, t) => {
        if (t < at) return;
        const apart = moved.map((x, i) => Math.abs(x - exact[t]![i]!) / Math.max(1, Math.abs(exact[t]![i]!)));
        sums[t]! += Math.max(...apart) * (2 ** -24 / relative);
      });
  return sums.map((sum) => ROUNDINGS * sum);
}

function run(c: Case, single: boolean): void {
  const theta = single ? Float32Array.from(theta0) : Float64Array.from(theta0);
  const optimizer = make(c, theta);
  const tolerances = single ? singleTolerances(c) : c.trajectory.map(() => 1e-9);
  const exact = Float64Array.from(theta0);
  c.trajectory.forEach((expected, t) => {
    const at = single ? exact : theta;
    const gradient = lambda.map((l, i) => l * at[i]!);
    optimizer.step([single ? Float32Array.from(gradient) : Float64Array.from(gradient)], { loss: lossOf(at) });
    exact.set(expected);
    expectClose(theta, expected, tolerances[t]!, `θ after step ${t + 1}`);
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
