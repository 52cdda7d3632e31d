// A loss of one's own is a function over graph values: it is traced, differentiated and compiled like the built-in ones.
// Here: the quantile (pinball) loss, which learns the 90 % quantile instead of the mean.
import { layers, losses, ops, sequential } from "downhill";

// quantile q: max(q·d, (q − 1)·d) = |d|/2 + (q − ½)·d with d = target − prediction.
const quantile = (q) =>
  losses.lossFrom(`quantile${q}`, (prediction, target) => {
    const d = ops.subtract(target, prediction);
    return ops.add(ops.multiply(ops.abs(d), 0.5), ops.multiply(d, q - 0.5));
  });

// y is spread evenly over [0, 10 · x]: the 90 % quantile is 9x.
const count = 4000;
const x = Float32Array.from({ length: count }, (_, i) => (i % 40) / 40);
const y = Float32Array.from({ length: count }, (_, i) => x[i] * (Math.floor(i / 40) / 10));
const model = sequential([layers.dense({ units: 1 })], { inputShape: [1] });
model.compile({ optimizer: { name: "adam", learningRate: 0.02 }, loss: quantile(0.9) });
await model.fit(x, y, { batchSize: 100, epochs: 150 });
const below = model.predict(x).data.reduce((sum, value, i) => sum + (y[i] <= value ? 1 : 0), 0) / count;
console.log(`share of targets below the prediction: ${below.toFixed(3)}`);
