// State dictionaries of composite optimizers: groups, several methods, schedules, state in few bits, the whole optimizer's
// options and counters. They go on bit for bit, and what does not fit is refused before anything changes.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import * as downhill from "../../src/index.ts";
import {
  Adam,
  EMA,
  GradientNormRatio,
  Lookahead,
  MultiOptimizer,
  RMSprop,
  SGD,
  SWA,
  schedules,
  tensor,
} from "../../src/index.ts";
import { rnd } from "./golden.ts";

const thrown = (code: string) => expect.objectContaining({ code });
const shapes = [[6, 8], [5], [70, 64]];
const arrays = (seed: number) =>
  shapes.map((shape, j) =>
    Float32Array.from(
      rnd(
        seed,
        40 + j,
        shape.reduce((a, b) => a * b, 1),
      ),
    ),
  );
const tensors = (data: Float32Array[]) => data.map((array, j) => tensor(array, shapes[j]!));

type Made = { step(g: Float32Array[]): void; stateDict(): object; loadStateDict(s: never): void; params: Float32Array[] };

const makers: Record<string, (seed: number) => Made> = {
  groups: (seed) =>
    wrap(
      seed,
      (p) =>
        new Adam([
          { params: p.slice(0, 1), learningRate: 0.1 },
          { params: p.slice(1), amsgrad: true },
        ]),
    ),
  "several methods": (seed) =>
    wrap(
      seed,
      (p) =>
        new MultiOptimizer(
          [
            { params: p.slice(0, 1), optimizer: "Muon" },
            { params: p.slice(1, 2), optimizer: "RMSprop", average: "window", window: 3, momentum: 0.5 },
            { params: p.slice(2), optimizer: "Adam", stateType: "int8" },
          ],
          { clipGlobalNorm: 0.5, skipNonFinite: true },
        ),
    ),
  schedules: (seed) =>
    wrap(
      seed,
      (p) =>
        new SGD([
          { params: p.slice(0, 1), schedule: schedules.exponential({ gamma: 0.9 }) },
          { params: p.slice(1), schedule: new GradientNormRatio() },
        ]),
    ),
  bfloat16: (seed) => wrap(seed, (p) => new Adam(p, { stateType: "bf16", stateSeed: 7 })),
  "a centered window": (seed) => wrap(seed, (p) => new RMSprop(p, { average: "window", window: 3, centered: true })),
  "look-ahead": (seed) => wrap(seed, (p) => new Lookahead(new Adam(p), { period: 2 })),
};

function wrap(seed: number, make: (params: downhill.Tensor[]) => object): Made {
  const params = arrays(seed);
  const made = make(tensors(params)) as Made;
  return {
    params,
    step: (g) => made.step(g),
    stateDict: () => made.stateDict(),
    loadStateDict: (s) => made.loadStateDict(s),
  };
}

for (const backend of ["native", "reference"] as const) {
  describe(`${backend} backend`, () => {
    beforeAll(() => downhill.setBackend(backend));
    afterAll(() => downhill.setBackend("auto"));

    test.each(Object.keys(makers))("%s go on bit for bit from their state", (name) => {
      const [a, b] = [makers[name]!(1), makers[name]!(1)];
      for (let t = 0; t < 5; t++) a.step(arrays(10 + t));
      const state = structuredClone(a.stateDict());
      b.params.forEach((p, j) => {
        p.set(a.params[j]!);
      });
      b.loadStateDict(state as never);
      expect(b.stateDict()).toEqual(state);
      for (let t = 5; t < 10; t++) for (const o of [a, b]) o.step(arrays(10 + t));
      expect(b.params).toEqual(a.params);
      expect(b.stateDict()).toEqual(a.stateDict());
    });

    test("the whole optimizer's options and its counters are part of the state", () => {
      const a = new Adam(tensors(arrays(1)), { clipGlobalNorm: 0.25, skipNonFinite: true });
      a.step(arrays(2));
      a.step(arrays(2).map((g) => g.fill(Number.NaN)));
      const state = structuredClone(a.stateDict());
      const b = new Adam(tensors(arrays(1)));
      b.loadStateDict(state);
      expect([b.clipGlobalNorm, b.skipNonFinite, b.steps, b.skippedSteps]).toEqual([0.25, true, 1, 1]);
      const { options: _, ...older } = state;
      const c = new Adam(tensors(arrays(1)), { clipGlobalNorm: 3 });
      c.loadStateDict(older);
      expect([c.clipGlobalNorm, c.skipNonFinite, c.skippedSteps]).toEqual([3, false, 1]);
    });

    test("a state of several groups that does not fit is refused before anything changes", () => {
      const make = () =>
        new MultiOptimizer(
          [
            { params: tensors(arrays(1)).slice(0, 2), optimizer: "Adam", name: "first", schedule: new GradientNormRatio() },
            { params: tensors(arrays(1)).slice(2), optimizer: "Adam", stateType: "int8" },
          ],
          { clipGlobalNorm: 1 },
        );
      const optimizer = make();
      optimizer.step(arrays(2));
      const state = optimizer.stateDict();
      const change = (edit: (s: downhill.OptimizerState & Record<string, unknown>) => void) => {
        const copy = structuredClone(state) as downhill.OptimizerState & Record<string, unknown>;
        edit(copy);
        return copy;
      };
      type Slots = Record<string, unknown>;
      const cases: [string, (s: downhill.OptimizerState & Record<string, unknown>) => void][] = [
        ["ERR_FORMAT", (s) => Object.assign(s, { format: 2 })],
        ["ERR_STATE", (s) => Object.assign(s, { optimizer: "Adam" })],
        ["ERR_STATE", (s) => Object.assign(s.groups[1]!, { optimizer: "SGD" })],
        ["ERR_STATE", (s) => void s.groups.pop()],
        ["ERR_STATE", (s) => Object.assign(s.groups[0]!, { params: [0] })],
        ["ERR_STATE", (s) => void delete s.groups[1]!.options.beta1],
        ["ERR_STATE", (s) => Object.assign(s.groups[1]!.options, { gamma: 1 })],
        ["ERR_OPTION", (s) => Object.assign(s.groups[1]!.options, { clipNorm: 1, clipValue: 1 })],
        ["ERR_SHAPE", (s) => Object.assign(s.params[2]!, { shape: [64, 70] })],
        ["ERR_DTYPE", (s) => Object.assign(s.params[0]!, { dtype: "float64" })],
        ["ERR_DTYPE", (s) => Object.assign(s.params[2]!.slots as Slots, { m: new Float32Array(70 * 64) })],
        ["ERR_LENGTH", (s) => Object.assign(s.params[2]!.slots as Slots, { v: new Int8Array(3) })],
        ["ERR_STATE", (s) => void delete s.params[1]!.slots.v],
        ["ERR_STATE", (s) => Object.assign(s.params[1]!.slots as Slots, { h: new Float32Array(5) })],
        ["ERR_FORMAT", (s) => Object.assign(s.counters, { skipped: -1 })],
        ["ERR_OPTION", (s) => Object.assign(s.options!, { clipGlobalNorm: 0 })],
        ["ERR_STATE", (s) => Object.assign(s.options!, { momentum: 0 })],
        ["ERR_FORMAT", (s) => Object.assign(s, { options: 1 })],
        ["ERR_FORMAT", (s) => Object.assign(s, { schedules: { groups: [null] } })],
        ["ERR_STATE", (s) => Object.assign(s.schedules!, { groups: [null, { lastSquaredNorm: 1 }] })],
      ];
      for (const [code, edit] of cases) expect(() => optimizer.loadStateDict(change(edit)), String(edit)).toThrow(thrown(code));
      expect(optimizer.stateDict()).toEqual(state);
      expect(optimizer.clipGlobalNorm).toBe(1);
    });

    test("averages of many arrays of both dtypes follow their formula and round-trip exactly", () => {
      const lengths = [0, 1, 37, 5000, 20_000];
      const params = lengths.flatMap((n, j) => [Float32Array.from(rnd(3, j, n)), Float64Array.from(rnd(4, j, n))]);
      const [ema, swa] = [new EMA(params, { decay: 0.75 }), new SWA(params)];
      const expected = { ema: params.map((p) => p.slice()), swa: params.map((p) => p.slice()) };
      const follow = (own: downhill.FloatArray[], weight: number) =>
        own.forEach((a, j) => {
          const round = a instanceof Float32Array ? Math.fround : (x: number): number => x;
          const w = round(weight);
          a.forEach((x, i) => {
            a[i] = round(x + round(w * round(params[j]![i]! - x)));
          });
        });
      for (let n = 1; n <= 4; n++) {
        params.forEach((p, j) => {
          p.set(rnd(5 + n, j, p.length));
        });
        for (const average of [ema, swa]) average.update();
        if (n === 1) for (const own of [expected.ema, expected.swa]) own.forEach((a, j) => void a.set(params[j]!));
        else {
          follow(expected.ema, 0.25);
          follow(expected.swa, 1 / n);
        }
      }
      expect(ema.average).toEqual(expected.ema);
      expect(swa.average).toEqual(expected.swa);
      const again = new EMA(params, { decay: 0.75 });
      again.loadStateDict(structuredClone(ema.stateDict()));
      for (const average of [ema, again]) average.update();
      expect(again.stateDict()).toEqual(ema.stateDict());
      const before = params.map((p) => p.slice());
      ema.swap();
      ema.swap();
      expect(params).toEqual(before);
    });

    test("an average whose parameter was detached is refused and unchanged", () => {
      const p = new Float32Array(8).fill(1);
      const ema = new EMA([new Float32Array(3), p]);
      ema.update();
      ema.update();
      const before = ema.average.map((a) => a.slice());
      structuredClone(p.buffer, { transfer: [p.buffer] });
      expect(() => ema.update()).toThrow(thrown("ERR_LENGTH"));
      expect(ema.average).toEqual(before);
      expect(ema.updates).toBe(2);
    });
  });
}
