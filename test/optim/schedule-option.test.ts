// The `schedule` option of parameter groups: rates, momenta and feedback inside step(), and what checkpoints keep of them.
import { describe, expect, test } from "vitest";
import { Adam, SGD } from "../../src/optim/index.ts";
import { exponential, GradientNormRatio, oneCycle, reduceOnPlateau } from "../../src/schedule/index.ts";

const thrown = (code: string) => expect.objectContaining({ code });

describe("a group's schedule", () => {
  test("scales its learning rate by the steps done", () => {
    const p = Float64Array.of(0);
    const optimizer = new SGD([{ params: [p], schedule: exponential({ gamma: 0.5 }) }], { learningRate: 1 });
    const seen = [];
    for (let k = 0; k < 3; k++) {
      optimizer.step([Float64Array.of(1)]);
      seen.push(p[0]);
    }
    expect(seen).toEqual([-1, -1.5, -1.75]);
    expect(optimizer.groups[0]!.learningRate).toBe(1);
  });

  test("cycles the momentum as if it were set by hand", () => {
    const cycle = oneCycle({ totalSteps: 12, maxRate: 0.1 });
    const a = Float64Array.of(1, 2, 3);
    const b = a.slice();
    const auto = new SGD([{ params: [a], schedule: cycle }], { momentum: 0.9 });
    const byHand = new SGD([b], { momentum: 0.9 });
    for (let k = 0; k < 12; k++) {
      const g = a.map((x) => 2 * x);
      const group = byHand.groups[0]!;
      group.learningRate = cycle(k, 1);
      group.momentum = cycle.momentum!(k);
      auto.step([g]);
      byHand.step([g.slice()]);
      expect(a).toEqual(b);
    }
  });

  test("cycles β₁ of Adam", () => {
    const run = (withSchedule: boolean): number => {
      const p = Float64Array.of(1);
      const schedule = oneCycle({ totalSteps: 12, maxRate: 0.1, cycleMomentum: withSchedule });
      const optimizer = new Adam([{ params: [p], schedule }]);
      for (let k = 0; k < 6; k++) optimizer.step([Float64Array.of(k - 2)]);
      return p[0]!;
    };
    expect(run(true)).not.toBe(run(false));
  });

  test("reads the gradient's norm over the group before the update", () => {
    const p = [Float64Array.of(0), Float64Array.of(0, 0)];
    const optimizer = new SGD([{ params: p, schedule: GradientNormRatio({ clamp: [0.1, 10] }) }], { learningRate: 1 });
    optimizer.step([Float64Array.of(1), Float64Array.of(1, 1)]);
    optimizer.step([Float64Array.of(2), Float64Array.of(1, 1)]); // Σ g² = 6 after 3: the rate doubles
    expect([...p[0]!, ...p[1]!]).toEqual([-5, -3, -3]);
  });

  test("a step that is refused leaves what the schedule remembers alone", () => {
    const optimizer = new SGD([{ params: [Float64Array.of(0)], schedule: GradientNormRatio() }]);
    optimizer.step([Float64Array.of(1)]);
    const before = optimizer.stateDict().schedules;
    expect(() => optimizer.step([new Float64Array(2)])).toThrow(thrown("ERR_LENGTH"));
    expect(optimizer.stateDict().schedules).toEqual(before);
  });

  test("plateau reads the metric and is restored from a state dictionary", () => {
    const make = (p: Float64Array) =>
      new SGD([{ params: [p], schedule: reduceOnPlateau({ patience: 0, factor: 0.5 }) }], { learningRate: 1 });
    const a = Float64Array.of(0);
    const first = make(a);
    first.observeMetric(1);
    first.observeMetric(1);
    const b = Float64Array.of(0);
    const second = make(b);
    second.loadStateDict(structuredClone(first.stateDict()));
    first.step([Float64Array.of(1)]);
    second.step([Float64Array.of(1)]);
    expect(a[0]).toBe(-0.5);
    expect(b[0]).toBe(-0.5);
    expect(() => first.observeMetric("1" as never)).toThrow(thrown("ERR_OPTION"));
  });

  test("foreign or damaged schedule states are refused before anything changes", () => {
    const optimizer = new SGD([{ params: [Float64Array.of(0)], schedule: reduceOnPlateau() }]);
    optimizer.observeMetric(1);
    const good = optimizer.stateDict();
    for (const groups of [[], [{ rate: 1 }], [{ ...good.schedules!.groups[0], best: "1" }], [3]]) {
      expect(() => optimizer.loadStateDict({ ...good, schedules: { groups } as never })).toThrow();
    }
    expect(optimizer.stateDict()).toEqual(good);
    const plain = new SGD([Float64Array.of(0)]);
    expect(() => plain.loadStateDict(good)).toThrow(thrown("ERR_STATE"));
  });

  test("what is no schedule is refused, at construction and later", () => {
    const params = [Float64Array.of(0)];
    expect(() => new SGD([{ params, schedule: {} as never }])).toThrow(thrown("ERR_OPTION"));
    const optimizer = new SGD(params);
    expect(() => {
      optimizer.groups[0]!.schedule = "cosine" as never;
    }).toThrow(thrown("ERR_OPTION"));
    optimizer.groups[0]!.schedule = () => -1;
    expect(() => optimizer.step([Float64Array.of(1)])).toThrow(thrown("ERR_OPTION"));
    expect(params[0]![0]).toBe(0);
  });
});
