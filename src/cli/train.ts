// downhill train: data in, model and report out.
import { existsSync } from "node:fs";
import { basename, dirname } from "node:path";
import { setBackend, setThreads } from "../backend/select.ts";
import { writeFileAtomic } from "../checkpoint/file.ts";
import { permutation } from "../core/random.ts";
import { htmlReport } from "../train/html-report.ts";
import { overfittingReport } from "../train/overfitting.ts";
import { parseCommand, UsageError } from "./args.ts";
import { buildModel } from "./build-model.ts";
import type { Command, Output } from "./command.ts";
import { type LoadedData, loadData, type Rows } from "./load-data.ts";
import { describeModel } from "./model-file.ts";
import { parseModel } from "./model-spec.ts";
import { runRangeTest } from "./range-test.ts";
import { TRAIN_OPTIONS, type TrainValues, trainHelp } from "./train-options.ts";
import { callbacksOf, compileOptions, fitOptions, planTraining } from "./train-setup.ts";

const DEFAULT_MODEL = "64 relu, 32 relu";
/** The random stream of the split into training and validation rows. */
const SPLIT_STREAM = 0x5702;

function take({ x, y }: Rows, features: number, order: Uint32Array): Rows {
  const rows = { x: new Float32Array(order.length * features), y: y.slice(0, order.length) };
  order.forEach((row, i) => {
    rows.x.set(x.subarray(row * features, (row + 1) * features), i * features);
    rows.y[i] = y[row]!;
  });
  return rows;
}

/** A random share of the rows for validation; a data set's own test rows win. */
function split(data: LoadedData, share: number, seed: number): { train: Rows; validation: Rows | undefined } {
  if (data.test) return { train: data, validation: data.test };
  const order = permutation(seed, SPLIT_STREAM, data.rows);
  const count = Math.min(Math.round(data.rows * share), data.rows - 1);
  const validation = count > 0 ? take(data, data.features, order.subarray(data.rows - count)) : undefined;
  return { train: take(data, data.features, order.subarray(0, data.rows - count)), validation };
}

function checkPaths(values: TrainValues, path: string): { save: string; report: string } {
  const stem = basename(path).replace(/(\.(csv|tsv|jsonl|ndjson|npy))?(\.gz)?$/i, "") || "model";
  const save = values.save ?? `${stem}.safetensors`;
  const { log, resume } = values;
  if (log !== undefined && !/\.(csv|jsonl)$/.test(log))
    throw new UsageError(`--log: expected a name ending in .csv or .jsonl, received "${log}"`);
  if (resume && !existsSync(save)) throw new UsageError(`--resume: ${save}: no such file`);
  const report = values.report ?? `${stem}.html`;
  for (const [option, file] of Object.entries({ save, report, log, plot: values.plot }))
    if (file !== undefined && !existsSync(dirname(file)))
      throw new UsageError(`--${option}: ${dirname(file)}: no such directory`);
  return { save, report };
}

const settingsText = ({ name, ...options }: Readonly<Record<string, string | number | boolean>>): string =>
  [name, ...Object.entries(options).map(([key, value]) => `${key} ${value}`)].join(", ");

async function run(args: readonly string[], output: Output): Promise<void> {
  const { values, positionals } = parseCommand(args, TRAIN_OPTIONS, {
    min: 1,
    max: 1,
    names: "a file or directory: downhill train FILE|DIR",
  });
  const [path] = positionals as [string];
  if (values.plot !== undefined && !values["find-learning-rate"])
    throw new UsageError("--plot: expected together with --find-learning-rate");
  const { model: spec = DEFAULT_MODEL, epochs = 20, accumulate = 1, validation: share = 0.2, seed = 0 } = values;
  const layers = parseModel(spec);
  const plan = planTraining(values);
  const { save, report } = checkPaths(values, path);
  if (values.backend !== undefined) setBackend(values.backend as "auto");
  if (values.threads !== undefined) setThreads(values.threads);
  const ignore = values.ignore?.split(",").map((name) => name.trim());
  const data = await loadData(path, {
    ...(values.target === undefined ? {} : { target: values.target }),
    ...(values.task === undefined ? {} : { task: values.task as "auto" }),
    ...(ignore === undefined ? {} : { ignore }),
  });
  if (data.rows < 2) throw new UsageError(`${path}: expected two rows or more, received ${data.rows}`);
  const { train, validation } = split(data, share, seed);
  const { features, outputs, task, encoding } = data;
  const description = { format: 1, model: spec, features, outputs, task, seed, encoding } as const;
  const classification = task === "classification";
  using model = buildModel(layers, description);
  const trainRows = train.x.length / features;
  const { "batch-size": wanted = 32 } = values;
  const batchSize = wanted === "full" ? trainRows : Math.min(wanted, trainRows);
  const updatesPerEpoch = Math.ceil(trainRows / (batchSize * accumulate));
  model.compile(compileOptions(values, plan, task, { epochs, updatesPerEpoch }));
  model.metadata = describeModel(description);
  output.err(
    `${task} of ${outputs === 1 ? "one value" : `${outputs} classes`} from ${features} features: ${trainRows} rows to train, ${data.rows - trainRows + (data.test ? data.test.y.length : 0)} to validate\n`,
  );
  if (values["find-learning-rate"]) {
    await runRangeTest(model.trainer, train, { batchSize, seed, plot: values.plot, json: values.json }, output);
    return;
  }
  const started = performance.now();
  const learningRates: number[] = [];
  const history = await model.fit(train.x, train.y, {
    ...fitOptions(values, plan),
    callbacks: [
      ...callbacksOf(values, save, output),
      { onEpochEnd: (_, __, { appliedLearningRate }) => void learningRates.push(appliedLearningRate) },
    ],
    ...(validation ? { validationData: validation } : {}),
    ...(values.resume ? { resume: save } : {}),
  });
  const seconds = (performance.now() - started) / 1000;
  const last = await model.evaluate((validation ?? train).x, (validation ?? train).y);
  const matrix = classification ? await model.confusionMatrix((validation ?? train).x, (validation ?? train).y) : undefined;
  const classNames = encoding.kind === "table" && encoding.target.kind === "class" ? encoding.target.classes : undefined;
  const verdict = overfittingReport(history);
  await writeFileAtomic(
    report,
    htmlReport(history, {
      title: `downhill train ${basename(path)}`,
      settings: {
        data: path,
        rows: trainRows,
        model: spec,
        optimizer: settingsText(plan.optimizer),
        ...(values.schedule === undefined ? {} : { schedule: values.schedule }),
        "batch size": accumulate === 1 ? batchSize : `${accumulate} × ${batchSize}`,
        epochs: history.epoch.length,
        seed,
      },
      learningRates,
      ...(matrix ? { confusion: matrix } : {}),
      ...(classNames ? { classNames } : {}),
    }),
  );
  if (values.json) {
    const document = {
      task,
      model: save,
      report,
      rows: trainRows,
      features,
      outputs,
      epochs: history.epoch.length,
      seconds,
      final: last,
      overfitting: verdict,
      ...history.toJSON(),
      ...(matrix ? { confusion: matrix } : {}),
    };
    output.out(`${JSON.stringify(document, null, 2)}\n`);
    return;
  }
  const figures = Object.entries(last).map(([name, value]) => `${name} ${Number(value.toPrecision(6))}`);
  output.out(`${validation ? "validation" : "training"}: ${figures.join(", ")}\n`);
  if (matrix && matrix.classes <= 20) output.out(`${matrix.toString(classNames)}\n`);
  output.out(`${verdict.text}\nmodel   ${save}\nreport  ${report}\n`);
}

export const train: Command = { summary: "train a network on a table or on images", help: trainHelp, run };
