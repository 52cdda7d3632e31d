// Clipping inside step() against PyTorch's clip_grad_norm_ and clip_grad_value_ (test/golden/clip.json): SGD at rate 1
// subtracts exactly the clipped gradient.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import * as downhill from "../../src/index.ts";
import { Adam, SGD } from "../../src/index.ts";
import { expectClose, golden, rnd } from "./golden.ts";

interface Case {
  kind: "norm" | "value";
  arg: number;
  options: { norm_type?: number | string };
  sizes: number[];
  seed: number;
  scale: number;
  clipped_f32: number[][];
  clipped_f64: number[][];
}

const cases = golden<{ cases: Case[] }>("clip.json").cases.filter(({ options }) => options.norm_type === undefined);

for (const backend of ["native", "reference"] as const) {
  describe(`${backend} backend`, () => {
    beforeAll(() => downhill.setBackend(backend));
    afterAll(() => downhill.setBackend("auto"));

    for (const c of cases)
      for (const single of [false, true])
        test(`${c.kind} ${c.arg} of seed ${c.seed} equals PyTorch's in ${single ? "float32" : "float64"}`, () => {
          const type = single ? Float32Array : Float64Array;
          const params = c.sizes.map((n) => new type(n));
          const clip = c.kind === "norm" ? { clipGlobalNorm: c.arg } : { clipValue: c.arg };
          new SGD(params, { learningRate: 1, ...clip }).step(
            c.sizes.map((n, j) => new type(rnd(c.seed, 500 + j, n).map((x) => x * c.scale))),
          );
          const expected = single ? c.clipped_f32 : c.clipped_f64;
          params.forEach((p, j) => {
            expectClose(
              p.map((x) => -x),
              expected[j]!,
              single ? 2e-6 : 1e-11,
              `gradient ${j}`,
            );
          });
        });

    test("clipNorm limits each parameter's gradient by its own norm", () => {
      const [a, b] = [new Float64Array(2), new Float64Array(2)];
      const optimizer = new SGD([a, b], { learningRate: 1, clipNorm: 1 });
      optimizer.step([Float64Array.of(3, 4), Float64Array.of(0.3, 0.4)]);
      expectClose(a, [-3 / 5, -4 / 5], 1e-6, "the long one");
      expectClose(b, [-0.3, -0.4], 0, "the short one");
      optimizer.groups[0]!.clipNorm = Number.POSITIVE_INFINITY;
      optimizer.step([Float64Array.of(3, 4), Float64Array.of(0, 0)]);
      expectClose(a, [-3 / 5 - 3, -4 / 5 - 4], 1e-6, "without the limit");
    });

    test.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])(
      "skipNonFinite: a gradient of %d changes nothing",
      (bad) => {
        for (const type of [Float32Array, Float64Array])
          for (const place of [0, 20, 36]) {
            const p = new type(37).fill(1);
            const optimizer = new Adam([p], { skipNonFinite: true });
            optimizer.step([new type(37).fill(0.5)]);
            const [before, state] = [p.slice(), optimizer.stateDict()];
            const gradient = new type(37).fill(0.5);
            gradient[place] = bad;
            optimizer.step([gradient]);
            expect(p).toEqual(before);
            expect(optimizer.stateDict()).toEqual({ ...state, counters: { steps: 1, skipped: 1 } });
            expect(optimizer.skippedSteps).toBe(1);
          }
      },
    );

    test("skipNonFinite does not take an overflow of float64 squares for a non-finite gradient", () => {
      const p = new Float64Array(1);
      const optimizer = new SGD([p], { learningRate: 1e-200, skipNonFinite: true });
      optimizer.step([Float64Array.of(1e200)]);
      expect([p[0], optimizer.skippedSteps]).toEqual([-1, 0]);
    });
  });
}

test("two ways of clipping a group are refused", () => {
  expect(() => new SGD([new Float32Array(1)], { clipNorm: 1, clipValue: 1 })).toThrow(
    expect.objectContaining({ code: "ERR_OPTION" }),
  );
  expect(() => new SGD([new Float32Array(1)], { clipGlobalNorm: 0 })).toThrow(expect.objectContaining({ code: "ERR_OPTION" }));
});
