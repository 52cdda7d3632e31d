// Every optimizer in its default form learns: the 2-16-2 network for each class that the package exports, and classical
// functions for those made for them. Losses are bounds that hold with room, not figures to be tuned.
import { describe, expect, test } from "vitest";
import * as classes from "../../src/optim/index.ts";
import { beale, logistic, type Problem, quadratic, rosenbrock, xorNetwork } from "./problems.ts";

type OptimizerClass = new (
  params: Problem["params"],
  options: { learningRate: number },
) => { step(gradients: Float64Array[], options?: { loss?: number }): void };

const exported = new Map(
  Object.entries(classes).flatMap(([name, value]): [string, OptimizerClass][] =>
    typeof value === "function" && value.prototype instanceof classes.Optimizer && name !== "MultiOptimizer"
      ? [[name, value as unknown as OptimizerClass]]
      : [],
  ),
);

/** Trains for `steps` steps and returns the last loss. */
function train(problem: Problem, name: string, options: object, steps: number): number {
  const Class = exported.get(name)!;
  const optimizer = new Class(problem.params, options as { learningRate: number });
  const gradients = problem.params.map(({ data }) => new Float64Array(data.length));
  for (let k = 0; k < steps; k++) optimizer.step(gradients, { loss: problem.evaluate(gradients) });
  return problem.evaluate(gradients);
}

test.each([quadratic, rosenbrock, beale, logistic, xorNetwork])("%o has the gradient of its loss", (make) => {
  const problem = make();
  const gradients = problem.params.map(({ data }) => new Float64Array(data.length));
  const scratch = gradients.map((g) => g.slice());
  problem.evaluate(gradients);
  problem.params.forEach(({ data }, k) => {
    for (let i = 0; i < data.length; i++) {
      const at = data[i]!;
      const [above, below] = [1e-6, -1e-6].map((h) => {
        data[i] = at + h;
        return problem.evaluate(scratch);
      }) as [number, number];
      data[i] = at;
      const numeric = (above - below) / 2e-6;
      expect(Math.abs(numeric - gradients[k]![i]!)).toBeLessThan(1e-5 * Math.max(1, Math.abs(numeric)));
    }
  });
});

/** Learning rates for the network; every exported class must have one. */
const rates: Record<string, number> = {
  SGD: 1,
  MomentumEMA: 1,
  MomentumAccelerator: 0.01,
  Adagrad: 0.1,
  RMSprop: 0.01,
  RMSpropLossNormalized: 3,
  Adam: 0.01,
  AdamW: 0.01,
  NAdam: 0.01,
  RAdam: 0.01,
  Adamax: 0.02,
  Adadelta: 1,
  Lion: 0.003,
  LAMB: 0.02,
  LARS: 1,
  Adafactor: 0.05,
  Rprop: 0.01,
  ASGD: 1,
  ScheduleFreeSGD: 1,
  ScheduleFreeAdamW: 0.02,
  Muon: 0.02,
};

test("every optimizer that has a rate here is exported", () => {
  expect([...exported.keys()].sort()).toEqual(Object.keys(rates).sort());
});

describe("at least 98 % of the 256 points within 2000 full-batch steps", () => {
  test.each([...exported.keys()])("%s", (name) => {
    expect(rates[name], `a learning rate for ${name}`).toBeDefined();
    const network = xorNetwork();
    train(network, name, { learningRate: rates[name] }, 2000);
    expect(network.accuracy()).toBeGreaterThanOrEqual(0.98);
  });
});

// The minimum of the logistic regression is 0.1127776523….
describe("classical functions", () => {
  const momentum = { momentum: 0.9 };
  test.each([
    ["quadratic", "SGD", quadratic, { learningRate: 0.1, ...momentum }, 1000, 1e-12],
    ["quadratic", "Adam", quadratic, { learningRate: 0.05 }, 2000, 1e-9],
    ["quadratic", "Adagrad", quadratic, { learningRate: 1 }, 2000, 1e-9],
    ["quadratic", "RMSprop", quadratic, { learningRate: 0.001 }, 6000, 1e-5],
    ["Rosenbrock", "SGD", rosenbrock, { learningRate: 5e-4, ...momentum, nesterov: true }, 20000, 1e-8],
    ["Rosenbrock", "Adam", rosenbrock, { learningRate: 0.01 }, 8000, 1e-6],
    ["Beale", "SGD", beale, { learningRate: 0.003, ...momentum }, 5000, 1e-8],
    ["Beale", "Adam", beale, { learningRate: 0.02 }, 5000, 1e-8],
    ["logistic regression", "SGD", logistic, { learningRate: 1, ...momentum }, 1000, 0.1127778],
    ["logistic regression", "Adam", logistic, { learningRate: 0.05 }, 2000, 0.1127778],
    ["logistic regression", "AdamW", logistic, { learningRate: 0.05, weightDecay: 0 }, 2000, 0.1127778],
  ] as const)("%s by %s", (_, name, make, options, steps, bound) => {
    expect(train(make(), name, options, steps)).toBeLessThan(bound);
  });
});
