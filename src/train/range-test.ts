// The learning-rate range test on a trainer: one mini-batch per rate, everything put back afterwards.
import { permutation } from "../core/random.ts";
import { type FindLearningRateOptions, findLearningRate, type LearningRateCurve } from "./find-learning-rate.ts";
import type { RestorableOptimizer } from "./optimizers.ts";
import type { NamedTensor, Trainer } from "./trainer.ts";

export interface RangeTestOptions extends FindLearningRateOptions {
  /** Rows per step; default 32. */
  readonly batchSize?: number;
  /** Seed of the order of the rows; default 0. */
  readonly seed?: number;
}

/** The random stream of the order of the rows. */
const ORDER_STREAM = 0x1f12;

function copyOf(tensors: readonly NamedTensor[]): NamedTensor[] {
  return tensors.map(({ name, tensor }) => ({ name, tensor: { data: tensor.data.slice(), shape: tensor.shape } }));
}

/**
 * Runs findLearningRate over mini-batches of the trainer's data set (setData first) in random order, as often as needed.
 * Weights, running statistics, optimizer and generator are then as before, also where it throws.
 * @throws ERR_STATE without data, ERR_BUSY, ERR_OPTION, ERR_RANGE (batchSize).
 */
export function rangeTest(trainer: Trainer, options: RangeTestOptions = {}): LearningRateCurve {
  const { batchSize = 32, seed = 0, ...rest } = options;
  const optimizer = trainer.optimizer as RestorableOptimizer;
  const tensors = copyOf([...trainer.network.parameters, ...trainer.network.buffers]);
  const state = optimizer.stateDict();
  const generator = trainer.generatorState();
  let order = new Uint32Array(0);
  let begin = 0;
  let epoch = 0;
  try {
    return findLearningRate((rate) => {
      if (begin >= order.length) {
        order = permutation(seed, ORDER_STREAM + epoch++, trainer.sampleCount) as Uint32Array<ArrayBuffer>;
        begin = 0;
      }
      const end = Math.min(begin + batchSize, order.length);
      const { losses } = trainer.runSteps(order, { batchSize, begin, end, learningRates: Float64Array.of(rate) });
      begin = end;
      return losses[0] ?? Number.NaN;
    }, rest);
  } finally {
    trainer.loadParameters(tensors);
    optimizer.loadStateDict(state);
    trainer.loadGeneratorState(generator);
  }
}
