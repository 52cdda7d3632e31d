// The texts' rule on their diagonal quadratic (test/golden/textbook.json, NumPy float64), tolerance as METHODS states.
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { attach, GradientNormRatio, type GradientNormRatioOptions } from "../../src/schedule/index.ts";

interface Book {
  lambda: number[];
  theta0: number[];
  steps: number;
  cases: { method: string; options: GradientNormRatioOptions & { learningRate: number }; trajectory: number[][] }[];
}
const book = JSON.parse(readFileSync(new URL("../golden/textbook.json", import.meta.url), "utf8")) as Book;
const cases = book.cases.filter((c) => c.method === "gradient-norm-ratio");

test("the file has all eight forms", () => {
  expect(cases.length).toBe(8);
});

test.each(cases.map((c) => [JSON.stringify(c.options), c] as const))("%s", (_, { options, trajectory }) => {
  const { learningRate, ...rest } = options;
  const optimizer = { groups: [{ learningRate }] };
  const driver = attach(optimizer, GradientNormRatio(rest));
  const theta = [...book.theta0];
  for (const expected of trajectory) {
    const g = theta.map((x, i) => book.lambda[i]! * x);
    driver.beforeStep(g.reduce((s, x) => s + x * x, 0));
    g.forEach((x, i) => {
      theta[i]! -= optimizer.groups[0]!.learningRate * x;
      expect(Math.abs(theta[i]! - expected[i]!)).toBeLessThanOrEqual(1e-9 * Math.max(1, Math.abs(expected[i]!)));
    });
    driver.afterStep();
  }
});

test("the default clamps the ratio to [1/2, 2] and a gradient that is not finite changes nothing", () => {
  const s = new GradientNormRatio();
  let state = s.observe(s.start(0.1), 4);
  expect(s.rate(state)).toBe(0.1);
  state = s.observe(state, 400);
  expect(s.rate(state)).toBe(0.2);
  expect(s.observe(state, NaN)).toBe(state);
  expect(s.observe(state, Infinity)).toBe(state);
  expect(s.rate(s.observe(state, 0))).toBe(0.05);
});

test.each([
  { clamp: [2, 1] },
  { clamp: [0, 1] },
  { clamp: [0.5] },
  { clamp: "none" },
  { epsilon: 0 },
  { base: "moving" },
  { invert: 1 },
])("refuses %j", (options) => {
  expect(() => GradientNormRatio(options as never)).toThrow(expect.objectContaining({ code: "ERR_OPTION" }));
});
