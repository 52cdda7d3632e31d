// Small problems with known minima, in float64: what optimizers must be able to solve.
import { normal, uniform } from "../../src/core/random.ts";
import { tensor } from "../../src/core/tensor.ts";
import type { Tensor } from "../../src/core/types.ts";

export interface Problem {
  readonly params: Tensor[];
  /** The loss at the present parameters; writes the gradients. */
  evaluate(gradients: Float64Array[]): number;
}

/** A problem over one vector given by its loss and gradient. */
function vectorProblem(start: number[], evaluate: (x: Float64Array, g: Float64Array) => number): Problem {
  const x = Float64Array.from(start);
  return { params: [tensor(x, [x.length])], evaluate: ([g]) => evaluate(x, g!) };
}

/** ½ Σ λᵢ xᵢ², condition number 100. Minimum 0. */
export const quadratic = (): Problem =>
  vectorProblem([1, -2, 3], (x, g) => {
    const lambda = [1, 10, 0.1];
    x.forEach((v, i) => {
      g[i] = lambda[i]! * v;
    });
    return x.reduce((sum, v, i) => sum + 0.5 * lambda[i]! * v * v, 0);
  });

/** (1 − x)² + 100 (y − x²)² from (−1.2, 1). Minimum 0 at (1, 1). */
export const rosenbrock = (): Problem =>
  vectorProblem([-1.2, 1], (p, g) => {
    const [x, y] = [p[0]!, p[1]!];
    const valley = y - x * x;
    g[0] = -2 * (1 - x) - 400 * x * valley;
    g[1] = 200 * valley;
    return (1 - x) ** 2 + 100 * valley ** 2;
  });

/** Beale's function from (1, 1). Minimum 0 at (3, ½). */
export const beale = (): Problem =>
  vectorProblem([1, 1], (p, g) => {
    const [x, y] = [p[0]!, p[1]!];
    g.fill(0);
    let loss = 0;
    [1.5, 2.25, 2.625].forEach((c, i) => {
      const power = y ** (i + 1);
      const r = c - x + x * power;
      loss += r * r;
      g[0]! += 2 * r * (power - 1);
      g[1]! += 2 * r * x * (i + 1) * y ** i;
    });
    return loss;
  });

/** Logistic regression on 200 points of two overlapping Gaussians, with a bias. Minimum 0.1127776523795. */
export const logistic = (): Problem => {
  const count = 200;
  const rows = Array.from({ length: count }, (_, i) => {
    const label = i % 2;
    return { label, x: [normal(21, 0, 2 * i) + (label ? 1.2 : -1.2), normal(21, 0, 2 * i + 1) + (label ? 0.8 : -0.8)] };
  });
  return vectorProblem([0, 0, 0], (w, g) => {
    g.fill(0);
    let loss = 0;
    for (const { label, x } of rows) {
      const z = w[0]! * x[0]! + w[1]! * x[1]! + w[2]!;
      const p = 1 / (1 + Math.exp(-z));
      loss += (Math.log1p(Math.exp(-Math.abs(z))) + Math.max(z, 0) - label * z) / count;
      const d = (p - label) / count;
      g[0]! += d * x[0]!;
      g[1]! += d * x[1]!;
      g[2]! += d;
    }
    return loss;
  });
};

/** A 2-16-2 ReLU network with softmax on 256 points whose class is the sign of x·y. */
export function xorNetwork(): Problem & { accuracy(): number } {
  const [points, hidden] = [256, 16];
  const x = Float64Array.from({ length: points * 2 }, (_, i) => 2 * uniform(5, 0, i) - 1);
  const labels = Array.from({ length: points }, (_, i) => Number(x[2 * i]! * x[2 * i + 1]! > 0));
  const he = (count: number, fanIn: number, stream: number): Float64Array =>
    Float64Array.from({ length: count }, (_, i) => Math.sqrt(2 / fanIn) * normal(5, stream, i));
  const params = [
    tensor(he(2 * hidden, 2, 1), [2, hidden]),
    tensor(new Float64Array(hidden), [hidden]),
    tensor(he(hidden * 2, hidden, 2), [hidden, 2]),
    tensor(new Float64Array(2), [2]),
  ];
  const [w1, b1, w2, b2] = params.map(({ data }) => data) as [Float64Array, Float64Array, Float64Array, Float64Array];
  const h = new Float64Array(hidden);
  /** Probability of class 1 of one point; leaves the hidden layer in h. */
  const forward = (row: number): number => {
    const [u, v] = [x[2 * row]!, x[2 * row + 1]!];
    let [z0, z1] = [b2[0]!, b2[1]!];
    for (let j = 0; j < hidden; j++) {
      h[j] = Math.max(0, u * w1[j]! + v * w1[hidden + j]! + b1[j]!);
      z0 += h[j]! * w2[2 * j]!;
      z1 += h[j]! * w2[2 * j + 1]!;
    }
    return 1 / (1 + Math.exp(z0 - z1));
  };
  return {
    params,
    evaluate([g1, c1, g2, c2]) {
      for (const g of [g1!, c1!, g2!, c2!]) g.fill(0);
      let loss = 0;
      for (let row = 0; row < points; row++) {
        const p = forward(row);
        const label = labels[row]!;
        loss -= Math.log(label ? p : 1 - p) / points;
        const d = (p - label) / points;
        c2![0]! -= d;
        c2![1]! += d;
        for (let j = 0; j < hidden; j++) {
          g2![2 * j]! -= d * h[j]!;
          g2![2 * j + 1]! += d * h[j]!;
          if (h[j]! <= 0) continue;
          const back = d * (w2[2 * j + 1]! - w2[2 * j]!);
          g1![j]! += back * x[2 * row]!;
          g1![hidden + j]! += back * x[2 * row + 1]!;
          c1![j]! += back;
        }
      }
      return loss;
    },
    accuracy() {
      let right = 0;
      for (let row = 0; row < points; row++) if (Number(forward(row) > 0.5) === labels[row]) right++;
      return right / points;
    },
  };
}
