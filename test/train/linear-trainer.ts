// A trainer of one linear layer under mean squared error in plain float64, so that the training loop can be tested by
// itself, with results that can be worked out by hand. Adds noise from its generator to show whether resuming restores it.
import { uniform } from "../../src/core/random.ts";
import type { FloatArray } from "../../src/core/types.ts";
import type {
  AsyncRunOptions,
  EvaluateResult,
  GeneratorState,
  NamedTensor,
  Network,
  RunOptions,
  RunResult,
  Trainer,
  TrainingData,
} from "../../src/train/trainer.ts";

export function linearNetwork(inputs: number): Network {
  const kernel = { name: "dense/kernel", tensor: { data: new Float64Array(inputs), shape: [inputs, 1] } };
  const bias = { name: "dense/bias", tensor: { data: new Float64Array(1), shape: [1] } };
  return {
    dtype: "float64",
    inputShape: [inputs],
    outputShape: [1],
    layers: [{ name: "dense", className: "Dense", outputShape: [1], parameterCount: inputs + 1 }],
    parameters: [kernel, bias],
    buffers: [],
  };
}

export class LinearTrainer implements Trainer {
  readonly network: Network;
  readonly shards = 1;
  noise: number;
  /** [begin, end) of every call, to see how the loop cuts an epoch. */
  readonly calls: { begin: number; end: number; rows: number[] }[] = [];
  private data: TrainingData = { x: new Float64Array(0), y: new Float64Array(0) };
  private readonly rate = { learningRate: 0.1 };
  private generator: GeneratorState = { seed: 1, step: 0 };

  constructor(network: Network, noise = 0) {
    this.network = network;
    this.noise = noise;
  }

  readonly optimizer = {
    groups: [this.rate],
    stateDict: () => ({ learningRate: this.rate.learningRate }),
    loadStateDict: (state: object) => {
      this.rate.learningRate = (state as { learningRate: number }).learningRate;
    },
  };

  get parameters(): readonly NamedTensor[] {
    return this.network.parameters;
  }

  get sampleCount(): number {
    return this.data.x.length / this.network.inputShape[0]!;
  }

  setData(data: TrainingData): void {
    this.data = { ...data, x: data.x.slice(), y: data.y.slice() };
  }

  private output(x: FloatArray, row: number): number {
    const n = this.network.inputShape[0]!;
    let sum = this.parameters[1]!.tensor.data[0]!;
    for (let j = 0; j < n; j++) sum += x[row * n + j]! * this.parameters[0]!.tensor.data[j]!;
    return sum;
  }

  runSteps(order: Uint32Array | Int32Array, options: RunOptions): RunResult {
    const { batchSize, begin = 0, end = order.length, accumulate = 1, learningRates, stopOnNonFinite } = options;
    this.calls.push({ begin, end, rows: [...order.subarray(begin, end)] });
    const n = this.network.inputShape[0]!;
    const [kernel, bias] = this.parameters.map(({ tensor }) => tensor.data) as [FloatArray, FloatArray];
    const losses: number[] = [];
    const rows: number[] = [];
    let updates = 0;
    let at = begin;
    while (at < end) {
      const gradient = new Float64Array(n + 1);
      let batches = 0;
      for (; batches < accumulate && at < end; batches++) {
        const stop = Math.min(at + batchSize, end);
        let loss = 0;
        for (let k = at; k < stop; k++) {
          const row = order[k]!;
          const weight = this.data.sampleWeight?.[row] ?? 1;
          const error = this.output(this.data.x, row) - this.data.y[row]!;
          loss += (weight * error * error) / (stop - at);
          for (let j = 0; j <= n; j++)
            gradient[j]! += (2 * weight * error * (j < n ? this.data.x[row * n + j]! : 1)) / (stop - at);
        }
        losses.push(loss);
        rows.push(stop - at);
        at = stop;
      }
      const rate = learningRates?.[updates] ?? this.rate.learningRate;
      const jitter = 1 + this.noise * uniform(this.generator.seed, 9, this.generator.step);
      this.generator = { ...this.generator, step: this.generator.step + 1 };
      for (let j = 0; j < n; j++) kernel[j]! -= (rate * jitter * gradient[j]!) / batches;
      bias[0]! -= (rate * jitter * gradient[n]!) / batches;
      updates++;
      if (stopOnNonFinite && !Number.isFinite(losses.at(-1))) break;
    }
    const correct = new Float64Array(losses.length).fill(-1);
    const gradientNorms = new Float64Array(0);
    return {
      losses: Float64Array.from(losses),
      rows: Float64Array.from(rows),
      correct,
      position: at,
      updates,
      skipped: 0,
      aborted: false,
      gradientNorms,
    };
  }

  async runStepsAsync(order: Uint32Array | Int32Array, options: AsyncRunOptions): Promise<RunResult> {
    await new Promise(setImmediate);
    return this.runSteps(order, options);
  }

  betweenUpdates<T>(body: () => T): T {
    return body();
  }

  evaluate(data: TrainingData): EvaluateResult {
    const count = data.x.length / this.network.inputShape[0]!;
    const outputs = Float64Array.from({ length: count }, (_, row) => this.output(data.x, row));
    const loss =
      outputs.reduce((sum, output, row) => sum + (data.sampleWeight?.[row] ?? 1) * (output - data.y[row]!) ** 2, 0) / count;
    return { loss, correct: -1, count, outputs };
  }

  predict(x: FloatArray): FloatArray {
    return this.evaluate({ x, y: new Float64Array(x.length) }).outputs;
  }

  loadParameters(values: readonly NamedTensor[]): void {
    for (const { name, tensor } of values) this.parameters.find((own) => own.name === name)!.tensor.data.set(tensor.data);
  }

  parametersSha256(): string {
    return "";
  }

  generatorState(): GeneratorState {
    return this.generator;
  }

  loadGeneratorState(state: GeneratorState): void {
    this.generator = state;
  }

  dispose(): void {}
  [Symbol.dispose](): void {}
}
