// A model from a file alone: its architecture and its weights.
import { readSafetensors } from "../checkpoint/file.ts";
import { fault } from "../core/errors.ts";
import { networkOf } from "../nn/architecture.ts";
import { copyParameters } from "../nn/parameters.ts";
import { createModel, type Model } from "./sequential.ts";
import { ARCHITECTURE_KEY, decodeBestWeights, decodeWeights } from "./state.ts";

export interface LoadModelOptions {
  /** "best" (default): what early stopping or averaging kept, where the file has it; "last": the trained weights. */
  readonly weights?: "best" | "last";
}

/**
 * Rebuilds a sequential model from a checkpoint or from saveWeights(). It predicts at once; compile() it to go on training
 * (a checkpoint's optimizer state comes back through fit's `resume`).
 * @throws Error ERR_FORMAT where the file has no architecture (functional models, layers with functions of one's own: build
 * the model and loadWeights()), is damaged or does not fit together; the system's errors.
 */
export async function loadModel(path: string, { weights = "best" }: LoadModelOptions = {}): Promise<Model> {
  const file = await readSafetensors(path);
  const text = file.metadata[ARCHITECTURE_KEY];
  if (text === undefined)
    throw fault("ERR_FORMAT", `${path}: expected an architecture, received none: build the model and use loadWeights()`);
  let architecture: unknown;
  try {
    architecture = JSON.parse(text);
  } catch (cause) {
    throw fault("ERR_FORMAT", `${path}: the architecture is not JSON`, { cause });
  }
  const named = weights === "last" ? decodeWeights(file) : decodeBestWeights(file);
  const elements = named.reduce((sum, { tensor }) => sum + tensor.data.length, 0);
  const network = networkOf(architecture, elements);
  copyParameters([...network.parameters, ...network.buffers], network.parameters.length, named);
  return createModel(network);
}
