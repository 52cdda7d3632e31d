// Softmax fused with cross-entropy against PyTorch 1.13, sparse and dense, through the loss and its own gradient.
import { readFileSync } from "node:fs";
import { afterEach, describe, expect, it } from "vitest";
import { allocate } from "../../src/backend/allocate.ts";
import { currentBackend, setBackend } from "../../src/backend/select.ts";
import type { Dtype } from "../../src/core/types.ts";
import { Graph } from "../../src/graph/graph.ts";
import { planProgram } from "../../src/graph/plan.ts";
import { categoricalCrossentropy, sparseCategoricalCrossentropy } from "../../src/nn/losses.ts";

interface Case {
  readonly op: string;
  readonly options: { reduction: string; label_smoothing?: number; ignore_index?: number; weight?: number[] };
  readonly inputs: { logits: { shape: [number, number]; data: number[] } };
  readonly int_inputs: { target: number[] };
  readonly f64: { output: number[]; grads: { logits: number[] } };
  readonly f32: { output: number[]; grads: { logits: number[] } };
}

const all = JSON.parse(readFileSync(new URL("../golden/layers.json", import.meta.url), "utf8")) as { cases: Case[] };
const cases = all.cases.filter(({ op }) => op === "cross_entropy");

function run(dtype: Dtype, entry: Case, dense: boolean) {
  const { shape, data } = entry.inputs.logits;
  const [rows, cols] = shape;
  const target = entry.int_inputs.target;
  const { label_smoothing: labelSmoothing = 0, weight } = entry.options;
  const graph = new Graph(dtype, true);
  const logits = graph.value(shape, { home: { space: "parameters", offset: 0 } });
  const labels = dense
    ? graph.value(shape, { home: { space: "y", offset: 0 } })
    : graph.value([rows], { kind: "int32", home: { space: "y", offset: 0 } });
  const weights = weight ? graph.value([rows], { home: { space: "weights", offset: 0 } }) : null;
  const make = dense ? categoricalCrossentropy : sparseCategoricalCrossentropy;
  const traced = make({ fromLogits: true, labelSmoothing }).trace({ prediction: logits, target: labels, weights });
  const gradient = traced.seeds?.[0][1];
  if (!gradient) throw new Error("the loss must know its gradient");
  graph.kept.add(traced.rows.id).add(gradient.id);
  const plan = planProgram(graph, { x: 0, y: rows * cols * 8, weights: rows * 8 });
  const parameters = allocate(dtype, rows * cols);
  parameters.set(data);
  const program = currentBackend().compile(plan.spec, { parameters, gradients: allocate(dtype, 0), state: allocate(dtype, 0) });
  const Float = dtype === "float32" ? Float32Array : Float64Array;
  const y = dense ? new Float(program.space("y")) : new Int32Array(program.space("y"));
  target.forEach((label, r) => {
    if (dense) y[r * cols + label] = 1;
    else y[r] = label;
  });
  if (weight) new Float(program.space("weights")).set(target.map((label) => weight[label] ?? 0));
  program.run();
  const view = (value: typeof gradient, count: number) => [...new Float(program.space("workspace"), plan.offsetOf(value), count)];
  return { losses: view(traced.rows, rows), gradient: view(gradient, rows * cols), rows };
}

afterEach(() => setBackend("auto"));

describe("cross-entropy against PyTorch", () => {
  for (const backend of ["native", "reference"] as const) {
    for (const entry of cases.filter(({ options }) => options.reduction !== "none")) {
      const dense = entry.options.ignore_index === undefined;
      for (const kind of dense ? ["sparse", "dense"] : ["sparse"]) {
        it(`${kind} ${JSON.stringify(entry.options)} on ${backend}`, () => {
          setBackend(backend, { exact: true });
          for (const dtype of ["float64", "float32"] as const) {
            const expected = dtype === "float64" ? entry.f64 : entry.f32;
            const { losses, gradient, rows } = run(dtype, entry, kind === "dense");
            // Ours is divided by the rows; torch's mean by the weights or the rows that count.
            const { weight, reduction, ignore_index: ignored } = entry.options;
            const target = entry.int_inputs.target;
            const counted = target.filter((label) => label !== ignored);
            const total = weight ? counted.reduce((sum, label) => sum + weight[label], 0) : counted.length;
            const divisor = reduction === "sum" ? 1 : total;
            const tolerance = dtype === "float64" ? 1e-12 : 4e-6;
            const loss = losses.reduce((sum, l) => sum + l, 0) / divisor;
            expect(Math.abs(loss - expected.output[0])).toBeLessThan(tolerance * Math.abs(expected.output[0]));
            gradient.forEach((g, i) => {
              expect(Math.abs((g * rows) / divisor - expected.grads.logits[i])).toBeLessThan(tolerance);
            });
          }
        });
      }
    }
  }

  it("has the cases of the reference data", () => {
    expect(cases.length).toBe(6);
  });
});
