// A trained model as one safetensors file: weights, training state, and what predict needs to know, as JSON in the metadata.
import { readSafetensors } from "../checkpoint/file.ts";
import { fault } from "../core/errors.ts";
import { decodeBestWeights } from "../train/state.ts";
import type { NamedTensor } from "../train/trainer.ts";
import type { InputEncoding } from "./load-data.ts";

export interface ModelDescription {
  readonly format: 1;
  /** The hidden layers, as --model takes them. */
  readonly model: string;
  readonly features: number;
  readonly outputs: number;
  readonly task: "classification" | "regression";
  readonly seed: number;
  readonly encoding: InputEncoding;
}

const KEY = "downhill.cli";

export function describeModel(description: ModelDescription): Record<string, string> {
  return { [KEY]: JSON.stringify(description) };
}

/** @throws Error ERR_FORMAT for a file that downhill train did not write. */
export async function readModel(path: string): Promise<{ description: ModelDescription; weights: NamedTensor[] }> {
  const file = await readSafetensors(path);
  const text = file.metadata[KEY];
  const fail = () => fault("ERR_FORMAT", `${path}: expected a model written by downhill train`);
  if (text === undefined) throw fail();
  let description: ModelDescription;
  try {
    description = JSON.parse(text) as ModelDescription;
  } catch {
    throw fail();
  }
  if (description?.format !== 1 || typeof description.model !== "string" || !description.encoding) throw fail();
  return { description, weights: decodeBestWeights(file) };
}
