// Every optimizer in its default form learns: the 2-16-2 network for each class that the package exports, and classical
// functions for those made for them. Losses are bounds that hold with room, not figures to be tuned. The figures are in
// convergence.json, from which scripts/docs.mjs writes the tables of docs/optimizers.md.
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import * as classes from "../../src/optim/index.ts";
import { beale, logistic, type Problem, quadratic, rosenbrock, xorNetwork } from "./problems.ts";

type OptimizerClass = new (
  params: Problem["params"],
  options: { learningRate: number },
) => { step(gradients: Float64Array[], options?: { loss?: number }): void };

interface Figures {
  readonly network: {
    readonly steps: number;
    readonly leastAccuracy: number;
    /** `right`: points of 256 that are right at the end. */
    readonly classes: Readonly<Record<string, { readonly learningRate: number; readonly right: number }>>;
  };
  readonly functions: readonly {
    readonly problem: string;
    readonly optimizer: string;
    readonly options: Readonly<Record<string, number | boolean>>;
    readonly steps: number;
    /** The loss at the end is below. */
    readonly bound: number;
  }[];
}

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

const { network: plan, functions } = JSON.parse(readFileSync(new URL("convergence.json", import.meta.url), "utf8")) as Figures;

test("every exported optimizer has a rate here", () => {
  expect([...exported.keys()].sort()).toEqual(Object.keys(plan.classes).sort());
});

describe(`at least ${plan.leastAccuracy} of the 256 points within ${plan.steps} full-batch steps`, () => {
  test.each(Object.entries(plan.classes))("%s", (name, { learningRate, right }) => {
    const network = xorNetwork();
    train(network, name, { learningRate }, plan.steps);
    expect(network.accuracy()).toBeGreaterThanOrEqual(plan.leastAccuracy);
    // What the documentation says; another engine's Math.exp may tip a point on the border.
    expect(Math.abs(256 * network.accuracy() - right), `${name}: ${256 * network.accuracy()} points`).toBeLessThanOrEqual(1);
  });
});

const problems: Record<string, () => Problem> = {
  quadratic,
  Rosenbrock: rosenbrock,
  Beale: beale,
  "logistic regression": logistic,
};

// The minimum of the logistic regression is 0.1127776523….
describe("classical functions", () => {
  test.each(functions)("$problem by $optimizer", ({ problem, optimizer, options, steps, bound }) => {
    expect(train(problems[problem]!(), optimizer, options, steps)).toBeLessThan(bound);
  });
});
