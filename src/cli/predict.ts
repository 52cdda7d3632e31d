// downhill predict: a trained model on new rows.
import { existsSync, statSync } from "node:fs";
import { setBackend, setThreads } from "../backend/select.ts";
import { writeFileAtomic } from "../checkpoint/file.ts";
import { encodeFeatures } from "../data/encoding.ts";
import { loadIdxDataset } from "../data/idx-dataset.ts";
import { argmax } from "../train/metrics.ts";
import { optionHelp, parseCommand, UsageError } from "./args.ts";
import { buildModel } from "./build-model.ts";
import { type Command, commonOptions, computeOptions, type Output } from "./command.ts";
import { type InputEncoding, loadImages, loadTable } from "./load-data.ts";
import { readModel } from "./model-file.ts";
import { parseModel } from "./model-spec.ts";

const OPTIONS = {
  out: { type: "string", value: "FILE", help: "Write the predictions there instead of standard output" },
  ...computeOptions,
  ...commonOptions,
} as const;

function help(): string {
  return `downhill predict: use a model that downhill train wrote

  downhill predict MODEL FILE|DIR [options]

Prints CSV, one row per row of FILE: the predicted value, or the predicted class and its probability. The columns of FILE
are found by their names; the target column need not be there. For a model of images FILE is an IDX file, or DIR a directory
whose test images are taken.

${optionHelp(OPTIONS)}

Example:
  downhill predict iris.safetensors new-flowers.csv --out species.csv
  downhill predict digits.safetensors digits/ --json
`;
}

async function loadRows(path: string, encoding: InputEncoding): Promise<Float32Array> {
  if (!existsSync(path)) throw new UsageError(`${path}: no such file`);
  if (encoding.kind === "table") return encodeFeatures(await loadTable(path), encoding);
  const { x, features } = statSync(path).isDirectory() ? (await loadIdxDataset(path)).test : await loadImages(path);
  if (features !== encoding.features)
    throw new UsageError(`${path}: expected images of ${encoding.features} pixels, received ${features}`);
  return x;
}

interface Prediction {
  readonly prediction: string | number;
  readonly probability?: number;
}

function interpret(outputs: ArrayLike<number>, width: number, encoding: InputEncoding): Prediction[] {
  const count = outputs.length / width;
  if (encoding.kind === "table" && encoding.target.kind === "number") {
    const { mean, deviation } = encoding.target;
    return Array.from({ length: count }, (_, i) => ({ prediction: outputs[i]! * deviation + mean }));
  }
  return Array.from({ length: count }, (_, i) => {
    const best = argmax(outputs, i * width, width);
    const name = encoding.kind === "table" && encoding.target.kind === "class" ? encoding.target.classes[best]! : best;
    return { prediction: name, probability: outputs[i * width + best]! };
  });
}

const quoted = (value: string | number) =>
  /[",\n]/.test(String(value)) ? `"${String(value).replaceAll('"', '""')}"` : String(value);

async function run(args: readonly string[], output: Output): Promise<void> {
  const { values, positionals } = parseCommand(args, OPTIONS, {
    min: 2,
    max: 2,
    names: "a model and a file: downhill predict MODEL FILE|DIR",
  });
  const [modelPath, path] = positionals as [string, string];
  if (!existsSync(modelPath)) throw new UsageError(`${modelPath}: no such file`);
  if (values.backend !== undefined) setBackend(values.backend as "auto");
  if (values.threads !== undefined) setThreads(values.threads);
  const { description, weights } = await readModel(modelPath);
  const classification = description.task === "classification";
  using model = buildModel(parseModel(description.model), description);
  model.compile({ optimizer: "sgd", loss: classification ? "sparseCategoricalCrossentropy" : "meanSquaredError" });
  model.trainer.loadParameters(weights);
  const x = await loadRows(path, description.encoding);
  const rows = interpret(model.predict(x).data, description.outputs, description.encoding);
  const text = values.json
    ? `${JSON.stringify(rows, null, 2)}\n`
    : [
        classification ? "prediction,probability" : "prediction",
        ...rows.map(({ prediction, probability }) =>
          probability === undefined ? quoted(prediction) : `${quoted(prediction)},${probability}`,
        ),
      ].join("\n") + "\n";
  if (values.out === undefined) output.out(text);
  else await writeFileAtomic(values.out, text);
}

export const predict: Command = { summary: "use a trained model on new rows", help, run };
