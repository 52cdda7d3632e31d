// Methods that PyTorch 1.13 lacks, against float64 references: NumPy's of test/golden/optimizers_extra.json, and
// those of scripts/reference.
import { afterAll, beforeAll, describe, test } from "vitest";
import * as downhill from "../../src/index.ts";
import { expectClose, golden, gradientOf, optionsOf, rnd } from "./golden.ts";

interface Case {
  id: string;
  optimizer: string;
  options: Record<string, unknown>;
  seed: number;
  shapes: number[][];
  grad_options: { zero_every?: number };
  /** How far the reference's own float32 drifts from its float64. */
  spread?: number;
  snapshots: { step: number; params: number[][] }[];
}

type Constructor = new (params: downhill.Tensor[], options: object) => downhill.Optimizer;
const classes = downhill as unknown as Record<string, Constructor>;
const cases = [
  ...golden<{ cases: Case[] }>("optimizers_extra.json").cases,
  ...golden<{ cases: Case[] }>("schedule_free.json").cases,
  ...golden<{ cases: Case[] }>("rmsprop_averages.json").cases,
].filter(({ optimizer }) => optimizer === "Lion" || optimizer === "RMSprop" || optimizer.startsWith("ScheduleFree"));

/**
 * float32: the inputs are exact in it, 20 steps of a handful of roundings on values of about 1; or four times the spread,
 * as for PyTorch's data.
 */
function run(c: Case, single: boolean): void {
  const type = single ? Float32Array : Float64Array;
  const counts = c.shapes.map((shape) => shape.reduce((a, b) => a * b, 1));
  const params = counts.map((n, j) => downhill.tensor(new type(rnd(c.seed, 7 + j, n).map((x) => x * 2)), c.shapes[j]!));
  const optimizer = new classes[c.optimizer]!(params, optionsOf(c.options));
  const last = c.snapshots.at(-1)!.step;
  for (let t = 1; t <= last; t++) {
    optimizer.step(counts.map((n, j) => new type(gradientOf(c.seed, j, t, n, c.grad_options.zero_every))));
    const snapshot = c.snapshots.find(({ step }) => step === t);
    snapshot?.params.forEach((expected, j) => {
      expectClose(
        params[j]!.data,
        expected.flat(2),
        single ? (c.spread === undefined ? 4e-6 : Math.max(4 * c.spread, 2e-6)) : 1e-11,
        `tensor ${j} after step ${t}`,
      );
    });
  }
}

for (const backend of ["native", "reference"] as const) {
  describe(`${backend} backend`, () => {
    beforeAll(() => downhill.setBackend(backend));
    afterAll(() => downhill.setBackend("auto"));
    for (const c of cases)
      for (const single of [false, true])
        test(`${c.id} ${JSON.stringify(c.options)} equals the reference in ${single ? "float32" : "float64"}`, () =>
          run(c, single));
  });
}
