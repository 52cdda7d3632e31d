import { readFileSync } from "node:fs";
import { afterAll, describe, expect, test } from "vitest";
import { setBackend } from "../../src/backend/select.ts";
import { normal } from "../../src/core/random.ts";
import { tensor } from "../../src/core/tensor.ts";
import { adaptiveClip, clipByGlobalNorm, clipByNorm, clipByValue, globalNorm } from "../../src/gradients/index.ts";

interface Case {
  kind: "norm" | "value";
  arg: number;
  options: { norm_type?: number | "inf" };
  grads: number[][];
  total_norm_f32: number;
  total_norm_f64: number;
  clipped_f32: number[][];
  clipped_f64: number[][];
}
// PyTorch 1.13.1, clip_grad_norm_ and clip_grad_value_; tolerances as METHODS states them for torch's data.
const { cases } = JSON.parse(readFileSync(new URL("../golden/clip.json", import.meta.url), "utf8")) as { cases: Case[] };
const near = (actual: number, expected: number, tolerance: number): void => {
  expect(Math.abs(actual - expected)).toBeLessThanOrEqual(tolerance * Math.max(1, Math.abs(expected)));
};
const thrown = (code: string) => expect.objectContaining({ code });

describe.each(["auto", "reference"] as const)("%s backend", (backend) => {
  afterAll(() => setBackend("auto"));
  describe.each([
    ["float32", Float32Array, 2e-6],
    ["float64", Float64Array, 1e-11],
  ] as const)("%s", (dtype, Kind, tolerance) => {
    test.each(cases.map((c, i) => [i, c.kind, JSON.stringify(c.options), c] as const))("case %i %s %s", (_, kind, __, c) => {
      setBackend(backend);
      const gradients = c.grads.map((g) => Kind.from(g));
      const single = dtype === "float32";
      if (kind === "value") clipByValue(gradients, c.arg);
      else {
        const normType = c.options.norm_type === "inf" ? Infinity : (c.options.norm_type ?? 2);
        expect(globalNorm(gradients, { normType })).toBe(clipByGlobalNorm(gradients, c.arg, { normType }));
        const norm = globalNorm(
          c.grads.map((g) => Kind.from(g)),
          { normType },
        );
        near(norm, single ? c.total_norm_f32 : c.total_norm_f64, tolerance);
      }
      gradients.forEach((g, j) => {
        g.forEach((x, i) => {
          near(x, (single ? c.clipped_f32 : c.clipped_f64)[j]![i]!, tolerance);
        });
      });
    });
  });
});

const random = (n: number, stream: number): Float32Array => Float32Array.from({ length: n }, (_, i) => normal(3, stream, i));

describe("clipping", () => {
  test("by global norm leaves small gradients bit for bit alone, and nulls out", () => {
    const g = random(100, 1);
    g[3] = 1e-40;
    const before = g.slice();
    expect(clipByGlobalNorm([null, g, null], 1e6)).toBe(globalNorm([g]));
    expect(g).toEqual(before);
    expect(globalNorm([])).toBe(0);
  });
  test("by norm bounds each array on its own and returns the norms before", () => {
    const gradients = [random(50, 2), Float32Array.of(0.5), new Float32Array(0)];
    const norms = gradients.map((g) => globalNorm([g]));
    expect(clipByNorm(gradients, 1)).toEqual(norms);
    expect(globalNorm([gradients[0]!])).toBeCloseTo(1, 5);
    expect(gradients[1]![0]).toBe(0.5);
  });
  test("by value keeps NaN, signed zeros and subnormals and bounds infinities", () => {
    const g = Float32Array.of(NaN, Infinity, -Infinity, -0, 1e-40, 0.3, 2);
    clipByValue([g], 0.5);
    expect([...g]).toEqual([NaN, 0.5, -0.5, -0, Math.fround(1e-40), Math.fround(0.3), 0.5]);
  });
  test("a norm that is not a number makes every element so", () => {
    const g = [Float32Array.of(1, 2), Float32Array.of(NaN)];
    expect(clipByGlobalNorm(g, 1)).toBeNaN();
    expect([...g[0]!]).toEqual([NaN, NaN]);
    expect(globalNorm(g, { normType: Infinity })).toBeNaN();
  });
  test("both backends give the same bits", () => {
    const a = [random(10_000, 4), random(77, 5)];
    const b = a.map((g) => g.slice());
    setBackend("auto");
    const norm = clipByGlobalNorm(a, 2);
    setBackend("reference");
    expect(clipByGlobalNorm(b, 2)).toBe(norm);
    setBackend("auto");
    expect(b).toEqual(a);
  });
  test("bad arguments are refused before anything changes", () => {
    const g = Float32Array.of(5, 5);
    for (const limit of [0, -1, NaN, "1", undefined]) {
      expect(() => clipByValue([g], limit as number)).toThrow(thrown("ERR_OPTION"));
      expect(() => clipByGlobalNorm([g], limit as number)).toThrow(thrown("ERR_OPTION"));
    }
    expect(() => clipByNorm([g], 1, { normType: 0.5 })).toThrow(thrown("ERR_OPTION"));
    expect(() => clipByValue([g, [1] as never], 1)).toThrow(thrown("ERR_DTYPE"));
    expect(() => clipByValue(g as never, 1)).toThrow(thrown("ERR_DTYPE"));
    expect([...g]).toEqual([5, 5]);
  });
});

describe("adaptive clipping", () => {
  test("bounds each column by its share of the weights' column", () => {
    // Columns: weights of norm 5 and 0; gradients of norm 10 and 1.
    const w = tensor(Float64Array.of(3, 0, 4, 0), [2, 2]);
    const g = Float64Array.of(6, 0.6, 8, 0.8);
    adaptiveClip([g], [w], { clipping: 0.1, epsilon: 0.01 });
    [0.3, 0.0006, 0.4, 0.0008].forEach((x, i) => {
      expect(g[i]).toBeCloseTo(x, 15);
    });
  });
  test("takes a vector as one unit and leaves what is within the bound alone", () => {
    const g = [Float32Array.of(0.003, 0.004), null, Float32Array.of(0.3, 0.4)];
    const w = [Float32Array.of(1, 0), Float32Array.of(1), Float32Array.of(1, 0)];
    adaptiveClip(g, w);
    expect(g[0]).toEqual(Float32Array.of(0.003, 0.004));
    expect(globalNorm([g[2]!])).toBeCloseTo(0.01, 8);
  });
  test("refuses gradients that do not fit their parameters", () => {
    const w = [Float32Array.of(1, 2)];
    expect(() => adaptiveClip([], w)).toThrow(thrown("ERR_LENGTH"));
    expect(() => adaptiveClip([new Float32Array(3)], w)).toThrow(thrown("ERR_LENGTH"));
    expect(() => adaptiveClip([new Float64Array(2)], w)).toThrow(thrown("ERR_DTYPE"));
    expect(() => adaptiveClip([new Float32Array(2)], w, { clipping: 0 })).toThrow(thrown("ERR_OPTION"));
  });
});
