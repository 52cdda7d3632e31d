// Weight gradients that go straight into the update: the same bits as gradients in memory, and as the reference.
import { afterEach, describe, expect, it } from "vitest";
import { dotLength } from "../../src/backend/gemm.ts";
import { setBackend, setThreads } from "../../src/backend/select.ts";
import { uniform } from "../../src/core/random.ts";
import type { Tensor } from "../../src/core/types.ts";
import { glorotUniform } from "../../src/nn/initializers.ts";
import type { Layer } from "../../src/nn/layer.ts";
import * as layers from "../../src/nn/layers.ts";
import { sequentialNetwork } from "../../src/nn/network.ts";
import * as ops from "../../src/nn/ops.ts";
import { Adam } from "../../src/optim/adam.ts";
import { AdamW } from "../../src/optim/adamw.ts";
import { Muon } from "../../src/optim/muon.ts";
import { RMSprop } from "../../src/optim/rmsprop.ts";
import { SGD } from "../../src/optim/sgd.ts";
import { createTrainer } from "../../src/train/engine.ts";
import type { TrainerOptimizer } from "../../src/train/trainer.ts";

/** Enough that the gradient's products are as long as the dot order asks for. */
const LONG = dotLength(10);
const ROWS = 2 * LONG + 2;

interface Case {
  readonly name: string;
  readonly units: readonly number[];
  readonly features?: number;
  readonly dtype?: "float32" | "float64";
  readonly optimizer?: (params: Tensor[]) => TrainerOptimizer;
}

/** Trains some steps; asking for gradient norms keeps the gradients in memory. */
function outcome(
  { units, features = 13, dtype = "float32", optimizer }: Case,
  batchSize: number,
  gradientNorms: boolean,
): string {
  const network = sequentialNetwork(
    units.map((n, i) => layers.dense({ units: n, activation: i === units.length - 1 ? "softmax" : "relu" })),
    { dtype, seed: 3, inputShape: [features] },
  );
  const made = createTrainer({
    network,
    loss: "sparseCategoricalCrossentropy",
    optimizer: optimizer ?? ((params) => new Adam(params, { learningRate: 0.01 })),
  });
  const draws = Array.from({ length: ROWS * features }, (_, i) => (i % 5 === 0 ? 0 : uniform(9, 1, i) - 0.5));
  const classes = units.at(-1) ?? 1;
  const y = Int32Array.from({ length: ROWS }, (_, r) => Math.floor(uniform(9, 2, r) * classes));
  made.setData({ x: dtype === "float32" ? Float32Array.from(draws) : Float64Array.from(draws), y });
  const order = Uint32Array.from({ length: ROWS }, (_, i) => (i * 7) % ROWS);
  made.runSteps(order, { batchSize, gradientNorms, end: Math.min(ROWS, batchSize * 4) });
  const hash = made.parametersSha256();
  made.dispose();
  return hash;
}

const CASES: readonly Case[] = [
  { name: "narrow layers", units: [33, 17, 5] },
  { name: "one hidden unit", units: [1, 4] },
  { name: "ten classes of many features", units: [10], features: 784 },
  { name: "two classes of more features than two pieces hold", units: [2], features: 7001 },
  { name: "one input", units: [40, 3], features: 1 },
  { name: "a layer of more columns than a piece has", units: [2500, 3] },
  { name: "matrices of many pieces", units: [300, 130, 5], features: 190 },
  { name: "float64", units: [70, 130, 5], features: 90, dtype: "float64" },
  { name: "penalties and decoupled decay", units: [33, 5], optimizer: (p) => new AdamW(p, { weightDecay: 0.1, l1: 0.01 }) },
  { name: "momentum", units: [33, 5], optimizer: (p) => new SGD(p, { learningRate: 0.1, momentum: 0.9, nesterov: true }) },
  {
    name: "a rule with a history",
    units: [90, 5],
    features: 100,
    optimizer: (p) => new RMSprop(p, { average: "window", window: 3, epsilonInside: true }),
  },
  { name: "a rule that needs whole matrices", units: [20, 5], optimizer: (p) => new Muon(p) },
];

afterEach(() => {
  setBackend("auto");
  setThreads(2);
});

/** y = x·(a·b): the gradient of b is a product that reads the parameter a, which the same update changes. */
const lowRank = (rank: number, units: number): Layer => ({
  className: "LowRank",
  variables: ([inputs = 0]) => [
    { name: "a", shape: [inputs, rank], initializer: glorotUniform, trainable: true },
    { name: "b", shape: [rank, units], initializer: glorotUniform, trainable: true },
  ],
  call: (x, variable) => ops.matmul(x, ops.matmul(variable("a"), variable("b"))),
});

function productOfParameters(): string {
  const network = sequentialNetwork([lowRank(50, 300), layers.dense({ units: 4, activation: "softmax" })], {
    seed: 1,
    inputShape: [60],
  });
  const trainer = createTrainer({
    network,
    loss: "sparseCategoricalCrossentropy",
    optimizer: (params) => new SGD(params, { learningRate: 0.5 }),
  });
  const x = Float32Array.from({ length: 16 * 60 }, (_, i) => uniform(9, 3, i) - 0.5);
  trainer.setData({ x, y: Int32Array.from({ length: 16 }, (_, r) => r % 4) });
  trainer.runSteps(
    Uint32Array.from({ length: 16 }, (_, i) => i),
    { batchSize: 4 },
  );
  return trainer.parametersSha256();
}

describe("updates that take up the product of the gradient", () => {
  it("leave products of parameters alone, which the update changes", () => {
    setBackend("reference", { exact: true });
    const expected = productOfParameters();
    setBackend("native");
    for (const threads of [1, 3]) {
      setThreads(threads);
      expect(productOfParameters()).toBe(expected);
    }
  });

  for (const entry of CASES) {
    for (const batchSize of [1, 2, 16, LONG]) {
      it(`have the bits of gradients in memory: ${entry.name}, batch ${batchSize}`, () => {
        setBackend("native");
        for (const threads of [1, 3]) {
          setThreads(threads);
          expect(outcome(entry, batchSize, false)).toBe(outcome(entry, batchSize, true));
        }
      });
    }
  }

  for (const name of ["narrow layers", "ten classes of many features", "one input", "a rule with a history"]) {
    it(`have the bits of the reference: ${name}`, () => {
      const entry = CASES.find((c) => c.name === name) as Case;
      setBackend("native");
      const native = [1, 16, LONG].map((batch) => outcome(entry, batch, false));
      setBackend("reference", { exact: true });
      expect([1, 16, LONG].map((batch) => outcome(entry, batch, false))).toEqual(native);
    });
  }
});
