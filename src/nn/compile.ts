// From a network and a loss to programs: training steps, evaluation and prediction for one number of rows.

import type { Backend } from "../backend/backend.ts";
import type { CompiledProgram, ProgramMemory } from "../backend/program.ts";
import type { FloatArray } from "../core/types.ts";
import { constant } from "../graph/elementwise.ts";
import { traceGradients } from "../graph/gradients.ts";
import { Graph, sizeOf, type Value } from "../graph/graph.ts";
import { copy } from "../graph/layers.ts";
import { type Plan, planProgram } from "../graph/plan.ts";
import type { Loss } from "./losses.ts";
import type { BuiltNetwork } from "./network.ts";

/** A compiled program with typed views of what goes in and comes out. */
export interface BoundProgram {
  readonly rows: number;
  readonly program: CompiledProgram;
  readonly x: FloatArray;
  readonly y: FloatArray | Int32Array;
  readonly weights: FloatArray;
  /** Σ of row losses, Σ of hits (−1 without hits). */
  readonly stats: Float64Array;
  /** [rows, ...outputShape]; empty in training programs. */
  readonly output: FloatArray;
}

export type Purpose = "train" | "evaluate" | "predict";

export interface CompileRequest {
  readonly backend: Backend;
  readonly network: BuiltNetwork;
  readonly loss: Loss | null;
  readonly rows: number;
  readonly purpose: Purpose;
  readonly weighted: boolean;
  /** Where gradients go. */
  readonly gradients: FloatArray;
  /** Instead of the network's own parameters. */
  readonly parameters?: FloatArray;
}

function traceLoss(graph: Graph, request: CompileRequest, prediction: Value): readonly (readonly [Value, Value])[] {
  const { network, rows, weighted } = request;
  const loss = request.loss as Loss;
  const sparse = loss.targets === "classes";
  const target = graph.value(sparse ? [rows] : [rows, ...network.outputShape], {
    kind: sparse ? "int32" : "element",
    home: { space: "y", offset: 0 },
  });
  const weights = weighted ? graph.value([rows], { home: { space: "weights", offset: 0 } }) : null;
  const traced = loss.trace({ prediction, target, weights });
  const stats = graph.value([2], { kind: "float64", home: { space: "stats", offset: 0 } });
  graph.emit({ op: "stats", operands: [traced.rows, traced.hits, stats], writes: [2], ints: [rows] });
  return traced.seeds ?? [[traced.rows, constant(traced.rows, 1 / rows, [rows])]];
}

function trace(request: CompileRequest): { plan: Plan; output: Value | null } {
  const { network, rows, purpose } = request;
  const graph = new Graph(network.dtype, purpose === "train");
  const x = graph.value([rows, ...network.inputShape], { home: { space: "x", offset: 0 } });
  const { output, parameters } = network.trace(graph, x);
  // An output that is the input or a parameter itself gets storage of its own.
  const outcome = graph.homes.has(graph.root(output).id) ? copy(output) : output;
  const seeds = request.loss && purpose !== "predict" ? traceLoss(graph, request, output) : [];
  if (purpose === "train") traceGradients(graph, seeds, parameters);
  else graph.kept.add(graph.root(outcome).id);
  const element = network.dtype === "float32" ? 4 : 8;
  const sparse = request.loss?.targets === "classes";
  const plan = planProgram(graph, {
    x: rows * sizeOf(network.inputShape) * element,
    y: request.loss ? rows * (sparse ? 4 : sizeOf(network.outputShape) * element) : 0,
    weights: request.weighted ? rows * element : 0,
  });
  return { plan, output: purpose === "train" ? null : outcome };
}

export function compileProgram(request: CompileRequest): BoundProgram {
  const { backend, network, rows, gradients } = request;
  const { plan, output } = trace(request);
  const memory: ProgramMemory = {
    parameters: request.parameters ?? network.arena,
    gradients,
    state: network.state,
  };
  const program = backend.compile(plan.spec, memory);
  const Float = network.dtype === "float32" ? Float32Array : Float64Array;
  const sparse = request.loss?.targets === "classes";
  const home = output ? plan.offsetOf(output) : undefined;
  const outputs = rows * sizeOf(network.outputShape);
  return {
    rows,
    program,
    x: new Float(program.space("x")),
    y: sparse ? new Int32Array(program.space("y")) : new Float(program.space("y")),
    weights: new Float(program.space("weights")),
    stats: new Float64Array(program.space("stats"), 0, 2),
    output: home === undefined ? new Float(0) : new Float(program.space("workspace"), home, outputs),
  };
}
