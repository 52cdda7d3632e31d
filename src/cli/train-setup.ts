// The arguments of downhill train as options of compile() and fit().
import type { AverageOptions } from "../train/averaging.ts";
import type { Callback } from "../train/callback.ts";
import {
  Checkpoint,
  CsvLog,
  EarlyStopping,
  JsonLinesLog,
  ProgressBar,
  TensorBoard,
  TerminateOnNaN,
} from "../train/callbacks/index.ts";
import type { FitOptions } from "../train/fit-options.ts";
import type { CompileOptions } from "../train/model.ts";
import { optimizerNames } from "../train/optimizers.ts";
import { suggestion, UsageError } from "./args.ts";
import type { Output } from "./command.ts";
import { interruptible } from "./interrupt.ts";
import { buildSchedule, parseSchedule, type ScheduleLength, type ScheduleSpec } from "./schedule-spec.ts";
import type { TrainValues } from "./train-options.ts";

const LOSSES = { mse: "meanSquaredError", mae: "meanAbsoluteError", huber: "huber", logcosh: "logCosh" } as const;

/** What can be said about the arguments before any data are read. */
export interface TrainPlan {
  readonly optimizer: { readonly name: string; readonly [option: string]: string | number | boolean };
  readonly schedule: ScheduleSpec | undefined;
  readonly clip: NonNullable<CompileOptions["clip"]> | undefined;
  readonly average: AverageOptions | undefined;
}

function optimizerOf(values: TrainValues): TrainPlan["optimizer"] {
  const name = (values.optimizer ?? "adam").toLowerCase();
  if (!optimizerNames().includes(name))
    throw new UsageError(
      `--optimizer: expected one of ${optimizerNames().join(", ")}, received "${name}"${suggestion(name, optimizerNames())}`,
    );
  return {
    name,
    ...(values["learning-rate"] === undefined ? {} : { learningRate: values["learning-rate"] }),
    ...(values["weight-decay"] === undefined ? {} : { weightDecay: values["weight-decay"] }),
    ...(values["skip-non-finite"] ? { skipNonFinite: true } : {}),
  };
}

function clipOf(values: TrainValues): TrainPlan["clip"] {
  const ways = [
    ["value", values["clip-value"]],
    ["norm", values["clip-norm"]],
    ["globalNorm", values["clip-global-norm"]],
  ] as const;
  const given = ways.filter(([, limit]) => limit !== undefined);
  if (given.length > 1)
    throw new UsageError("expected one of --clip-value, --clip-norm and --clip-global-norm, received several");
  return given[0] && { [given[0][0]]: given[0][1] };
}

function averageOf({ ema, swa }: TrainValues): AverageOptions | undefined {
  if (ema !== undefined && swa) throw new UsageError("expected one of --ema and --swa, received both");
  if (swa) return { kind: "swa" };
  return ema === undefined ? undefined : { kind: "ema", decay: ema };
}

/** @throws UsageError. */
export function planTraining(values: TrainValues): TrainPlan {
  return {
    optimizer: optimizerOf(values),
    schedule: values.schedule === undefined ? undefined : parseSchedule(values.schedule),
    clip: clipOf(values),
    average: averageOf(values),
  };
}

/** @throws UsageError where the loss does not fit the task. */
export function lossFor({ loss }: TrainValues, task: "classification" | "regression"): string {
  if (task === "classification") {
    if (loss !== undefined && loss !== "crossentropy")
      throw new UsageError(`--loss: expected crossentropy for a classification, received "${loss}"`);
    return "sparseCategoricalCrossentropy";
  }
  if (loss === "crossentropy")
    throw new UsageError(`--loss: expected one of ${Object.keys(LOSSES).join(", ")} for a regression, received "${loss}"`);
  return LOSSES[(loss ?? "mse") as keyof typeof LOSSES];
}

export function compileOptions(
  values: TrainValues,
  plan: TrainPlan,
  task: "classification" | "regression",
  length: ScheduleLength,
): CompileOptions {
  const { shards, workers, lookahead, seed = 0 } = values;
  return {
    optimizer: plan.optimizer,
    loss: lossFor(values, task),
    metrics: task === "classification" ? ["accuracy"] : ["r2"],
    seed,
    lookahead,
    ...(plan.schedule ? { schedule: buildSchedule(plan.schedule, length) } : {}),
    ...(plan.clip ? { clip: plan.clip } : {}),
    ...(shards === undefined ? {} : { shards }),
    ...(workers === undefined ? {} : { workers }),
  };
}

export function fitOptions(values: TrainValues, plan: TrainPlan): FitOptions {
  const { accumulate, "stop-loss": loss, "max-steps": maxSteps, "batch-size": batchSize = 32, epochs = 20, seed = 0 } = values;
  return {
    epochs,
    seed,
    batchSize,
    verbose: 0,
    stopWhen: { ...(loss === undefined ? {} : { loss }), ...(maxSteps === undefined ? {} : { maxSteps }) },
    ...(accumulate === undefined ? {} : { accumulate }),
    ...(plan.average ? { average: plan.average } : {}),
  };
}

export function callbacksOf(values: TrainValues, save: string, { err }: Output): Callback[] {
  const stream = { isTTY: process.stderr.isTTY, columns: process.stderr.columns, write: err };
  const append = values.resume;
  const list: Callback[] = [interruptible(), new ProgressBar(stream), new Checkpoint({ path: save })];
  if (!values["skip-non-finite"]) list.push(new TerminateOnNaN());
  if (values.patience !== undefined) list.push(new EarlyStopping({ patience: values.patience }));
  if (values.log?.endsWith(".csv")) list.push(new CsvLog(values.log, { append }));
  if (values.log?.endsWith(".jsonl")) list.push(new JsonLinesLog(values.log, { append }));
  if (values.tensorboard !== undefined) list.push(new TensorBoard(values.tensorboard));
  return list;
}
