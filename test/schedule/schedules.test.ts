import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  attach,
  chained,
  constant,
  cosine,
  cosineWarmRestarts,
  cyclic,
  exponential,
  inverseSqrt,
  inverseTime,
  linear,
  multiplicative,
  multiStep,
  oneCycle,
  perEpoch,
  polynomial,
  rates,
  reduceOnPlateau,
  type Schedule,
  sequential,
  stepDecay,
  warmup,
  warmupStableDecay,
} from "../../src/schedule/index.ts";

const all: Record<string, Schedule> = {
  constant: constant(),
  stepDecay: stepDecay({ stepSize: 3 }),
  multiStep: multiStep({ milestones: [4, 2] }),
  exponential: exponential({ gamma: 0.9 }),
  polynomial: polynomial({ steps: 20, power: 1.5 }),
  linear: linear({ steps: 10 }),
  inverseTime: inverseTime({ decay: 0.5 }),
  inverseSqrt: inverseSqrt({ warmupSteps: 8 }),
  cosine: cosine({ steps: 30 }),
  cosineWarmRestarts: cosineWarmRestarts({ firstPeriod: 5, periodFactor: 2 }),
  oneCycle: oneCycle({ totalSteps: 30 }),
  cyclic: cyclic({ maxRate: 1, baseRate: 0.1, stepsUp: 4 }),
  multiplicative: multiplicative((e) => (e % 2 ? 0.97 : 0.9)),
  warmup: warmup({ steps: 5, after: cosine({ steps: 20 }) }),
  warmupStableDecay: warmupStableDecay({ warmupSteps: 5, stableSteps: 10, decaySteps: 5 }),
  sequential: sequential([linear({ steps: 5 }), exponential({ gamma: 0.9 })], [5]),
  chained: chained([linear({ steps: 5 }), exponential({ gamma: 0.9 })]),
};

describe.each(Object.entries(all))("%s", (name, schedule) => {
  test("is a pure function of the step", () => {
    const forward = Array.from({ length: 60 }, (_, k) => schedule(k, 0.3));
    fc.assert(
      fc.property(fc.nat(59), (k) => {
        expect(schedule(k, 0.3)).toBe(forward[k]);
      }),
    );
    expect([...rates(schedule, 0.3, 7, 20)]).toEqual(forward.slice(7, 27));
  });
  test("is finite and not negative, also far beyond its end, and carries its name", () => {
    for (const k of [0, 1, 29, 30, 31, 1000, 1e6]) {
      expect(schedule(k, 0.3)).toBeGreaterThanOrEqual(0);
      expect(schedule(k, 0.3)).toBeLessThan(10);
    }
    expect(schedule.name).toBe(name);
  });
});

describe("values", () => {
  test("warmup rises linearly from base / steps and hands over with its own step", () => {
    const s = warmup({ steps: 4, after: cosine({ steps: 10 }) });
    expect([0, 1, 2, 3, 4].map((k) => s(k, 1))).toEqual([0.25, 0.4375, 0.625, 0.8125, 1]);
    expect(s(14, 1)).toBe(0);
    expect(s(9, 1)).toBe(cosine({ steps: 10 })(5, 1));
    expect(warmup({ steps: 4, startFactor: 0, shape: "cosine" })(2, 1)).toBeCloseTo(0.5, 15);
    expect(warmup({ steps: 4 })(100, 0.7)).toBe(0.7);
  });
  test("warmup keeps the momentum of what follows", () => {
    const s = warmup({ steps: 4, after: oneCycle({ totalSteps: 10 }) });
    expect(s.momentum?.(0)).toBe(0.95);
    expect(s.momentum?.(6)).toBe(oneCycle({ totalSteps: 10 }).momentum?.(2));
  });
  test("warmupStableDecay rises, stays and falls in its three shapes", () => {
    const make = (shape: "linear" | "cosine" | "sqrt"): Schedule =>
      warmupStableDecay({ warmupSteps: 2, stableSteps: 3, decaySteps: 4, endFactor: 0.2, shape });
    expect([0, 1, 2, 4, 5, 6, 7, 9, 50].map((k) => make("linear")(k, 1))).toEqual(
      [0.5, 0.75, 1, 1, 1, 0.8, 0.6, 0.2, 0.2].map((x) => expect.closeTo(x, 15)),
    );
    expect(make("sqrt")(6, 1)).toBeCloseTo(0.6, 15);
    expect(make("cosine")(7, 1)).toBeCloseTo(0.6, 15);
    const none = warmupStableDecay({ warmupSteps: 0, stableSteps: 0, decaySteps: 0 });
    expect(none(0, 1)).toBe(0);
  });
  test("inverseSqrt peaks at the end of its warm-up", () => {
    const s = inverseSqrt({ warmupSteps: 4 });
    expect([0, 1, 3, 15, 63].map((k) => s(k, 1))).toEqual([0.25, 0.5, 1, 0.5, 0.25]);
  });
  test("inverseTime halves when decay · step is 1", () => {
    expect(inverseTime({ decay: 0.1 })(10, 0.4)).toBe(0.2);
    expect(inverseTime({ decay: 1, stepSize: 10 })(10, 0.4)).toBe(0.2);
  });
  test("oneCycle takes the base rate as its peak and stays at its last rate", () => {
    const s = oneCycle({ totalSteps: 20 });
    expect(s(5, 0.5)).toBeCloseTo(0.5, 15);
    expect(s(19, 0.5)).toBeCloseTo(0.5 / 25 / 1e4, 15);
    expect(s(500, 0.5)).toBe(s(19, 0.5));
    for (const warmupFraction of [0, 1]) {
      for (const threePhase of [false, true]) {
        const edge = oneCycle({ totalSteps: 10, warmupFraction, threePhase });
        for (let k = 0; k < 15; k++) expect(edge(k, 1)).toBeGreaterThan(0);
      }
    }
  });
  test("perEpoch holds each value for an epoch's steps", () => {
    const s = perEpoch(exponential({ gamma: 0.5 }), 3);
    expect([0, 2, 3, 5, 6].map((k) => s(k, 1))).toEqual([1, 1, 0.5, 0.5, 0.25]);
    expect(perEpoch(oneCycle({ totalSteps: 9 }), 4).momentum?.(8)).toBe(oneCycle({ totalSteps: 9 }).momentum?.(2));
  });
  test("chained takes each rate as the base of the next", () => {
    const s = chained([constant({ factor: 0.5, steps: 3 }), exponential({ gamma: 0.5 })]);
    expect([0, 1, 2, 3].map((k) => s(k, 8))).toEqual([4, 2, 1, 1]);
  });
  test("sequential gives each part its own step and the momentum of the nearest part with one", () => {
    const s = sequential([oneCycle({ totalSteps: 10 }), constant()], [10]);
    expect(s(10, 0.3)).toBe(0.3);
    expect(s.momentum?.(12)).toBe(oneCycle({ totalSteps: 10 }).momentum?.(10));
    const late = sequential([constant(), oneCycle({ totalSteps: 10 })], [5]);
    expect(late.momentum?.(2)).toBe(0.95);
    expect(late.momentum?.(6)).toBe(oneCycle({ totalSteps: 10 }).momentum?.(1));
  });
  test("reduceOnPlateau counts what is not a number as no improvement, and knows max and absolute", () => {
    const p = reduceOnPlateau({ patience: 1, factor: 0.5 });
    let state = p.start(1);
    for (const metric of [NaN, NaN]) state = p.observe(state, metric);
    expect(p.rate(state)).toBe(0.5);
    const up = reduceOnPlateau({ mode: "max", thresholdMode: "absolute", threshold: 0.5, patience: 0 });
    let s = up.start(1);
    for (const metric of [1, 1.6, 2]) s = up.observe(s, metric);
    expect(up.rate(s)).toBeCloseTo(0.1, 15);
    expect(s.best).toBe(1.6);
  });
});

describe("attach", () => {
  const optimizer = (): { groups: { learningRate: number; momentum?: number; beta1?: number }[] } => ({
    groups: [{ learningRate: 1, momentum: 0.9 }, { learningRate: 2, beta1: 0.9 }, { learningRate: 3 }],
  });
  test("sets step 0 at once and leaves groups without a schedule alone", () => {
    const o = optimizer();
    const driver = attach(o, [linear({ steps: 2, startFactor: 0.5 }), null, exponential({ gamma: 0.5 })]);
    expect(driver.rates).toEqual([0.5, 2, 3]);
    driver.afterStep();
    expect(driver.rates).toEqual([0.75, 2, 1.5]);
    expect(driver.step).toBe(1);
  });
  test("cycles momentum, or beta1 where there is no momentum", () => {
    const o = optimizer();
    attach(o, oneCycle({ totalSteps: 10 }));
    expect(o.groups.map((g) => [g.momentum, g.beta1])).toEqual([
      [0.95, undefined],
      [undefined, 0.95],
      [undefined, undefined],
    ]);
  });
  test("per epoch only epochs move it", () => {
    const driver = attach(optimizer(), exponential({ gamma: 0.5 }), { per: "epoch" });
    driver.afterStep();
    expect(driver.rates[0]).toBe(1);
    driver.afterEpoch();
    expect(driver.rates).toEqual([0.5, 1, 1.5]);
  });
  test("resumes from its state, feedback included, with the rates it had", () => {
    const make = (o = optimizer()) => attach(o, [reduceOnPlateau({ patience: 0 }), null, cosine({ steps: 9 })], { per: "epoch" });
    const whole = make();
    const metrics = [3, 2, 2, 1, 1, 0.5];
    for (const metric of metrics.slice(0, 3)) whole.afterEpoch(metric);
    const saved = JSON.parse(JSON.stringify(whole.stateDict()));
    const resumed = make();
    resumed.loadStateDict(saved);
    expect(resumed.rates).toEqual(whole.rates);
    for (const metric of metrics.slice(3)) {
      whole.afterEpoch(metric);
      resumed.afterEpoch(metric);
      expect(resumed.rates).toEqual(whole.rates);
    }
    expect(resumed.step).toBe(6);
  });
  test("refuses states of another kind before changing anything", () => {
    const driver = attach(optimizer(), [exponential({ gamma: 0.5 }), null, reduceOnPlateau()]);
    const good = driver.stateDict();
    const [first, , third] = good.groups;
    const bad: unknown[] = [
      null,
      { ...good, format: 2 },
      { ...good, per: "epoch" },
      { ...good, groups: [first] },
      { ...good, groups: [{ ...first, step: -1 }, null, third] },
      { ...good, groups: [{ ...first, base: "1" }, null, third] },
      { ...good, groups: [{ ...first, step: 4 }, first, third] },
      { ...good, groups: [{ ...first, step: 4 }, null, first] },
      { ...good, groups: [third, null, third] },
    ];
    for (const state of bad) {
      expect(() => driver.loadStateDict(state as never)).toThrow(expect.objectContaining({ code: "ERR_STATE" }));
      expect(driver.rates).toEqual([1, 2, 3]);
    }
  });
});

describe("bad options are ERR_OPTION", () => {
  const calls: Record<string, () => unknown> = {
    "unknown name": () => exponential({ gamma: 0.9, gama: 1 } as never),
    "missing option": () => stepDecay({} as never),
    "null option": () => exponential({ gamma: null } as never),
    "no object": () => cosine(3 as never),
    "text for a number": () => exponential({ gamma: "0.9" } as never),
    NaN: () => exponential({ gamma: NaN }),
    "negative gamma": () => exponential({ gamma: -1 }),
    "step size 0": () => stepDecay({ stepSize: 0 }),
    "fractional steps": () => cosine({ steps: 1.5 }),
    "factor above 1": () => linear({ steps: 3, endFactor: 2 }),
    "no milestones": () => multiStep({ milestones: 3 as never }),
    "text milestone": () => multiStep({ milestones: ["3"] as never }),
    "one step": () => oneCycle({ totalSteps: 1 }),
    "zero peak": () => oneCycle({ totalSteps: 10, maxRate: 0 }),
    "momentum 1": () => oneCycle({ totalSteps: 10, maxMomentum: 1 }),
    "unknown anneal": () => oneCycle({ totalSteps: 10, anneal: "cos" as never }),
    "plateau factor 1": () => reduceOnPlateau({ factor: 1 }),
    "unsorted sequence": () => sequential([constant(), constant(), constant()], [5, 5]),
    "milestones missing": () => sequential([constant(), constant()], []),
    "empty chain": () => chained([]),
    "plateau in a chain": () => chained([reduceOnPlateau() as never]),
    "warm-up before no schedule": () => warmup({ steps: 3, after: {} as never }),
    "attach to nothing": () => attach({ groups: [{ learningRate: 1 }] }, {} as never),
    "too few schedules": () => attach({ groups: [{ learningRate: 1 }] }, []),
    "half a step per epoch": () => perEpoch(constant(), 0.5),
    "unknown unit": () => attach({ groups: [{ learningRate: 1 }] }, constant(), { per: "batch" as never }),
  };
  test.each(Object.entries(calls))("%s", (_, call) => {
    expect(call).toThrow(expect.objectContaining({ code: "ERR_OPTION" }));
  });
});
