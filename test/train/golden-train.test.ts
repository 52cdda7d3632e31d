// Three short trainings against PyTorch 1.13 (test/golden/train.json): losses of 50 steps and final parameters.
import { readFileSync } from "node:fs";
import { afterEach, describe, expect, it } from "vitest";
import { setBackend } from "../../src/backend/select.ts";
import { cos } from "../../src/core/scalar-math.ts";
import type { Dtype, FloatArray, Tensor } from "../../src/core/types.ts";
import type { ActivationName } from "../../src/nn/activations.ts";
import * as layers from "../../src/nn/layers.ts";
import { sparseCategoricalCrossentropy } from "../../src/nn/losses.ts";
import { sequentialNetwork } from "../../src/nn/network.ts";
import { Adam } from "../../src/optim/adam.ts";
import { AdamW } from "../../src/optim/adamw.ts";
import { SGD } from "../../src/optim/sgd.ts";
import { createTrainer } from "../../src/train/engine.ts";

interface Matrix {
  readonly shape: number[];
  readonly data: number[];
}
interface Outcome {
  readonly loss: number[];
  readonly final: Record<string, number[]>;
}
interface Case {
  readonly dims: number[];
  readonly activation: ActivationName;
  readonly optimizer: "Adam" | "SGD" | "AdamW";
  readonly options: { lr: number; momentum?: number; weight_decay?: number };
  readonly loss: "cross_entropy" | "mse";
  readonly batch: number | null;
  readonly clip_grad_norm: number | null;
  readonly scheduler: unknown;
  readonly X: Matrix;
  readonly target: number[] | Matrix;
  readonly init: Record<string, Matrix>;
  readonly f32: Outcome;
  readonly f64: Outcome;
}

const { cases } = JSON.parse(readFileSync(new URL("../golden/train.json", import.meta.url), "utf8")) as { cases: Case[] };
const STEPS = 50;

function optimizerOf({ optimizer, options }: Case, params: Tensor[]) {
  const { lr: learningRate, momentum = 0, weight_decay: weightDecay = 0 } = options;
  if (optimizer === "SGD") return new SGD(params, { learningRate, momentum });
  return optimizer === "Adam" ? new Adam(params, { learningRate }) : new AdamW(params, { learningRate, weightDecay });
}

/** Torch's kernels are [out, in]. */
function transposed({ shape: [rows, cols], data }: Matrix): number[] {
  return Array.from({ length: rows * cols }, (_, i) => data[(i % rows) * cols + Math.floor(i / rows)]);
}

function train(entry: Case, dtype: Dtype) {
  const { dims, activation, options, batch, X } = entry;
  const floats = (list: readonly number[]): FloatArray =>
    dtype === "float32" ? Float32Array.from(list) : Float64Array.from(list);
  const network = sequentialNetwork(
    dims.slice(1).map((units, i) => layers.dense({ units, activation: i + 2 < dims.length ? activation : "linear" })),
    { inputShape: [dims[0]], dtype },
  );
  network.parameters.forEach(({ tensor }, i) => {
    const given = entry.init[`${i % 2 === 0 ? "W" : "b"}${Math.floor(i / 2) + 1}`];
    tensor.data.set(i % 2 === 0 ? transposed(given) : given.data);
  });
  const classes = Array.isArray(entry.target);
  const trainer = createTrainer({
    network,
    optimizer: (params) => optimizerOf(entry, params),
    loss: classes ? sparseCategoricalCrossentropy({ fromLogits: true }) : "meanSquaredError",
    ...(entry.clip_grad_norm === null ? {} : { clip: { globalNorm: entry.clip_grad_norm } }),
  });
  const y = Array.isArray(entry.target) ? Int32Array.from(entry.target) : floats(entry.target.data);
  trainer.setData({ x: floats(X.data), y });
  const rows = X.shape[0];
  const size = batch ?? rows;
  const order = Uint32Array.from({ length: STEPS * size }, (_, i) => {
    const begin = (Math.floor(i / size) * size) % rows;
    return begin + (i % size);
  });
  const rates = Float64Array.from({ length: STEPS }, (_, k) => (options.lr * (1 + cos((Math.PI * k) / STEPS))) / 2);
  const { losses } = trainer.runSteps(order, { batchSize: size, ...(entry.scheduler ? { learningRates: rates } : {}) });
  return { losses, parameters: network.parameters.map(({ tensor }) => tensor) };
}

function distance(actual: ArrayLike<number>, expected: readonly number[]): number {
  return expected.reduce((most, y, i) => Math.max(most, Math.abs(actual[i] - y) / Math.max(1, Math.abs(y))), 0);
}

afterEach(() => setBackend("auto"));

describe("trainings against PyTorch", () => {
  for (const backend of ["native", "reference"] as const) {
    for (const entry of cases) {
      it(`${entry.dims.join("-")} ${entry.activation} with ${entry.optimizer} on ${backend}`, () => {
        setBackend(backend, { exact: true });
        for (const dtype of ["float64", "float32"] as const) {
          const expected = dtype === "float64" ? entry.f64 : entry.f32;
          const { losses, parameters } = train(entry, dtype);
          // float32: 50 steps from rounding differences of 2⁻²⁴; torch's own float32 run is that far from its float64 run.
          const spread = Object.keys(entry.f64.final).map((name) => distance(entry.f32.final[name], entry.f64.final[name]));
          const tolerance = dtype === "float64" ? 1e-11 : Math.max(4 * Math.max(...spread), 2e-6);
          expect(losses.length).toBe(STEPS);
          expect(distance(losses, expected.loss)).toBeLessThan(tolerance);
          parameters.forEach(({ data, shape }, i) => {
            const wanted = expected.final[`${i % 2 === 0 ? "W" : "b"}${Math.floor(i / 2) + 1}`];
            const ordered = i % 2 === 0 ? transposed({ shape: [shape[1], shape[0]], data: wanted }) : wanted;
            expect(distance(data, ordered)).toBeLessThan(tolerance);
          });
        }
      });
    }
  }

  it("has the three reference trainings", () => {
    expect(cases.length).toBe(3);
  });
});
