// The options of downhill train and its help text.
import { optimizerNames } from "../train/optimizers.ts";
import { type OptionTable, optionHelp, type Values } from "./args.ts";
import { commonOptions, computeOptions } from "./command.ts";
import { scheduleHelp } from "./schedule-spec.ts";

/** Names in lines of bounded length. */
function listed(names: readonly string[], width = 76): string {
  const lines = [""];
  for (const name of names) {
    if (lines.at(-1)!.length + name.length > width) lines.push("");
    lines[lines.length - 1] += `${lines.at(-1) === "" ? "" : " "}${name}`;
  }
  return lines.join("\n");
}

export const TRAIN_OPTIONS = {
  target: {
    type: "string",
    value: "NAME",
    help: "Column to predict, by name or index from 0 (default: the last);\nfor NPY and IDX also a file with the targets",
  },
  task: {
    type: "string",
    oneOf: ["auto", "classification", "regression"],
    help: "What to learn (default auto: by the target's values)",
  },
  ignore: { type: "string", value: "A,B", help: "Columns to leave out" },
  model: {
    type: "string",
    value: "LAYERS",
    help: 'Hidden layers, for example "64 relu, dropout 0.2, 32 relu" (default);\n"none" is linear or softmax regression',
  },
  optimizer: { type: "string", value: "NAME", help: `Default adam; one of\n${listed(optimizerNames())}` },
  "learning-rate": { type: "number", minimum: 0, help: "Default: the optimizer's own" },
  schedule: {
    type: "string",
    value: "SPEC",
    help: `The learning rate over the training (default: constant), lengths in epochs:\n${scheduleHelp()}`,
  },
  "weight-decay": { type: "number", minimum: 0, help: "Default: the optimizer's own" },
  "clip-value": { type: "number", above: 0, help: "Clip each element of the gradients to [-N, N]" },
  "clip-norm": { type: "number", above: 0, help: "Scale each parameter's gradient to a norm of at most N" },
  "clip-global-norm": { type: "number", above: 0, help: "Scale all gradients together to a norm of at most N" },
  "skip-non-finite": { type: "boolean", help: "Leave updates out whose gradients are NaN or infinite, instead of stopping" },
  lookahead: { type: "boolean", help: "Lookahead around the optimizer (period 5, alpha 0.5)" },
  ema: {
    type: "number",
    minimum: 0,
    below: 1,
    help: "Average the weights over the updates with this decay, for example 0.999;\nvalidate with the average and save it",
  },
  swa: { type: "boolean", help: "The same with the mean over the last quarter of the epochs" },
  loss: {
    type: "string",
    oneOf: ["crossentropy", "mse", "mae", "huber", "logcosh"],
    help: "Default: crossentropy for classes, mse for values",
  },
  "find-learning-rate": { type: "boolean", help: "Do not train: raise the rate step by step, plot the loss, suggest a rate" },
  plot: { type: "string", value: "FILE.svg", help: "With --find-learning-rate: write the curve as SVG" },
  epochs: { type: "integer", minimum: 1, help: "Passes over the data (default 20)" },
  "batch-size": {
    type: "integer",
    minimum: 1,
    word: "full",
    value: "N|full",
    help: "Rows of a mini-batch (default 32); full is all of them",
  },
  accumulate: { type: "integer", minimum: 1, help: "Mini-batches whose mean gradient makes one update (default 1)" },
  shards: {
    type: "integer",
    minimum: 1,
    help: "Parts of a mini-batch whose gradients are averaged in fixed order;\npart of the result (default 1)",
  },
  workers: { type: "integer", minimum: 1, help: "Threads that compute shards; never changes the result (default 2)" },
  validation: { type: "number", minimum: 0, below: 1, help: "Share of the rows kept for validation (default 0.2)" },
  patience: { type: "integer", minimum: 1, help: "Stop after N epochs without improvement, keep the best weights" },
  "stop-loss": { type: "number", minimum: 0, help: "Stop after the epoch whose training loss is at most N" },
  "max-steps": { type: "integer", minimum: 1, help: "Stop after N updates" },
  seed: { type: "integer", minimum: 0, help: "Seed of weights, split, order and dropout (default 0)" },
  save: { type: "string", value: "FILE", help: "Model file (default: the data's name with .safetensors)" },
  report: { type: "string", value: "FILE", help: "HTML report with curves (default: the data's name with .html)" },
  resume: { type: "boolean", help: "Go on from the model file, bit for bit as if never stopped" },
  log: { type: "string", value: "FILE", help: "Epochs as .csv or .jsonl" },
  tensorboard: { type: "string", value: "DIR", help: "Epochs as TensorBoard event files" },
  ...computeOptions,
  ...commonOptions,
} as const satisfies OptionTable;

export type TrainValues = Values<typeof TRAIN_OPTIONS>;

export function trainHelp(): string {
  return `downhill train: train a network on a table or on images

  downhill train FILE|DIR [options]

FILE is a table with a header (.csv, .tsv, .jsonl, also .gz), a matrix (.npy) or images (IDX); DIR holds four IDX files
named like MNIST's. Numbers are standardised, texts become categories, a text target is classified. Press Ctrl-C to stop
after the current step and keep what was learnt; --resume goes on.

${optionHelp(TRAIN_OPTIONS)}

Examples:
  downhill train iris.csv --target species
  downhill train houses.csv --target price --model "32 relu, 16 relu" --optimizer adamw --epochs 200 --patience 20
  downhill train digits/ --model "256 relu, dropout 0.2" --batch-size 128 --epochs 10
  downhill train digits/ --schedule onecycle --learning-rate 0.008 --batch-size 128 --epochs 2 --clip-global-norm 1
  downhill train x.npy --target y.npy --model none --optimizer sgd --learning-rate 0.01
`;
}
