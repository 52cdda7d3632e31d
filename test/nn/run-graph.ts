// Runs a function over graph values with its gradients: inputs are parameters, dy comes in through the x space.
import { allocate } from "../../src/backend/allocate.ts";
import { currentBackend } from "../../src/backend/select.ts";
import type { Dtype, FloatArray } from "../../src/core/types.ts";
import { traceGradients } from "../../src/graph/gradients.ts";
import { Graph, sizeOf, type Value } from "../../src/graph/graph.ts";
import { planProgram } from "../../src/graph/plan.ts";
import type { TracedLoss } from "../../src/nn/losses.ts";

export interface Input {
  readonly shape: readonly number[];
  readonly data: readonly number[];
}

export interface GraphRun {
  readonly output: number[];
  readonly gradients: number[][];
}

export interface RunSettings {
  readonly dtype: Dtype;
  readonly inputs: readonly Input[];
  /** Class indices for the y space. */
  readonly labels?: readonly number[];
  /** Gradient of the output; undefined: ones. */
  readonly dy?: readonly number[];
  readonly training?: boolean;
}

/** A loss that knows its gradient gives it as seeds, which are then traced in place of dy. */
export type Seeded = Pick<TracedLoss, "rows" | "seeds">;

export type GraphFunction = (values: Value[], labels: Value) => Value | Seeded;

export function runGraph(f: GraphFunction, settings: RunSettings): GraphRun {
  const { dtype, inputs, labels = [], dy, training = true } = settings;
  const graph = new Graph(dtype, training);
  graph.recording = true;
  let offset = 0;
  const places = inputs.map(({ shape }) => {
    const place = { value: graph.value(shape, { home: { space: "parameters", offset }, needsGradient: true }), offset };
    offset += Math.ceil(sizeOf(shape) / 16) * 16;
    return place;
  });
  const parameters = allocate(dtype, offset);
  const gradients = allocate(dtype, offset);
  inputs.forEach(({ data }, i) => {
    parameters.set(data, places[i].offset);
  });
  const target = graph.value([labels.length], { kind: "int32", home: { space: "y", offset: 0 } });
  const result = f(
    places.map(({ value }) => value),
    target,
  );
  const { rows: output, seeds }: Seeded = "rows" in result ? result : { rows: result, seeds: null };
  graph.kept.add(graph.root(output).id);
  const count = sizeOf(output.shape);
  const seed = graph.value(output.shape, { home: { space: "x", offset: 0 } });
  traceGradients(graph, seeds ?? [[output, seed]], places);
  const size = dtype === "float32" ? 4 : 8;
  const plan = planProgram(graph, { x: count * size, y: labels.length * 4, weights: 0 });
  const program = currentBackend().compile(plan.spec, { parameters, gradients, state: allocate(dtype, 0) });
  const view = (buffer: ArrayBuffer, at: number): FloatArray =>
    dtype === "float32" ? new Float32Array(buffer, at, count) : new Float64Array(buffer, at, count);
  view(program.space("x"), 0).set(dy?.slice(0, count) ?? new Array(count).fill(1));
  new Int32Array(program.space("y")).set(labels);
  program.run();
  return {
    output: [...view(program.space("workspace"), plan.offsetOf(output))],
    gradients: places.map(({ value, offset: at }) => [...gradients.subarray(at, at + sizeOf(value.shape))]),
  };
}
