import { describe, expect, test } from "vitest";
import {
  findLearningRate,
  findLearningRateAsync,
  learningRatesSvg,
  plotLearningRates,
} from "../../src/train/find-learning-rate.ts";

const thrown = (code: string) => expect.objectContaining({ code });

/** Gradient descent on ½·λ·θ² with λ = 1 and 100: it diverges above a rate of 2 ÷ 100. */
function quadratic(): (rate: number) => number {
  const theta = [1, 1];
  const lambda = [1, 100];
  return (rate) => {
    const loss = theta.reduce((sum, x, i) => sum + 0.5 * lambda[i]! * x * x, 0);
    theta.forEach((x, i) => {
      theta[i] = x - rate * lambda[i]! * x;
    });
    return loss;
  };
}

describe("findLearningRate", () => {
  test("suggests a rate that trains on a quadratic and stops where it explodes", () => {
    const curve = findLearningRate(quadratic(), { start: 1e-5, end: 10, steps: 120 });
    expect(curve.diverged).toBe(true);
    expect(curve.rates.length).toBeLessThan(120);
    expect(curve.losses.length).toBe(curve.rates.length);
    expect(curve.suggestion).toBeGreaterThan(1e-4);
    expect(curve.suggestion).toBeLessThan(0.02);
    expect(curve.minimum).toBeGreaterThan(curve.suggestion!);
    // The suggestion does train, a rate beyond the end of the curve does not.
    const good = quadratic();
    for (let i = 0; i < 200; i++) good(curve.suggestion!);
    expect(good(0)).toBeLessThan(1);
  });
  test("tries rates on a logarithmic scale from start to end", () => {
    const { rates } = findLearningRate(() => 1, { start: 1e-4, end: 1, steps: 9 });
    rates.forEach((rate, i) => {
      expect(rate).toBeCloseTo(10 ** (-4 + i / 2), 12);
    });
    expect(rates[8]).toBeCloseTo(1, 12);
  });
  test("smooths with bias correction", () => {
    const losses = [4, 2, 1, 1, 1, 1, 1, 1];
    const curve = findLearningRate((_, i) => losses[i]!, { steps: 8, smoothing: 0.5 });
    expect(curve.smoothed[0]).toBe(4);
    expect(curve.smoothed[1]).toBeCloseTo((0.25 * 4 + 0.5 * 2) / 0.75, 14);
  });
  test("a loss that never falls suggests nothing, a loss that is not a number ends the test", () => {
    const rising = findLearningRate((_, i) => 1 + i, { steps: 20, divergence: 100 });
    expect([rising.suggestion, rising.minimum]).toEqual([null, rising.rates[0]]);
    const broken = findLearningRate((_, i) => (i < 3 ? 1 : NaN), { steps: 20 });
    expect(broken.diverged).toBe(true);
    expect(broken.rates).toHaveLength(4);
    expect(findLearningRate(() => NaN, { steps: 8 }).minimum).toBeNull();
  });
  test("the asynchronous form gives the same curve", async () => {
    const step = quadratic();
    const curve = await findLearningRateAsync((rate) => Promise.resolve(step(rate)), { start: 1e-5 });
    expect(curve).toEqual(findLearningRate(quadratic(), { start: 1e-5 }));
  });
  test("refuses bad options and step functions without a loss", () => {
    for (const options of [{ start: 0 }, { end: 1e-9 }, { steps: 7 }, { smoothing: 1 }, { divergence: 1 }, { start: "1" }]) {
      expect(() => findLearningRate(() => 1, options as never)).toThrow(thrown("ERR_OPTION"));
    }
    expect(() => findLearningRate((() => undefined) as never)).toThrow(thrown("ERR_DTYPE"));
    expect(() => findLearningRate(3 as never)).toThrow(thrown("ERR_DTYPE"));
  });
});

describe("plots", () => {
  const curve = findLearningRate(quadratic(), { start: 1e-5, end: 10 });
  test("the terminal plot has the size asked for, the rates at its ends and the suggestion", () => {
    const lines = plotLearningRates(curve, { width: 40, height: 6 }).split("\n");
    expect(lines).toHaveLength(9);
    expect(lines[7]).toContain("rate 1.0e-5");
    expect(lines[7]).toContain(curve.rates.at(-1)!.toExponential(1));
    expect(lines[8]).toContain(curve.suggestion!.toPrecision(3));
    // The curve is drawn: some cell of every plot has dots.
    expect(lines.slice(0, 6).join("")).toMatch(/[\u2801-\u28ff]/);
  });
  test("the SVG has one path and the suggestion in its title", () => {
    const svg = learningRatesSvg(curve);
    expect(svg.match(/<path/g)).toHaveLength(1);
    expect(svg).toContain(curve.suggestion!.toPrecision(3));
    expect(svg).not.toContain("NaN");
  });
});
