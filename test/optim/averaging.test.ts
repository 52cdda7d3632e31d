import { describe, expect, test } from "vitest";
import { allocate } from "../../src/backend/allocate.ts";
import { EMA, Lookahead, SGD, SWA } from "../../src/optim/index.ts";

const thrown = (code: string) => expect.objectContaining({ code });

describe("EMA", () => {
  test("copies first, then moves by 1 − decay", () => {
    const p = Float64Array.of(1, 2);
    const ema = new EMA([p], { decay: 0.75 });
    p.set([4, 8]);
    ema.update();
    expect([...ema.average[0]!]).toEqual([4, 8]);
    p.set([8, 0]);
    ema.update();
    expect([...ema.average[0]!]).toEqual([5, 6]);
  });
  test("with warm-up the early past weighs less", () => {
    const p = Float64Array.of(0);
    const ema = new EMA([p], { decay: 0.999, warmup: true });
    ema.update();
    p[0] = 11;
    ema.update();
    expect(ema.average[0]![0]).toBeCloseTo(9, 12);
  });
  test("rounds every operation to float32", () => {
    const p = Float32Array.of(0.1);
    const ema = new EMA([p], { decay: 0.9 });
    ema.update();
    p[0] = 0.7;
    ema.update();
    const f = Math.fround;
    const a = f(0.1);
    expect(ema.average[0]![0]).toBe(f(a + f(f(1 - 0.9) * f(f(0.7) - a))));
  });
  test("swap exchanges in place and back, and guards updates meanwhile", () => {
    const p = allocate("float32", 3);
    p.set([1, 2, 3]);
    const ema = new EMA([p]);
    p.set([4, 5, 6]);
    ema.swap();
    expect([...p]).toEqual([1, 2, 3]);
    expect(() => ema.update()).toThrow(thrown("ERR_STATE"));
    expect(() => ema.stateDict()).toThrow(thrown("ERR_STATE"));
    ema.swap();
    expect([...p]).toEqual([4, 5, 6]);
    ema.apply();
    expect([...p]).toEqual([1, 2, 3]);
  });
});

test("SWA is the mean of the weights at each update", () => {
  const p = Float64Array.of(0);
  const swa = new SWA([p]);
  for (const x of [3, 5, 10]) {
    p[0] = x;
    swa.update();
  }
  expect(swa.average[0]![0]).toBe(6);
  expect(swa.updates).toBe(3);
});

test("averages resume from their state and refuse others before changing anything", () => {
  const p = Float32Array.of(1, 2);
  const first = new EMA([p], { decay: 0.5 });
  first.update();
  p.set([3, 4]);
  first.update();
  const state = structuredClone(first.stateDict());
  const second = new EMA([p], { decay: 0.5 });
  second.loadStateDict(state);
  p.set([9, 9]);
  first.update();
  second.update();
  expect(second.average).toEqual(first.average);
  expect(second.updates).toBe(3);
  for (const bad of [
    null,
    { ...state, kind: "SWA" },
    { ...state, updates: -1 },
    { ...state, average: [] },
    { ...state, average: [new Float32Array(3)] },
    { ...state, average: [new Float64Array(2)] },
  ]) {
    expect(() => second.loadStateDict(bad as never)).toThrow(expect.objectContaining({ code: expect.stringMatching(/^ERR_/) }));
    expect(second.average).toEqual(first.average);
  }
});

test("bad arguments are refused", () => {
  const p = Float32Array.of(1);
  for (const decay of [1, -0.1, NaN, "0.9"]) expect(() => new EMA([p], { decay: decay as number })).toThrow(thrown("ERR_OPTION"));
  expect(() => new SWA([p, p])).toThrow(thrown("ERR_DUPLICATE"));
  expect(() => new SWA([[1] as never])).toThrow(thrown("ERR_DTYPE"));
});

describe("Lookahead", () => {
  const gradient = (p: Float64Array): Float64Array => p.map((x) => 2 * x);
  test("pulls the slow weights after every period and restarts there", () => {
    const p = Float64Array.of(1);
    const lookahead = new Lookahead(new SGD([p], { learningRate: 0.25 }), { period: 2, alpha: 0.5 });
    lookahead.step([gradient(p)]);
    expect(p[0]).toBe(0.5);
    expect(lookahead.slow[0]![0]).toBe(1);
    lookahead.step([gradient(p)]);
    expect(lookahead.slow[0]![0]).toBe(0.625);
    expect(p[0]).toBe(0.625);
  });
  test("resumes to the same bits in the middle of a period", () => {
    const make = (p: Float64Array) => new Lookahead(new SGD([p], { learningRate: 0.1, momentum: 0.9 }), { period: 3 });
    const a = Float64Array.of(1, -2);
    const whole = make(a);
    for (let k = 0; k < 4; k++) whole.step([gradient(a)]);
    const b = a.slice();
    const resumed = make(b);
    resumed.loadStateDict(structuredClone(whole.stateDict()));
    for (let k = 0; k < 5; k++) {
      whole.step([gradient(a)]);
      resumed.step([gradient(b)]);
    }
    expect(b).toEqual(a);
    expect(() => resumed.loadStateDict({ ...whole.stateDict(), slow: [] })).toThrow(thrown("ERR_STATE"));
  });
  test("refuses bad options and parameters added later", () => {
    const optimizer = new SGD([Float64Array.of(1)]);
    expect(() => new Lookahead(optimizer, { period: 0 })).toThrow(thrown("ERR_OPTION"));
    expect(() => new Lookahead(optimizer, { alpha: 1.5 })).toThrow(thrown("ERR_OPTION"));
    const lookahead = new Lookahead(optimizer);
    optimizer.addGroup({ params: [Float64Array.of(2)] });
    expect(() => lookahead.step([Float64Array.of(1), Float64Array.of(1)])).toThrow(thrown("ERR_STATE"));
  });
});
