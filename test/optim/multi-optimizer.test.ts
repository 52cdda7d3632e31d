import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import type { StepPlan } from "../../src/backend/optim.ts";
import { currentBackend } from "../../src/backend/select.ts";
import { uniform } from "../../src/core/random.ts";
import { Adam, exponential, Lion, MultiOptimizer, oneCycle, SGD, setBackend, type Tensor, tensor } from "../../src/index.ts";
import * as layers from "../../src/nn/layers.ts";
import { sequentialNetwork } from "../../src/nn/network.ts";
import { createTrainer } from "../../src/train/engine.ts";
import type { TrainerOptimizer } from "../../src/train/trainer.ts";

const make = () =>
  [tensor(Float32Array.of(1, 2, 3, 4), [2, 2]), Float32Array.of(5, 6), tensor(Float32Array.of(7, 8), [2, 1])] as const;
const gradients = [Float32Array.of(0.1, -0.2, 0.3, 0.4), Float32Array.of(-1, 1), Float32Array.of(0.5, 0.25)];

test("groups by list and by predicate give what the single optimizers give", () => {
  const [a1, b1, c1] = make();
  new Adam([a1, c1], { learningRate: 0.1 }).step([gradients[0]!, gradients[2]!]);
  new SGD([b1], { learningRate: 0.5 }).step([gradients[1]!]);

  const [a2, b2, c2] = make();
  const byList = new MultiOptimizer([
    { params: [a2, c2], optimizer: "Adam", learningRate: 0.1 },
    { params: [b2], optimizer: "SGD", learningRate: 0.5 },
  ]);
  byList.step([gradients[0]!, gradients[2]!, gradients[1]!]);
  expect([a2.data, b2, c2.data]).toEqual([a1.data, b1, c1.data]);

  const [a3, b3, c3] = make();
  const byRule = new MultiOptimizer(
    [a3, b3, c3],
    [
      { where: ({ shape }) => shape.length === 2, optimizer: "Adam", learningRate: 0.1 },
      { where: ({ name }) => name === "bias", optimizer: "SGD", learningRate: 0.5 },
    ],
    ["kernel", "bias", "kernel2"],
  );
  byRule.step(gradients);
  expect([a3.data, b3, c3.data]).toEqual([a1.data, b1, c1.data]);
  expect(byRule.groups.map(({ optimizer, params }) => [optimizer, params])).toEqual([
    ["Adam", [0, 2]],
    ["SGD", [1]],
  ]);
});

test("unknown optimizers, options of another optimizer and parameters without a rule are refused", () => {
  const [, bias] = make();
  const code = (make: () => unknown): string => {
    try {
      make();
    } catch (error) {
      return (error as { code: string }).code;
    }
    return "none";
  };
  expect(code(() => new MultiOptimizer([{ params: [bias], optimizer: "Adem" }]))).toBe("ERR_OPTION");
  expect(code(() => new MultiOptimizer([{ params: [bias], optimizer: "SGD", beta1: 0.5 }]))).toBe("ERR_OPTION");
  expect(code(() => new MultiOptimizer([bias], [{ where: () => false, optimizer: "SGD" }]))).toBe("ERR_OPTION");
  expect(code(() => new MultiOptimizer([bias, bias], [{ optimizer: "SGD" }]))).toBe("ERR_DUPLICATE");
});

const draw = (stream: number, count: number): Float32Array =>
  Float32Array.from({ length: count }, (_, i) => uniform(8, stream, i) - 0.5);
const COUNTS = [40, 7, 33, 5, 12];
const makeParams = (): Float32Array[] => COUNTS.map((count, i) => draw(i, count));
const gradientsAt = (step: number): Float32Array[] => COUNTS.map((count, i) => draw(100 + 10 * step + i, count));

/** Spies of the only plan that `act` makes. */
function planOf(act: () => void): StepPlan {
  const made = vi.spyOn(currentBackend(), "createStepPlan");
  try {
    act();
    expect(made.mock.results.length).toBe(1);
    return made.mock.results[0]!.value as StepPlan;
  } finally {
    made.mockRestore();
  }
}

describe.each(["native", "reference"] as const)("%s", (backend) => {
  beforeAll(() => setBackend(backend));
  afterAll(() => setBackend("auto"));

  const decay = exponential({ gamma: 0.5 });
  const cycle = oneCycle({ totalSteps: 12, maxRate: 0.1 });
  /** Takes parameters 0 and 2 by Adam, 1 by Lion; 3 is frozen; 4 is added. */
  const rules = [
    { where: ({ index }: { index: number }) => index === 3, optimizer: "SGD", frozen: true, learningRate: 0.5 },
    { where: ({ index }: { index: number }) => index % 2 === 0, optimizer: "Adam", learningRate: 0.1, schedule: decay },
    { optimizer: "Lion", learningRate: 0.01 },
  ];

  test("schedules, frozen groups, thawing and added groups are what single optimizers make of them", () => {
    const [a, b] = [makeParams(), makeParams()];
    const multi = new MultiOptimizer(a.slice(0, 4), rules);
    const adam = new Adam([{ params: [b[0]!, b[2]!], schedule: decay }], { learningRate: 0.1 });
    const lion = new Lion([b[1]!], { learningRate: 0.01 });
    for (let step = 0; step < 3; step++) {
      const g = gradientsAt(step);
      multi.step(g.slice(0, 4));
      adam.step([g[0]!, g[2]!]);
      lion.step([g[1]!]);
      expect(a).toEqual(b);
    }
    expect(a[3]).toEqual(makeParams()[3]);
    multi.addGroup({
      params: [a[4]!],
      optimizer: "SGD",
      momentum: 0.9,
      schedule: cycle,
    } as never);
    // The schedules of a group count the whole optimizer's steps.
    const added = new SGD([b[4]!], { momentum: 0.9 });
    const thawed = new SGD([b[3]!], { learningRate: 0.5 });
    expect(multi.groups.map(({ params }) => params)).toEqual([[3], [0, 2], [1], [4]]);
    for (let step = 3; step < 8; step++) {
      const g = gradientsAt(step);
      if (step === 5) multi.groups[0]!.frozen = false;
      multi.step(g);
      adam.step([g[0]!, g[2]!]);
      lion.step([g[1]!]);
      const group = added.groups[0]!;
      group.learningRate = cycle(step, 0.001);
      group.momentum = cycle.momentum!(step);
      added.step([g[4]!]);
      if (step >= 5) thawed.step([g[3]!]);
      expect(a).toEqual(b);
    }
    expect(a[3]).not.toEqual(makeParams()[3]);
  });

  test("a state by rules goes on to the same bits", () => {
    const [a, b] = [makeParams().slice(0, 4), makeParams().slice(0, 4)];
    const first = new MultiOptimizer(a, rules);
    for (let step = 0; step < 2; step++) first.step(gradientsAt(step).slice(0, 4));
    const second = new MultiOptimizer(b, rules);
    second.loadStateDict(structuredClone(first.stateDict()));
    b.forEach((p, i) => {
      p.set(a[i]!);
    });
    for (const optimizer of [first, second]) optimizer.step(gradientsAt(2).slice(0, 4));
    expect(b).toEqual(a);
  });

  test("step() is one run of one plan for all groups", () => {
    const multi = new MultiOptimizer(makeParams().slice(0, 4), rules);
    const gradients = gradientsAt(0).slice(0, 4);
    const plan = planOf(() => multi.step(gradients));
    const calls = (["run", "bind", "measure", "squares"] as const).map((name) => vi.spyOn(plan, name));
    for (let step = 0; step < 5; step++) multi.step(gradients);
    expect(calls.map(({ mock }) => mock.calls.length)).toEqual([5, 0, 0, 0]);
    expect(multi.steps).toBe(6);
  });

  test("frozen groups have no tensor in the plan, and nothing is asked of their gradients and arrays", () => {
    const params = makeParams().slice(0, 2);
    const still = new Float32Array(5);
    const multi = new MultiOptimizer(
      [...params, still],
      [
        { where: ({ index }) => index === 2, optimizer: "SGD", frozen: true },
        { optimizer: "Lion", learningRate: 0.01 },
      ],
      { clipGlobalNorm: 1, skipNonFinite: true },
    );
    const alone = makeParams().slice(0, 2);
    const single = new Lion(alone, { learningRate: 0.01, clipGlobalNorm: 1 });
    const made = vi.spyOn(currentBackend(), "createStepPlan");
    const g = gradientsAt(0);
    const poison = new Float32Array(5).fill(Number.NaN);
    const detached = new Float32Array(5);
    structuredClone(detached.buffer, { transfer: [detached.buffer] });
    try {
      for (const gradient of [poison, null, detached, poison]) {
        multi.step([g[0]!, g[1]!, gradient]);
        expect(made.mock.results.length).toBe(1);
      }
      const clusters = made.mock.calls[0]![0];
      expect(clusters.flatMap(({ tensors }) => tensors.map(({ parameter }) => parameter))).toEqual(params);
      structuredClone(still.buffer, { transfer: [still.buffer] });
      multi.step([g[0]!, g[1]!, poison]);
      expect(made.mock.results.length).toBe(1);
    } finally {
      made.mockRestore();
    }
    for (let step = 0; step < 5; step++) single.step([g[0]!, g[1]!]);
    expect(params).toEqual(alone);
    expect(multi.skippedSteps).toBe(0);
    expect(multi.stateDict().params[2]).toEqual({ shape: [5], dtype: "float32", step: 0, slots: {} });
    // Thawed, it is looked at, though the gradients are the same arrays as before.
    multi.groups[0]!.frozen = false;
    expect(() => multi.step([g[0]!, g[1]!, poison])).toThrow(expect.objectContaining({ code: "ERR_DETACHED" }));
    expect(params).toEqual(alone);
  });

  test("a gradient that was not looked at while its group was frozen is looked at once it is thawed", () => {
    const params = makeParams().slice(0, 4);
    const multi = new MultiOptimizer(params, rules);
    const given = gradientsAt(0).slice(0, 4);
    given[3] = new Float32Array(99);
    multi.step(given);
    multi.groups[0]!.frozen = false;
    const before = structuredClone(params);
    expect(() => multi.step(given)).toThrow(expect.objectContaining({ code: "ERR_LENGTH" }));
    expect(params).toEqual(before);
  });

  test("trained in the engine, rules that mix up the order give what groups give", () => {
    const outcome = (optimizer: (params: Tensor[]) => TrainerOptimizer): string => {
      const network = sequentialNetwork([layers.dense({ units: 9, activation: "relu" }), layers.dense({ units: 3 })], {
        seed: 3,
        inputShape: [6],
      });
      const trainer = createTrainer({ network, optimizer, loss: "meanSquaredError" });
      trainer.setData({ x: draw(50, 20 * 6), y: draw(51, 20 * 3) });
      trainer.runSteps(
        Uint32Array.from({ length: 20 }, (_, i) => i),
        { batchSize: 4 },
      );
      const hash = trainer.parametersSha256();
      trainer.dispose();
      return hash;
    };
    const single = outcome((params) => new Adam(params, { learningRate: 0.01 }));
    const byRules = outcome(
      (params) =>
        new MultiOptimizer(params, [
          { where: ({ shape }) => shape.length === 1, optimizer: "Adam", learningRate: 0.01 },
          { optimizer: "Adam", learningRate: 0.01 },
        ]),
    );
    expect(byRules).toBe(single);
  });
});
