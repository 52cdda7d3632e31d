// The training loop: epochs, calls of the engine, validation, callbacks, stop conditions. The engine's bits do not depend
// on how an epoch is cut into calls, so the loop cuts it by time.
import type { AbortSignalLike } from "../core/abort.ts";
import { fault } from "../core/errors.ts";
import type { Averaging } from "./averaging.ts";
import type { Callback } from "./callback.ts";
import { evaluateData } from "./evaluation.ts";
import type { StopConditions } from "./fit-options.ts";
import type { Metric } from "./metrics.ts";
import type { RestorableOptimizer } from "./optimizers.ts";
import type { Source } from "./source.ts";
import type { NamedTensor, Trainer, TrainingData } from "./trainer.ts";
import type { Training } from "./training.ts";

export type RowData = TrainingData & { readonly rows: number };

export interface FitPlan {
  readonly trainer: Trainer;
  readonly source: Source;
  readonly validation: RowData | undefined;
  /** Training rows for metrics that the engine does not measure by itself. */
  readonly trainRows: RowData | undefined;
  readonly metrics: ReadonlyMap<string, Metric>;
  readonly accumulate: number;
  readonly stopWhen: StopConditions;
  readonly average: Averaging | undefined;
  readonly callbacks: readonly Callback[];
  readonly signal: AbortSignalLike | undefined;
}

/** One call of the engine should take about this long: callbacks see some ten calls a second. */
const TARGET_SECONDS = 0.06;

/** Rates of the next updates, where a callback schedules them. */
function learningRates(plan: FitPlan, training: Training, count: number): Float64Array | undefined {
  for (const callback of plan.callbacks) {
    const rates = callback.learningRates?.(training.updates, count, training);
    if (rates === undefined) continue;
    training.scheduledRate = rates.at(-1);
    return rates;
  }
  return undefined;
}

/** Trains to the end of the epoch, a stop or an abort. Returns whether the epoch is complete. */
async function runEpoch(plan: FitPlan, training: Training): Promise<boolean> {
  const { trainer, source, accumulate, callbacks, signal, stopWhen, average } = plan;
  const gradientNorms = stopWhen.gradientNorm !== undefined;
  const perStep = callbacks.some(({ onStepEnd }) => onStepEnd !== undefined);
  const stopOnNonFinite = callbacks.some((callback) => callback.stopOnNonFinite);
  for (;;) {
    if (signal?.aborted) throw fault("ERR_ABORTED", "fit: aborted", { cause: signal.reason });
    const allowed = (stopWhen.maxSteps ?? Number.POSITIVE_INFINITY) - training.updates;
    if (allowed <= 0) training.stop(`${training.updates} updates are made`, { resumable: true });
    if (training.stopReason !== undefined) return source.atEnd;
    const ahead = average?.ahead(training.epoch, training.updates) ?? Number.POSITIVE_INFINITY;
    const chunk = await source.next(trainer, Math.min(perStep ? 1 : training.callUpdates, allowed, ahead));
    if (chunk === undefined) return true;
    const { order, batchSize, begin, end } = chunk;
    const count = Math.ceil((end - begin) / (batchSize * accumulate));
    const rates = learningRates(plan, training, count);
    const start = performance.now();
    const result = await trainer.runStepsAsync(order, {
      batchSize,
      begin,
      end,
      accumulate,
      stopOnNonFinite,
      gradientNorms,
      ...(rates ? { learningRates: rates } : {}),
      ...(signal ? { signal } : {}),
    });
    const seconds = (performance.now() - start) / 1000;
    training.seconds += seconds;
    training.add(result);
    if (result.updates > 0) average?.afterUpdates(training.epoch, training.updates);
    source.advance(result.position);
    training.position = source.position;
    const wanted = Math.round((result.updates * TARGET_SECONDS) / Math.max(seconds, 1e-6));
    training.callUpdates = Math.max(1, Math.min(2 * training.callUpdates, wanted));
    if (perStep) {
      const loss = result.losses.at(-1) ?? Number.NaN;
      await training.call((callback) => callback.onStepEnd?.(training.steps - 1, { ...training.logs(), loss }, training));
    }
    const lost = stopOnNonFinite && !Number.isFinite(result.losses.at(-1));
    if (lost) training.stop(`the loss of step ${training.steps} is not finite`);
    const logs = training.logs();
    await training.call((callback) => callback.onProgress?.(training.progress(source.samplesPerEpoch), logs, training));
  }
}

async function measure(plan: FitPlan, training: Training): Promise<Record<string, number>> {
  const averaged = plan.average?.evaluate ? plan.average.weights() : undefined;
  if (averaged === undefined) return measureCurrent(plan, training);
  const trained = training.trainedWeights();
  training.setWeights(averaged);
  try {
    return await measureCurrent(plan, training);
  } finally {
    training.setWeights(trained);
  }
}

async function measureCurrent(plan: FitPlan, training: Training): Promise<Record<string, number>> {
  const logs = training.logs();
  const { metrics, trainRows, validation, trainer } = plan;
  const extra = new Map([...metrics].filter(([name]) => !(name in logs)));
  if (extra.size > 0 && trainRows) {
    const { logs: measured } = await evaluateData(trainer, trainRows, extra);
    for (const name of extra.keys()) logs[name] = measured[name]!;
  }
  if (validation) {
    const { logs: measured } = await evaluateData(trainer, validation, metrics);
    for (const [name, value] of Object.entries(measured)) logs[`val_${name}`] = value;
  }
  return logs;
}

function largestChange(before: readonly NamedTensor[], now: readonly NamedTensor[]): number {
  let largest = 0;
  now.forEach(({ tensor: { data } }, k) => {
    const other = before[k]!.tensor.data;
    for (let i = 0; i < data.length; i++) largest = Math.max(largest, Math.abs(data[i]! - other[i]!));
  });
  return largest;
}

/** The reason to stop after this epoch by the user's conditions. */
function converged({ stopWhen }: FitPlan, training: Training, change: number): string | undefined {
  const losses = training.history.history.loss ?? [];
  const [previous, last] = [losses.at(-2) ?? Number.NaN, losses.at(-1) ?? Number.NaN];
  if (stopWhen.loss !== undefined && last <= stopWhen.loss) return `the loss is at most ${stopWhen.loss}`;
  if (stopWhen.lossChange !== undefined && Math.abs(last - previous) <= stopWhen.lossChange)
    return `the loss changed by at most ${stopWhen.lossChange}`;
  if (stopWhen.parameterChange !== undefined && change <= stopWhen.parameterChange)
    return `no parameter changed by more than ${stopWhen.parameterChange}`;
  if (stopWhen.gradientNorm !== undefined && training.gradientNorm <= stopWhen.gradientNorm)
    return `the gradient's norm is at most ${stopWhen.gradientNorm}`;
  return undefined;
}

async function runOneEpoch(plan: FitPlan, training: Training, resumed: boolean): Promise<void> {
  const { epoch, position } = training;
  const { source, stopWhen } = plan;
  training.steps = 0;
  training.seconds = 0;
  await source.startEpoch(epoch, position);
  // An epoch that goes on after a resume began before it: its learning rate is in the optimizer's state already.
  if (!(resumed && position > 0)) await training.call((callback) => callback.onEpochBegin?.(epoch, training));
  const before = stopWhen.parameterChange === undefined ? [] : training.trainedWeights();
  const complete = await runEpoch(plan, training);
  if (complete) plan.average?.afterEpoch(epoch);
  const logs = await measure(plan, training);
  if (training.history.epoch.at(-1) === epoch) training.history.dropLast();
  training.history.add(epoch, logs);
  if (complete) {
    training.beginEpoch(epoch + 1);
    // Schedules that read a metric (reduceOnPlateau) see one value per epoch.
    (plan.trainer.optimizer as RestorableOptimizer).observeMetric?.(logs.val_loss ?? logs.loss!);
  }
  const reason = converged(plan, training, before.length === 0 ? 0 : largestChange(before, plan.trainer.network.parameters));
  if (reason !== undefined) training.stop(reason);
  if (!complete) training.keepCallbackStates();
  await training.call((callback) => callback.onEpochEnd?.(epoch, logs, training));
}

/** Runs a prepared training to its end. The callbacks' dispose is called in any case. */
export async function runFit(plan: FitPlan, training: Training): Promise<void> {
  try {
    await training.call((callback) => callback.onTrainBegin?.(training));
    const first = training.epoch;
    while (training.epoch < training.epochs && training.stopReason === undefined) {
      await runOneEpoch(plan, training, training.epoch === first);
    }
    training.history.stopReason = training.stopReason;
    const averaged = plan.average?.apply ? plan.average.weights() : undefined;
    if (averaged !== undefined) training.setWeights(averaged);
    await training.call((callback) => callback.onTrainEnd?.(training.lastLogs(), training));
  } finally {
    await plan.source.dispose();
    await training.call((callback) => callback.dispose?.());
  }
}
