// Loss and metrics of a trainer over a data set, in slices so that the event loop gets its turns.

import { elementCount } from "../core/shape.ts";
import { ConfusionMatrix } from "./confusion.ts";
import { sliceData } from "./dataset.ts";
import { type Metric, predictedClasses, targetClasses } from "./metrics.ts";
import type { Trainer, TrainingData } from "./trainer.ts";

/** Rows of one slice. It only bounds how long the event loop waits, and the memory for outputs. */
const SLICE = 1024;

export interface Evaluation {
  /** "loss" and the metrics by name. */
  readonly logs: Record<string, number>;
  /** [rows, ...outputShape]; there where metrics (or the caller) needed them. */
  readonly outputs: Float32Array | Float64Array | undefined;
}

/** `metrics` by name; "accuracy" comes from the engine where the loss knows classes. */
export async function evaluateData(
  trainer: Trainer,
  data: TrainingData & { readonly rows: number },
  metrics: ReadonlyMap<string, Metric>,
  { outputs: wantOutputs = false }: { readonly outputs?: boolean } = {},
): Promise<Evaluation> {
  const { network } = trainer;
  const width = elementCount(network.outputShape);
  const needOutputs = wantOutputs || [...metrics.keys()].some((name) => name !== "accuracy");
  const make = () => (network.dtype === "float32" ? new Float32Array(data.rows * width) : new Float64Array(data.rows * width));
  let outputs = needOutputs ? make() : undefined;
  let lossSum = 0;
  let correct = 0;
  let lastTurn = performance.now();
  for (let begin = 0; begin < data.rows; begin += SLICE) {
    const end = Math.min(begin + SLICE, data.rows);
    const result = trainer.evaluate(sliceData(data, network, begin, end), { outputs: true });
    lossSum += result.loss * (end - begin);
    if (result.correct < 0 && metrics.has("accuracy")) outputs ??= make();
    correct = result.correct < 0 ? -1 : correct + result.correct;
    outputs?.set(result.outputs as Float32Array, begin * width);
    if (performance.now() - lastTurn > 20) {
      await new Promise(setImmediate);
      lastTurn = performance.now();
    }
  }
  const logs: Record<string, number> = { loss: lossSum / data.rows };
  for (const [name, metric] of metrics) {
    logs[name] =
      name === "accuracy" && correct >= 0 ? correct / data.rows : metric({ outputs: outputs ?? [], targets: data.y, width });
  }
  return { logs, outputs };
}

/** The confusion matrix of outputs [rows, classes] (or [rows, 1]) against targets. */
export function confusionOf(outputs: ArrayLike<number>, targets: ArrayLike<number>, width: number): ConfusionMatrix {
  const predictions = predictedClasses(outputs, width);
  return ConfusionMatrix.from(targetClasses(targets, predictions.length, width), predictions, Math.max(width, 2));
}
