// Evaluation and prediction: programs without dropout and gradients, one per number of rows.
import type { Backend } from "../backend/backend.ts";
import type { FloatArray } from "../core/types.ts";
import { sizeOf } from "../graph/graph.ts";
import { type BoundProgram, compileProgram } from "../nn/compile.ts";
import type { Loss } from "../nn/losses.ts";
import type { BuiltNetwork } from "../nn/network.ts";
import type { ResidentData } from "./resident.ts";
import type { EvaluateResult } from "./trainer.ts";

/** Rows of one program at most: longer inputs run in pieces. */
const MOST_ROWS = 256;
/** Programs kept; the oldest goes first. */
const MOST_PROGRAMS = 16;

export class Inference {
  readonly inputs: number;
  readonly outputs: number;
  readonly #backend: Backend;
  readonly #network: BuiltNetwork;
  readonly #loss: Loss;
  #programs = new Map<string, BoundProgram>();
  #single: BoundProgram | undefined;

  constructor(backend: Backend, network: BuiltNetwork, loss: Loss) {
    this.#backend = backend;
    this.#network = network;
    this.#loss = loss;
    this.inputs = sizeOf(network.inputShape);
    this.outputs = sizeOf(network.outputShape);
  }

  #program(rows: number, purpose: "evaluate" | "predict", weighted: boolean): BoundProgram {
    const key = `${rows} ${purpose} ${weighted}`;
    let program = this.#programs.get(key);
    if (program) return program;
    const network = this.#network;
    const loss = purpose === "evaluate" ? this.#loss : null;
    program = compileProgram({ backend: this.#backend, network, loss, rows, purpose, weighted, gradients: network.state });
    if (this.#programs.size >= MOST_PROGRAMS) this.#programs.delete(this.#programs.keys().next().value as string);
    this.#programs.set(key, program);
    return program;
  }

  predict(x: FloatArray, rows: number, out: FloatArray): FloatArray {
    if (rows === 1) {
      this.#single ??= this.#program(1, "predict", false);
      this.#single.x.set(x);
      this.#single.program.run();
      out.set(this.#single.output);
      return out;
    }
    const { inputs, outputs } = this;
    for (let at = 0; at < rows; at += MOST_ROWS) {
      const count = Math.min(MOST_ROWS, rows - at);
      const program = this.#program(count, "predict", false);
      program.x.set(x.subarray(at * inputs, (at + count) * inputs));
      program.program.run();
      out.set(program.output, at * outputs);
    }
    return out;
  }

  evaluate(data: ResidentData, batchSize: number, wantsOutputs: boolean): EvaluateResult {
    const { rows, x, y, weights, perRow } = data;
    const length = wantsOutputs ? rows * this.outputs : 0;
    const outputs = this.#network.dtype === "float32" ? new Float32Array(length) : new Float64Array(length);
    let loss = 0;
    let correct = 0;
    for (let at = 0; at < rows; at += batchSize) {
      const count = Math.min(batchSize, rows - at);
      const program = this.#program(count, "evaluate", weights !== null);
      program.x.set(x.subarray(at * perRow[0], (at + count) * perRow[0]));
      program.y.set(y.subarray(at * perRow[1], (at + count) * perRow[1]));
      if (weights) program.weights.set(weights.subarray(at, at + count));
      program.program.run();
      loss += program.stats[0];
      correct = program.stats[1] < 0 ? -1 : correct + program.stats[1];
      if (wantsOutputs) outputs.set(program.output, at * this.outputs);
    }
    return { loss: loss / rows, correct, count: rows, outputs };
  }

  dispose(): void {
    this.#programs.clear();
    this.#single = undefined;
  }
}
