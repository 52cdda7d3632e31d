import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { normal } from "../../src/core/random.ts";
import { addL1L2, allFinite, GradientAccumulator, GradientNormMonitor, NonFiniteGuard } from "../../src/gradients/index.ts";
import { SGD } from "../../src/optim/index.ts";

const thrown = (code: string) => expect.objectContaining({ code });
const random = (n: number, stream: number): Float32Array => Float32Array.from({ length: n }, (_, i) => normal(8, stream, i));

describe("addL1L2", () => {
  test("adds λ₂θ and λ₁ sign θ, sign 0 = 0", () => {
    const g = Float64Array.of(1, 1, 1);
    addL1L2([g], [Float64Array.of(2, -3, 0)], { l1: 0.5, l2: 0.1 });
    expect([...g]).toEqual([1 + 0.1 * 2 + 0.5, 1 + 0.1 * -3 - 0.5, 1]);
  });
  test.each([{ l2: 0.03 }, { l1: 0.02, l2: 0.03 }, { l1: 0.02 }])(
    "gives the bits of the optimizers' own options %j",
    (options) => {
      const p = random(101, 1);
      const own = p.slice();
      const g = random(101, 2);
      new SGD([own], { learningRate: 0.1, ...options }).step([g.slice()]);
      addL1L2([g], [p], options);
      new SGD([p], { learningRate: 0.1 }).step([g]);
      expect(p).toEqual(own);
    },
  );
  test("refuses bad options", () => {
    const a = [new Float32Array(2)];
    expect(() => addL1L2(a, [new Float32Array(2)], { l1: -1 })).toThrow(thrown("ERR_OPTION"));
    expect(() => addL1L2(a, [new Float32Array(2)], { l2: NaN })).toThrow(thrown("ERR_OPTION"));
  });
});

describe("non-finite guard", () => {
  test("finds a value that is not finite at any place", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 200 }), fc.nat(199), fc.constantFrom(NaN, Infinity, -Infinity), (n, at, bad) => {
        const g = new Float32Array(n).fill(3e38);
        expect(allFinite([g])).toBe(true);
        g[at % n] = bad;
        expect(allFinite([new Float32Array(3), null, g])).toBe(false);
      }),
    );
  });
  test("float64 values whose squares overflow are finite", () => {
    expect(allFinite([Float64Array.of(1e300, -1e308)])).toBe(true);
    expect(allFinite([Float64Array.of(1e300, NaN)])).toBe(false);
  });
  test("counts what it refuses", () => {
    const guard = new NonFiniteGuard();
    const decisions = [[1], [NaN], [Infinity], [2]].map((g) => guard.accepts([Float32Array.from(g)]));
    expect(decisions).toEqual([true, false, false, true]);
    expect([guard.skipped, guard.consecutive]).toEqual([2, 0]);
  });
});

describe("accumulation", () => {
  test("gives the mean in arrays that stay the same", () => {
    const accumulator = new GradientAccumulator();
    for (const x of [1, 2, 6]) accumulator.add([Float32Array.of(x), Float64Array.of(-x, 0)]);
    expect(accumulator.count).toBe(3);
    const mean = accumulator.mean();
    expect(mean[0]![0]).toBe(Math.fround(9 * Math.fround(1 / 3)));
    expect([...mean[1]!]).toEqual([-9 * (1 / 3), 0]);
    expect(accumulator.count).toBe(0);
    accumulator.add([Float32Array.of(4), Float64Array.of(1, 1)]);
    const again = accumulator.mean();
    expect(again[0]).toBe(mean[0]);
    expect([...again[0]!, ...again[1]!]).toEqual([4, 1, 1]);
  });
  test("copies what it is given", () => {
    const g = Float32Array.of(1);
    const accumulator = new GradientAccumulator();
    accumulator.add([g]);
    g[0] = 9;
    expect(accumulator.mean()[0]![0]).toBe(1);
  });
  test("refuses others than the first ones, and a mean of nothing", () => {
    const accumulator = new GradientAccumulator();
    expect(() => accumulator.mean()).toThrow(thrown("ERR_STATE"));
    accumulator.add([new Float32Array(2)]);
    expect(() => accumulator.add([])).toThrow(thrown("ERR_LENGTH"));
    expect(() => accumulator.add([new Float32Array(3)])).toThrow(thrown("ERR_LENGTH"));
    expect(() => accumulator.add([new Float64Array(2)])).toThrow(thrown("ERR_DTYPE"));
    expect(accumulator.count).toBe(1);
  });
});

describe("norm monitor", () => {
  test("takes the norms that a step measured", () => {
    const params = [new Float32Array(2), new Float32Array(1)];
    const optimizer = new SGD([{ params: [params[0]!], monitor: true }, { params: [params[1]!] }]);
    const [own, given] = [new GradientNormMonitor(optimizer.groups), new GradientNormMonitor(optimizer.groups)];
    for (const scale of [1, 2, NaN]) {
      const gradients = [Float32Array.of(3 * scale, 4 * scale), Float32Array.of(1)];
      own.observe(gradients);
      optimizer.step(gradients);
      given.record(optimizer.groups.map(({ gradientNorm }) => gradientNorm));
    }
    expect(given.statistics()[0]).toEqual(own.statistics()[0]);
    expect(given.statistics()[1]).toMatchObject({ steps: 0 });
  });
  test("follows each group's norm", () => {
    const params = [new Float32Array(2), new Float32Array(1), new Float32Array(1)];
    const optimizer = new SGD([{ params: params.slice(0, 2), name: "body" }, { params: [params[2]!] }]);
    const monitor = new GradientNormMonitor(optimizer.groups, { decay: 0.5 });
    expect(monitor.observe([Float32Array.of(3, 0), Float32Array.of(4), Float32Array.of(1)])).toEqual([5, 1]);
    expect(monitor.observe([Float32Array.of(1, 0), null, Float32Array.of(NaN)])).toEqual([1, NaN]);
    const [body, head] = monitor.statistics();
    expect(body).toEqual({ name: "body", last: 1, mean: (0.25 * 5 + 0.5 * 1) / 0.75, min: 1, max: 5, steps: 2, nonFinite: 0 });
    expect(head).toMatchObject({ name: "group 1", mean: 1, max: 1, steps: 2, nonFinite: 1 });
    expect(() => monitor.observe([])).toThrow(thrown("ERR_LENGTH"));
    expect(() => monitor.record([1])).toThrow(thrown("ERR_LENGTH"));
    expect(() => monitor.record([1, "2" as never])).toThrow(thrown("ERR_DTYPE"));
    expect(monitor.statistics()[0]).toEqual(body);
    expect(() => new GradientNormMonitor(optimizer.groups, { decay: 1 })).toThrow(thrown("ERR_OPTION"));
  });
});
