// The layers of a model as text: "64 relu, dropout 0.2, 32 relu". Parsing only; build-model.ts makes the network.
import { suggestion, UsageError } from "./args.ts";

export type LayerSpec =
  | { readonly kind: "dense"; readonly units: number; readonly activation: string }
  | { readonly kind: "dropout"; readonly rate: number }
  | { readonly kind: "batchnorm" }
  | { readonly kind: "layernorm" };

/** Names as on the command line. */
export const ACTIVATIONS = ["linear", "relu", "leakyRelu", "elu", "silu", "gelu", "sigmoid", "tanh", "softplus"] as const;

function activation(name: string, part: string): string {
  const found = ACTIVATIONS.find((known) => known.toLowerCase() === name.toLowerCase().replaceAll(/[-_]/g, ""));
  if (found === undefined)
    throw new UsageError(
      `--model: "${part}": unknown activation "${name}"${suggestion(name, ACTIVATIONS)} (known: ${ACTIVATIONS.join(", ")})`,
    );
  return found;
}

function layer(part: string): LayerSpec {
  const words = part.split(/\s+/);
  const [first = "", second, ...more] = words;
  if (more.length > 0) throw new UsageError(`--model: "${part}": expected at most two words, as in "64 relu"`);
  if (/^\d+$/.test(first)) {
    const units = Number(first);
    if (units < 1 || units > 1e6) throw new UsageError(`--model: "${part}": expected 1 to 1000000 units`);
    return { kind: "dense", units, activation: activation(second ?? "linear", part) };
  }
  if (first === "dropout") {
    const rate = Number(second ?? "");
    if (!second || !(rate >= 0 && rate < 1))
      throw new UsageError(`--model: "${part}": expected "dropout RATE" with a rate in [0, 1)`);
    return { kind: "dropout", rate };
  }
  if ((first === "batchnorm" || first === "layernorm") && second === undefined) return { kind: first };
  const known = ["dropout", "batchnorm", "layernorm"];
  throw new UsageError(
    `--model: expected layers such as "64 relu", "dropout 0.2", "batchnorm", "layernorm", received "${part}"${suggestion(first, known)}`,
  );
}

/** "" and "none" are the model without hidden layers: linear or softmax regression. @throws UsageError. */
export function parseModel(text: string): LayerSpec[] {
  if (text.trim() === "" || text.trim() === "none") return [];
  return text.split(",").map((part) => layer(part.trim()));
}
