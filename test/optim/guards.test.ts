// Clipping, skipping and the norm monitor inside step(): what the options mean.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import * as downhill from "../../src/index.ts";
import {
  Adafactor,
  Adam,
  adaptiveClip,
  clipByGlobalNorm,
  clipByNorm,
  type FloatArray,
  globalNorm,
  LAMB,
  MultiOptimizer,
  SGD,
  tensor,
} from "../../src/index.ts";
import { rnd } from "./golden.ts";

const thrown = (code: string) => expect.objectContaining({ code });
type Kind = typeof Float32Array | typeof Float64Array;
const parts = (seed: number, kind: Kind): FloatArray[] => [12, 7, 30].map((n, j) => kind.from(rnd(seed, 100 + j, n)));
const shapes = [[3, 4], [7], [5, 6]];
const tensors = (arrays: readonly FloatArray[]) => arrays.map((data, k) => tensor(data, shapes[k]!));

for (const backend of ["native", "reference"] as const) {
  describe(`${backend} backend`, () => {
    beforeAll(() => downhill.setBackend(backend));
    afterAll(() => downhill.setBackend("auto"));

    test.each([Float32Array, Float64Array])("each option has the bits of its function on the gradients before (%o)", (type) => {
      const clips: [object, (g: FloatArray[], w: FloatArray[]) => void][] = [
        [{ clipNorm: 0.5 }, (g) => void clipByNorm(g, 0.5)],
        [{ clipGlobalNorm: 0.5 }, (g) => void clipByGlobalNorm(g, 0.5)],
        [{ clipAdaptive: 0.1 }, (g, w) => adaptiveClip(g, tensors(w), { clipping: 0.1 })],
      ];
      for (const [options, clip] of clips) {
        const [own, plain] = [parts(1, type), parts(1, type)];
        const gradients = parts(2, type);
        const optimizer = new SGD(tensors(own), { learningRate: 0.5, ...options });
        const before = gradients.map((g) => g.slice());
        optimizer.step(gradients);
        expect(gradients).toEqual(before);
        clip(gradients, plain);
        new SGD(plain, { learningRate: 0.5 }).step(gradients);
        expect(own).toEqual(plain);
      }
    });

    test("LAMB and Adafactor clip what they read, by norm and by units", () => {
      for (const make of [LAMB, Adafactor]) {
        for (const options of [{ clipNorm: 0.25 }, { clipAdaptive: 0.05 }]) {
          const [a, b] = [parts(3, Float64Array), parts(3, Float64Array)];
          const gradients = parts(4, Float64Array);
          new make(tensors(a), options).step(gradients);
          if ("clipNorm" in options) clipByNorm(gradients, options.clipNorm as number);
          else adaptiveClip(gradients, tensors(b), { clipping: options.clipAdaptive as number });
          new make(tensors(b)).step(gradients);
          expect(a).toEqual(b);
        }
      }
    });

    test("the norm monitor tells each group's norm before clipping, and can be switched", () => {
      const params = parts(5, Float32Array);
      const optimizer = new SGD([{ params: params.slice(0, 2) }, { params: [params[2]!], monitor: true }], {
        clipGlobalNorm: 0.1,
      });
      const gradients = parts(6, Float32Array);
      optimizer.step(gradients);
      expect(optimizer.groups.map(({ gradientNorm }) => gradientNorm)).toEqual([undefined, globalNorm([gradients[2]!])]);
      optimizer.groups[0]!.monitor = true;
      optimizer.groups[1]!.monitor = false;
      optimizer.step(gradients);
      expect(optimizer.groups.map(({ gradientNorm }) => gradientNorm)).toEqual([globalNorm(gradients.slice(0, 2)), undefined]);
      optimizer.step([gradients[0]!, null, null]);
      expect(optimizer.groups[0]!.gradientNorm).toBe(globalNorm([gradients[0]!]));
      optimizer.groups[0]!.frozen = true;
      optimizer.step(gradients);
      expect(optimizer.groups[0]!.gradientNorm).toBeUndefined();
      expect(new Adam(params, { monitor: true }).groups[0]!.monitor).toBe(true);
      expect(() => Object.assign(optimizer.groups[0]!, { monitor: 1 })).toThrow(thrown("ERR_OPTION"));
    });

    test("a monitor that sees a skipped step shows why", () => {
      const optimizer = new Adam([new Float32Array(3)], { monitor: true, skipNonFinite: true });
      optimizer.step([Float32Array.of(1, Number.NaN, 0)]);
      expect([optimizer.groups[0]!.gradientNorm, optimizer.skippedSteps, optimizer.steps]).toEqual([Number.NaN, 1, 0]);
    });

    test("the order of the sums does not depend on how parameters are grouped by their counts", () => {
      const run = (resume: boolean): FloatArray[] => {
        const params = parts(7, Float32Array);
        let optimizer = new Adam(params, { clipGlobalNorm: 0.3 });
        const gradients = parts(8, Float32Array);
        optimizer.step([gradients[0]!, null, gradients[2]!]);
        optimizer.step([null, gradients[1]!, null]);
        if (resume) {
          const state = optimizer.stateDict();
          optimizer = new Adam(params, { clipGlobalNorm: 0.3 });
          optimizer.loadStateDict(state);
        }
        for (let t = 0; t < 3; t++) optimizer.step(gradients);
        return params;
      };
      expect(run(true)).toEqual(run(false));
    });

    test("MultiOptimizer takes the options of whole optimizers", () => {
      const params = parts(9, Float64Array);
      const groups = [
        { params: [params[0]!], optimizer: "SGD", learningRate: 1 },
        { params: params.slice(1), optimizer: "Lion" },
      ];
      const optimizer = new MultiOptimizer(groups, { clipGlobalNorm: 2, skipNonFinite: true });
      expect([optimizer.clipGlobalNorm, optimizer.skipNonFinite]).toEqual([2, true]);
      const before = params.map((p) => p.slice());
      const gradients = parts(10, Float64Array);
      gradients[2]![3] = Number.POSITIVE_INFINITY;
      optimizer.step(gradients);
      expect(params).toEqual(before);
      expect(optimizer.skippedSteps).toBe(1);
      const named = new MultiOptimizer(params, [{ where: ({ name }) => name === "b", optimizer: "SGD" }, { optimizer: "Adam" }], {
        names: ["a", "b", "c"],
        clipGlobalNorm: 3,
      });
      expect([named.groups[0]!.params.length, named.clipGlobalNorm]).toEqual([1, 3]);
      expect(() => new MultiOptimizer(groups, { clipGlobalNorm: -1 })).toThrow(thrown("ERR_OPTION"));
      expect(() => new MultiOptimizer(groups, { clip: 1 } as object)).toThrow(thrown("ERR_OPTION"));
    });
  });
}

test("clipping options exclude one another and have ranges", () => {
  const params = [new Float32Array(1)];
  for (const options of [
    { clipNorm: 1, clipAdaptive: 1 },
    { clipValue: 1, clipAdaptive: 1 },
    { clipAdaptive: 0 },
    { clipAdaptive: Number.NaN },
    { clipAdaptiveEpsilon: 0 },
    { monitor: 1 },
  ])
    expect(() => new SGD(params, options as object)).toThrow(thrown("ERR_OPTION"));
});
