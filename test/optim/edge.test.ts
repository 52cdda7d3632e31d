// Edge numerics of every class, float32: the same bits in both backends, and never a NaN (docs/optimizers.md, Edge numerics).
import { afterAll, expect, test } from "vitest";
import * as downhill from "../../src/index.ts";
import { methods } from "../../src/testing.ts";
import { rnd } from "./golden.ts";

interface AnyOptimizer {
  step(g: Float32Array[], o?: { loss?: number }): void;
  stateDict(): downhill.OptimizerState;
  loadStateDict(s: downhill.OptimizerState): void;
}
const classes = downhill as unknown as Record<string, new (p: object[], o?: object) => AnyOptimizer>;
const backends = ["native", "reference"] as const;
const shape = [6, 7];
const values = (seed: number, scale = 1) => new Float32Array(rnd(seed, 7, 42).map((x) => x * scale));

/** Runs the gradients' scales in turn from step `start` on; the state before that is what one ordinary step leaves. */
function run(name: string, options: object, scales: number[], start: number) {
  const p = values(1);
  const optimizer = new classes[name]!([downhill.tensor(p, shape)], options);
  optimizer.step([values(2)], { loss: 1 });
  const state = optimizer.stateDict();
  state.params[0]!.step = start;
  optimizer.loadStateDict(state);
  scales.forEach((scale, t) => {
    optimizer.step([values(3 + t, scale)], { loss: 1 });
  });
  return { p, state: optimizer.stateDict() };
}

afterAll(() => downhill.setBackend("auto"));

const cases = [
  ["gradients of 1e20, 1e-30 and 1", {}, [1e20, 1e-30, 1], 1],
  ["step 2³¹ + 1 and beyond", {}, [1, 1, 1], 2 ** 31],
  ["step 2⁵³ − 4", {}, [1, 1], 2 ** 53 - 6],
] as const;

for (const { name, options } of methods)
  for (const [what, given, scales, start] of cases)
    test(`${name}: ${what}`, () => {
      // β₂ as near to 1 as float32 coefficients of the gain allow.
      const own = "beta2" in options && name !== "RMSpropLossNormalized" ? { ...given, beta2: 0.9999999 } : given;
      const [native, reference] = backends.map((backend) => {
        downhill.setBackend(backend);
        return run(name, own, [...scales], start);
      });
      expect(native).toEqual(reference);
      expect(native!.p.some(Number.isNaN)).toBe(false);
      expect(native!.state.params[0]!.step).toBe(start + scales.length);
      if (scales[0] === 1) expect(native!.p.every(Number.isFinite)).toBe(true);
    });

test("a squared gradient that float32 cannot hold stops the coordinate, as it does in PyTorch", () => {
  for (const name of ["Adagrad", "RMSprop", "Adadelta"]) {
    const p = Float32Array.of(1, 1);
    const optimizer = new classes[name]!([p]);
    optimizer.step([Float32Array.of(1e21, 1)]);
    const [stopped, moved] = p;
    expect(stopped).toBe(1);
    optimizer.step([Float32Array.of(1, 1)]);
    expect(p[0]).toBe(1);
    expect(p[1]).toBeLessThan(moved!);
  }
});

test("one gradient of 1e20 moves Adam by its learning rate", () => {
  const p = Float32Array.of(1);
  new downhill.Adam([p], { learningRate: 0.5, beta2: 0.9999999 }).step([Float32Array.of(1e20)]);
  expect(p[0]).toBeCloseTo(0.5, 6);
});
