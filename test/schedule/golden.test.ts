// PyTorch 1.13.1 trajectories (test/golden/schedulers.json; float64, compared at 1e-12 relative).
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import {
  type AnySchedule,
  attach,
  chained,
  constant,
  cosine,
  cosineWarmRestarts,
  cyclic,
  exponential,
  lambda,
  linear,
  multiplicative,
  multiStep,
  oneCycle,
  polynomial,
  reduceOnPlateau,
  type Schedule,
  sequential,
  stepDecay,
} from "../../src/schedule/index.ts";

type TorchOptions = Record<string, number | boolean | string | number[]>;
interface Case {
  scheduler: string;
  options: TorchOptions;
  parts?: Case[];
  milestones?: number[] | null;
  base_lrs: number[];
  steps: number;
  metrics?: number[] | null;
  lr: number[][];
  momentum?: number[][] | null;
}

const { cases } = JSON.parse(readFileSync(new URL("../golden/schedulers.json", import.meta.url), "utf8")) as { cases: Case[] };

const words: Record<string, string> = {
  step_size: "stepSize",
  T_max: "steps",
  eta_min: "minRate",
  T_0: "firstPeriod",
  T_mult: "periodFactor",
  max_lr: "maxRate",
  base_lr: "baseRate",
  total_steps: "totalSteps",
  pct_start: "warmupFraction",
  anneal_strategy: "anneal",
  three_phase: "threePhase",
  div_factor: "divFactor",
  final_div_factor: "finalDivFactor",
  step_size_up: "stepsUp",
  step_size_down: "stepsDown",
  start_factor: "startFactor",
  end_factor: "endFactor",
  total_iters: "steps",
  min_lr: "minRate",
};

const lambdas: Record<string, (e: number) => number> = {
  "0.9**e": (e) => 0.9 ** e,
  "0.97 if e%2 else 0.9": (e) => (e % 2 ? 0.97 : 0.9),
};

/** The case's schedule for one group, options translated. */
function scheduleOf(c: Case, group: number): AnySchedule {
  const o = Object.fromEntries(
    Object.entries(c.options ?? {}).map(([key, value]) => {
      const own = Array.isArray(value) && key === "max_lr" ? value[group] : value;
      return [words[key] ?? key, own];
    }),
  ) as never;
  const parts = (c.parts ?? []).map((part) => scheduleOf(part, group) as Schedule);
  const lambdaOf = (): ((e: number) => number) => lambdas[c.options.lr_lambda as string]!;
  const makers: Record<string, () => AnySchedule> = {
    StepLR: () => stepDecay(o),
    MultiStepLR: () => multiStep(o),
    ExponentialLR: () => exponential(o),
    CosineAnnealingLR: () => cosine(o),
    CosineAnnealingWarmRestarts: () => cosineWarmRestarts(o),
    OneCycleLR: () => oneCycle(o),
    CyclicLR: () => cyclic(o),
    LinearLR: () => linear(o),
    PolynomialLR: () => polynomial(o),
    ConstantLR: () => constant(o),
    LambdaLR: () => lambda(lambdaOf()),
    MultiplicativeLR: () => multiplicative(lambdaOf()),
    ReduceLROnPlateau: () => reduceOnPlateau(o),
    SequentialLR: () => sequential(parts, c.milestones ?? []),
    ChainedScheduler: () => chained(parts),
  };
  return makers[c.scheduler]!();
}

const close = (actual: number, expected: number, what: string): void => {
  expect(Math.abs(actual - expected), `${what}: ${actual} instead of ${expected}`).toBeLessThanOrEqual(
    1e-12 * Math.abs(expected),
  );
};

test("every scheduler of the file is covered", () => {
  expect(cases.length).toBe(17);
});

test.each(cases.map((c, i) => [`${i} ${c.scheduler}`, c] as const))("%s", (_, c) => {
  const optimizer = { groups: c.base_lrs.map((learningRate) => ({ learningRate, momentum: 0.9 })) };
  const schedules = c.base_lrs.map((_, group) => scheduleOf(c, group));
  const driver = attach(optimizer, schedules);
  for (let k = 0; k <= c.steps; k++) {
    if (k > 0) driver.afterStep(c.metrics?.[k - 1]);
    optimizer.groups.forEach((group, g) => {
      close(group.learningRate, c.lr[k]![g]!, `rate of group ${g} after ${k}`);
      if (c.momentum) close(group.momentum, c.momentum[k]![g]!, `momentum of group ${g} after ${k}`);
      else expect(group.momentum).toBe(0.9);
    });
  }
  // A pure schedule gives the same when asked in any order.
  schedules.forEach((schedule, g) => {
    if (typeof schedule !== "function") return;
    for (let k = c.steps; k >= 0; k -= 3) close(schedule(k, c.base_lrs[g]!), c.lr[k]![g]!, `rate ${k} asked alone`);
  });
});
